"""What must hold for every usage and every price list: parts add up, nothing is negative, more never costs less."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost
from otel_genai_instr.pricing.charging.charge import charge
from otel_genai_instr.pricing.charging.rates import PriceList, Rates, UnitPrice
from otel_genai_instr.semconv import units

COUNTS = st.integers(0, 2_000_000)
SMALL = st.one_of(st.none(), st.integers(-3, 2_000_000))
PRICES = st.floats(0, 0.01)
MAYBE = st.one_of(st.none(), PRICES)
UNITS = st.dictionaries(
    st.sampled_from([*sorted(units.UNITS), "image/1024x1024/hd", "rocket_launch"]), st.floats(0, 1_000), max_size=3
)

rates = st.builds(
    Rates,
    input=PRICES,
    cache_read=PRICES,
    cache_write=PRICES,
    output=MAYBE,
    cache_write_1h=MAYBE,
    reasoning=MAYBE,
    audio_input=MAYBE,
    audio_cache_read=MAYBE,
    audio_output=MAYBE,
    image_input=MAYBE,
    image_cache_read=MAYBE,
    image_output=MAYBE,
    request=MAYBE,
)
price_lists = st.builds(
    PriceList,
    rates=st.one_of(st.none(), rates),
    currency=st.just("USD"),
    version=st.just("a"),
    units=st.dictionaries(
        st.sampled_from(sorted(units.UNITS)), st.builds(UnitPrice, amount=PRICES, version=st.just("b")), max_size=4
    ),
)
usages = st.builds(
    Usage,
    **dict.fromkeys(
        (
            "input_tokens",
            "output_tokens",
            "cache_read_tokens",
            "cache_write_tokens",
            "cache_write_1h_tokens",
            "reasoning_tokens",
            "image_input_tokens",
            "audio_input_tokens",
            "image_output_tokens",
            "audio_output_tokens",
            "text_cache_read_tokens",
            "image_cache_read_tokens",
            "audio_cache_read_tokens",
        ),
        SMALL,
    ),
    units=st.one_of(st.none(), UNITS),
)


def parts_of(cost: Cost) -> list[float]:
    parts = (cost.input, cost.cache_read, cost.cache_write, cost.output, cost.other)
    return [part for part in parts if part is not None]


@given(price_lists, usages)
@settings(max_examples=500, deadline=None)
def test_any_counts_give_a_sound_cost_or_a_reason(prices: PriceList, usage: Usage) -> None:
    cost = charge(prices, usage, None)

    if isinstance(cost, Cost):
        assert math.isfinite(cost.amount)
        assert all(part >= 0 for part in parts_of(cost))
        assert sum(parts_of(cost)) == pytest.approx(cost.amount, rel=1e-9, abs=1e-12)


@given(rates, COUNTS, COUNTS, COUNTS, COUNTS, UNITS)
@settings(max_examples=200, deadline=None)
def test_more_of_anything_never_costs_less(
    prices: Rates, fresh: int, read: int, write: int, output: int, counts: dict[str, float]
) -> None:
    prices = replace(prices, output=prices.input, reasoning=None)
    known = {name: UnitPrice(0.5, "b") for name in (*units.UNITS, "rocket_launch")}
    listed = PriceList(prices, "USD", "a", units=known)

    def amount(fresh: int, read: int, write: int, output: int, more: float = 0) -> float:
        usage = Usage(
            input_tokens=fresh + read + write,
            cache_read_tokens=read,
            cache_write_tokens=write,
            output_tokens=output,
            units={name: count + more for name, count in counts.items()},
        )
        cost = charge(listed, usage, None)
        assert isinstance(cost, Cost)
        return cost.amount

    least = amount(fresh, read, write, output)
    tolerance = 1e-9 * (1 + least)
    assert amount(fresh + 1, read, write, output) >= least - tolerance
    assert amount(fresh, read + 1, write, output) >= least - tolerance
    assert amount(fresh, read, write + 1, output) >= least - tolerance
    assert amount(fresh, read, write, output + 1) >= least - tolerance
    assert amount(fresh, read, write, output, more=1) >= least - tolerance


@given(rates, COUNTS, COUNTS, COUNTS, COUNTS)
@settings(max_examples=300, deadline=None)
def test_cached_tokens_by_kind_cost_what_they_cost_one_by_one(
    prices: Rates, text: int, audio: int, text_read: int, audio_read: int
) -> None:
    """Audio and text, fresh and cached, priced together and apart: four calls cost what one call costs."""
    prices = replace(prices, audio_input=0.003, audio_cache_read=0.001, request=None)
    listed = PriceList(prices, "USD", "a")

    def amount(text: int, audio: int, text_read: int, audio_read: int) -> float:
        usage = Usage(
            input_tokens=text + audio + text_read + audio_read,
            audio_input_tokens=audio + audio_read,
            cache_read_tokens=text_read + audio_read,
            text_cache_read_tokens=text_read,
            audio_cache_read_tokens=audio_read,
        )
        cost = charge(listed, usage, None)
        assert isinstance(cost, Cost)
        return cost.amount

    together = amount(text, audio, text_read, audio_read)
    apart = amount(text, 0, 0, 0) + amount(0, audio, 0, 0) + amount(0, 0, text_read, 0) + amount(0, 0, 0, audio_read)
    assert together == pytest.approx(apart, rel=1e-9, abs=1e-12)


@given(rates, st.floats(0, 10))
@settings(max_examples=100, deadline=None)
def test_a_factor_multiplies_tokens_and_nothing_else(prices: Rates, factor: float) -> None:
    listed = PriceList(prices, "USD", "a", ((10, prices),), {"page": UnitPrice(2.0, "b")})
    changed = listed.tokens_times(factor)

    assert changed.rates is not None
    assert changed.rates.input == prices.input * factor
    assert changed.rates.request == prices.request
    assert changed.long_context[0][1] == changed.rates
    assert changed.units == listed.units
    half = listed.times(0.5, "c")
    assert half.units["page"].amount == 1.0
    assert half.rates is not None
    assert half.rates.request == (None if prices.request is None else prices.request * 0.5)
