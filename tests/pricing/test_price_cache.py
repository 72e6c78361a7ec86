"""Prices are resolved once per name and window, whatever names and threads come."""

from __future__ import annotations

import threading
import tracemalloc
from collections import Counter

import pytest

from benchmarks import work
from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost, Pricer, PriceWindow, Unpriced
from otel_genai_instr.pricing.cache import BoundedCache
from otel_genai_instr.pricing.lists.bundled import BundledSource
from otel_genai_instr.pricing.lists.genai_prices_source import GenaiPricesSource
from otel_genai_instr.pricing.loading import LazySource
from otel_genai_instr.pricing.source import PriceKey

from ..support.marking import COUNTS_BYTECODES

NOON = 1_795_262_400.0  # 2026-11-21T12:00Z
DAY = 86_400.0
USAGE = Usage(input_tokens=1_000, output_tokens=100)
BOUND = 2_048


class CountingSource:
    """The real prices, counting how often each model is looked up."""

    def __init__(self) -> None:
        self.lookups: Counter[str] = Counter()
        self._prices = BundledSource(GenaiPricesSource())

    def find(self, key: PriceKey, at: float) -> PriceWindow:
        self.lookups[key.model] += 1
        return self._prices.find(key, at)


@pytest.fixture
def source() -> CountingSource:
    return CountingSource()


@pytest.fixture
def pricer(source: CountingSource) -> Pricer:
    return Pricer(LazySource(lambda: source))


def cached_windows(pricer: Pricer) -> int:
    return pricer.cached_prices


def test_one_lookup_serves_until_the_price_changes(pricer: Pricer, source: CountingSource) -> None:
    day_price = pricer.price("deepseek", "deepseek-chat", None, USAGE, at=NOON)
    assert pricer.price("deepseek", "deepseek-chat", None, USAGE, at=NOON + 4.4 * 3_600) == day_price
    assert source.lookups["deepseek-chat"] == 1

    night_price = pricer.price("deepseek", "deepseek-chat", None, USAGE, at=NOON + 4.5 * 3_600)
    assert night_price != day_price
    assert pricer.price("deepseek", "deepseek-chat", None, USAGE, at=NOON + 12 * 3_600) == night_price
    assert source.lookups["deepseek-chat"] == 2
    assert pricer.price("deepseek", "deepseek-chat", None, USAGE, at=NOON + DAY) == day_price


def test_misses_are_remembered(pricer: Pricer, source: CountingSource) -> None:
    for _ in range(5):
        assert pricer.price("openai", "no-such-model", None, USAGE, at=NOON) is Unpriced.UNKNOWN_MODEL
        assert pricer.price("openai", "omni-moderation-latest", None, USAGE, at=NOON) is Unpriced.NO_PRICE

    assert source.lookups == {"no-such-model": 1, "omni-moderation-latest": 1}


def test_tiers_are_kept_apart(pricer: Pricer) -> None:
    costs = [pricer.price("openai", "gpt-5", None, USAGE, service_tier=t, at=NOON) for t in (None, "flex", "priority")]

    assert [cost.amount for cost in costs if isinstance(cost, Cost)] == pytest.approx([0.00225, 0.001125, 0.0045])


@pytest.mark.parametrize(
    ("provider", "name"),
    [("openai", "made-up-{}"), ("deepseek", "deepseek-chat-{}")],
    ids=["unknown names", "names that match an entry"],
)
def test_a_flood_of_names_neither_grows_nor_empties_the_cache(
    pricer: Pricer, source: CountingSource, provider: str, name: str
) -> None:
    for number in range(10_000):
        pricer.price(provider, name.format(number), None, USAGE, at=NOON)
        if number % 100 == 0:
            assert isinstance(pricer.price("openai", "gpt-4o", None, USAGE, at=NOON), Cost)

    assert pricer.cached_prices <= BOUND
    assert source.lookups["gpt-4o"] == 1


def test_a_flood_of_names_leaves_no_memory_behind() -> None:
    pricer = Pricer()

    def flood(first: int) -> None:
        for number in range(first, first + 3_000):
            pricer.price("openai", f"made-up-{number}", f"made-up-answer-{number}", USAGE, at=NOON)
            pricer.price("deepseek", f"deepseek-chat-{number}", None, USAGE, service_tier=f"tier-{number}", at=NOON)

    flood(0)
    tracemalloc.start()
    flood(3_000)
    before, _ = tracemalloc.get_traced_memory()
    flood(6_000)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 100_000


def test_long_names_are_not_kept(pricer: Pricer, source: CountingSource) -> None:
    for number in range(100):
        assert pricer.price("openai", f"gpt-4o-{number}" * 100, None, USAGE, at=NOON) is Unpriced.UNKNOWN_MODEL

    assert pricer.cached_prices == 0
    assert not source.lookups


def test_what_is_read_stays_and_what_is_not_goes() -> None:
    cache: BoundedCache[str, int] = BoundedCache(3)
    cache.remember("used", 1)
    cache.remember("unused", 2)
    for number in range(20):
        cache.remember(f"once-{number}", number)
        assert cache["used"] == 1
        assert cache.total <= 6

    assert cache["unused"] is None
    assert cache["once-19"] == 19


def test_eight_threads_get_exact_sums() -> None:
    pricer = Pricer()
    calls = 10_000
    sums: list[float] = []

    def run() -> None:
        total = 0.0
        for number in range(calls):
            for model in ("gpt-4o", f"deepseek-chat-{number}", f"made-up-{number}"):
                provider = "openai" if model == "gpt-4o" else "deepseek"
                cost = pricer.price(provider, model, None, USAGE, at=NOON)
                if isinstance(cost, Cost):
                    total += cost.amount
        sums.append(total)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    gpt_4o = 1_000 * 2.5e-6 + 100 * 10e-6
    deepseek_chat_by_day = 1_000 * 0.27e-6 + 100 * 1.1e-6
    assert sums == pytest.approx([calls * (gpt_4o + deepseek_chat_by_day)] * 8)
    assert pricer.cached_prices <= BOUND + 8


@COUNTS_BYTECODES
@pytest.mark.parametrize("model", ["gpt-4o", "made-up"])
def test_a_warm_call_is_cheap(model: str) -> None:
    """Counted in bytecodes, the same on any machine, however busy; times are for ``python -m benchmarks``."""
    pricer = Pricer()
    usage = Usage(input_tokens=1_000, output_tokens=100, cache_read_tokens=200)

    def price(calls: int) -> None:
        for _ in range(calls):
            pricer.price("openai", model, model, usage, at=NOON)

    assert work.bytecodes(price) < 300
