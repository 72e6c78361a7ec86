"""Corrections of listed prices: complete rows, none that the list makes needless, and nothing else is touched."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version

import pytest
from genai_prices.data import providers

from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost, Pricer, Unpriced
from otel_genai_instr.pricing.charging.rates import PriceList, Rates, UnitPrice
from otel_genai_instr.pricing.lists.corrected import CorrectedSource
from otel_genai_instr.pricing.lists.corrections import (
    CACHED_INPUT,
    MOVED_NAMES,
    WRONG_PRICES,
    CachedInput,
    MovedName,
    WrongPrice,
)
from otel_genai_instr.pricing.lists.genai_prices_source import GenaiPricesSource
from otel_genai_instr.pricing.lists.own_table import VERSION, matches
from otel_genai_instr.pricing.names import PROVIDER_IDS
from otel_genai_instr.pricing.source import ALWAYS, PriceKey, PriceWindow
from otel_genai_instr.semconv import units

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
LISTED = GenaiPricesSource()
OWNED = {provider.id: [model.id for model in provider.models] for provider in providers}
# Fine-tuned models and snapshots are matched by patterns, and so aren't names of entries.
MORE_NAMES = {
    "openai": ["ft:gpt-4o-2024-08-06:a::b", "ft:gpt-4o-mini-2024-07-18:a::b", "gpt-4o-realtime-preview-2024-10-01"],
    "mistral": ["mistral-large-latest"],
    "fireworks": [f"accounts/fireworks/models/{model}" for model in OWNED["fireworks"]],
    "x-ai": ["grok-code-fast", "grok-code-fast-1-0825"],
}
# Azure has OpenAI's models besides its own.
NAMES = {
    provider: [*names, *MORE_NAMES.get(provider, ())]
    + ([*OWNED["openai"], *MORE_NAMES["openai"]] if provider == "azure" else [])
    for provider, names in OWNED.items()
}
TIERS = (None, "batch", "flex", "priority")
needs_this_list = pytest.mark.skipif(
    version("genai-prices") != "0.2.3", reason="which rows are needed depends on the release"
)
Row = WrongPrice | CachedInput | MovedName
ROWS: tuple[Row, ...] = (*WRONG_PRICES, *CACHED_INPUT, *MOVED_NAMES)


def title(row: Row) -> str:
    return f"{row.provider}-{(row.names if isinstance(row, MovedName) else row.models)[0]}"


def price_in(prices: PriceList, name: str) -> float | None:
    """Return a price as rows have it: dollars per unit, or per million tokens."""
    if name in prices.units:
        return prices.units[name].amount
    amount: float | None = getattr(prices.rates, name, None)
    return None if amount is None else amount * 1e6


def prices_of(window: PriceWindow) -> PriceList:
    assert isinstance(window.prices, PriceList)
    return window.prices


class TestRows:
    @pytest.mark.parametrize("row", ROWS, ids=title)
    def test_each_says_where_from_when_and_why(self, row: Row) -> None:
        assert row.source.startswith("https://")
        assert date.fromisoformat(row.checked) <= date.fromisoformat(VERSION.split()[-1])
        assert len(row.reason) > 20
        assert row.provider in OWNED
        patterns = row.names if isinstance(row, MovedName) else row.models
        assert all(pattern == pattern.lower() for pattern in patterns)

    @pytest.mark.parametrize("row", WRONG_PRICES, ids=title)
    def test_wrong_prices_exist_and_differ(self, row: WrongPrice) -> None:
        assert row.listed.keys() == row.right.keys()
        assert set(row.listed) <= {item.name for item in fields(Rates)} | units.UNITS
        assert all(row.right[name] > 0 and row.right[name] != amount for name, amount in row.listed.items())

    @pytest.mark.parametrize("row", CACHED_INPUT, ids=title)
    def test_a_cached_token_costs_a_part(self, row: CachedInput) -> None:
        assert 0 < row.part < 1

    def test_a_name_moves_once(self) -> None:
        moved = [(row.provider, name) for row in MOVED_NAMES for name in row.names]
        assert len(moved) == len(set(moved))


@needs_this_list
class TestStillNeeded:
    """Fails when genai-prices has learned the right price: then delete the row, and its reason with it."""

    @pytest.mark.parametrize("row", WRONG_PRICES, ids=title)
    def test_the_list_still_has_the_wrong_price(self, row: WrongPrice) -> None:
        windows = [
            LISTED.find(PriceKey(row.provider, name), NOON) for name in NAMES[row.provider] if matches(name, row.models)
        ]
        lists = [window.prices for window in windows if isinstance(window.prices, PriceList)]
        for name, amount in row.listed.items():
            assert any(price_in(prices, name) == pytest.approx(amount) for prices in lists), f"delete {name} of {row}"

    @pytest.mark.parametrize("row", CACHED_INPUT, ids=title)
    def test_the_list_still_lacks_cached_prices(self, row: CachedInput) -> None:
        windows = [
            LISTED.find(PriceKey(row.provider, name), NOON) for name in NAMES[row.provider] if matches(name, row.models)
        ]
        rates = [window.prices.rates for window in windows if isinstance(window.prices, PriceList)]
        assert any(item is not None and item.cache_read == item.input > 0 for item in rates), f"delete {row}"

    @pytest.mark.parametrize("row", MOVED_NAMES, ids=title)
    def test_the_list_still_takes_the_name_for_the_old_model(self, row: MovedName) -> None:
        for name in row.names:
            before, after = (LISTED.find(PriceKey(row.provider, model), NOON) for model in (name, row.right))
            assert (before.model or name) == row.listed, f"delete {name} of {row}"
            assert before.prices != after.prices, f"delete {name} of {row}"
            assert isinstance(after.prices, PriceList)

    def test_no_corrected_price_has_another_for_long_input(self) -> None:
        """Rows of wrong prices say nothing about long input."""
        for row in WRONG_PRICES:
            for name in NAMES[row.provider]:
                window = LISTED.find(PriceKey(row.provider, name), NOON)
                if matches(name, row.models) and set(row.listed) - units.UNITS:
                    assert not isinstance(window.prices, PriceList) or window.prices.long_context == ()


@pytest.mark.parametrize("provider", sorted(set(PROVIDER_IDS.values())))
def test_everything_else_is_as_listed(provider: str) -> None:
    """What no row covers is the very answer of the list; what one covers differs in the corrected prices only."""
    corrected = CorrectedSource(LISTED)
    rows = [row for row in ROWS if row.provider == provider]
    for model in NAMES[provider]:
        covered = any(
            model in row.names if isinstance(row, MovedName) else matches(model.lower(), row.models) for row in rows
        )
        for tier in TIERS:
            key = PriceKey(provider, model, tier)
            listed, found = LISTED.find(key, NOON), corrected.find(key, NOON)
            if not covered:
                assert found == listed, key
            elif not any(isinstance(row, MovedName) and model in row.names for row in rows):
                assert_corrected_only(listed, found, rows)


def assert_corrected_only(listed: PriceWindow, found: PriceWindow, rows: list[Row]) -> None:
    assert replace(found, prices=listed.prices) == listed
    if not isinstance(listed.prices, PriceList):
        assert found.prices == listed.prices
        return
    prices = prices_of(found)
    correctable = {name for row in rows if isinstance(row, WrongPrice) for name in row.listed}
    for name in {item.name for item in fields(Rates)} - correctable - {
        "cache_read"
    } | listed.prices.units.keys() - correctable:
        assert price_in(prices, name) == price_in(listed.prices, name), name
    if prices.rates != listed.prices.rates:
        assert prices.version == f"{listed.prices.version}, {VERSION}"
    else:
        assert prices.version == listed.prices.version


class OneList:
    """A list with one answer; keeps to it whatever the model."""

    def __init__(self, prices: PriceList | Unpriced, model: str | None = None) -> None:
        self._window = PriceWindow(*ALWAYS, prices, model)

    def find(self, key: PriceKey, at: float) -> PriceWindow:
        return self._window


def a_list(**rates: float) -> PriceList:
    values = {"input": 3e-6, "cache_read": 3e-6, "cache_write": 3e-6, "output": 9e-6, **rates}
    return PriceList(Rates(**values), "USD", "some list")


def wrong(listed: dict[str, float], right: dict[str, float]) -> WrongPrice:
    return WrongPrice("openai", ("gpt-x*",), listed, right, "a reason", "https://example.com", "2026-11-21")


def corrected(prices: PriceList | Unpriced, *rows: WrongPrice, model: str = "gpt-x-1") -> PriceList | Unpriced:
    return CorrectedSource(OneList(prices), rows, (), ()).find(PriceKey("openai", model), NOON).prices


class TestWrongPrices:
    ROW = wrong({"output": 9, "web_search_call": 0.01}, {"output": 12, "web_search_call": 0.014})

    def test_token_and_unit_prices_are_replaced_and_name_both_lists(self) -> None:
        listed = replace(a_list(), units={"web_search_call": UnitPrice(0.01, "some list", 2.0)})
        found = corrected(listed, self.ROW)
        assert isinstance(found, PriceList)
        assert found.rates == replace(listed.rates, output=pytest.approx(12e-6))  # pyright: ignore[reportArgumentType]
        assert found.version == f"some list, {VERSION}"
        assert found.units == {"web_search_call": UnitPrice(0.014, VERSION, 2.0)}

    def test_a_unit_alone_leaves_the_version_of_the_rates(self) -> None:
        listed = replace(a_list(output=1e-6), units={"web_search_call": UnitPrice(0.01, "some list")})
        found = corrected(listed, self.ROW)
        assert isinstance(found, PriceList)
        assert (found.rates, found.version) == (listed.rates, "some list")
        assert found.units == {"web_search_call": UnitPrice(0.014, VERSION)}

    @pytest.mark.parametrize("output", [12e-6, 9.1e-6])
    def test_a_list_that_was_put_right_stays_as_it_is(self, output: float) -> None:
        assert corrected(a_list(output=output), self.ROW) == a_list(output=output)

    def test_other_models_and_lists_without_rates_stay_as_they_are(self) -> None:
        assert corrected(a_list(), self.ROW, model="gpt-y") == a_list()
        by_unit = PriceList(None, "USD", "some list", units={"image": UnitPrice(0.1, "some list")})
        assert corrected(by_unit, self.ROW) == by_unit
        assert corrected(Unpriced.NO_PRICE, self.ROW) is Unpriced.NO_PRICE


class TestCachedInput:
    RULE = CachedInput("openai", ("*",), 0.1, "a reason", "https://example.com", "2026-11-21")

    def find(self, prices: PriceList) -> PriceList:
        return prices_of(CorrectedSource(OneList(prices), (), (self.RULE,), ()).find(PriceKey("openai", "m"), NOON))

    def test_fills_what_is_missing_at_every_length(self) -> None:
        long = Rates(input=6e-6, cache_read=6e-6, cache_write=6e-6)
        listed_long = replace(long, cache_read=5e-6)
        found = self.find(replace(a_list(), long_context=((400_000, listed_long), (200_000, long))))
        assert found.rates is not None
        assert found.rates.cache_read == pytest.approx(0.3e-6)
        assert [start for start, _ in found.long_context] == [400_000, 200_000]
        assert [rates.cache_read for _, rates in found.long_context] == [5e-6, pytest.approx(0.6e-6)]
        assert found.version == f"some list, {VERSION}"

    def test_a_listed_price_holds(self) -> None:
        assert self.find(a_list(cache_read=1e-6)) == a_list(cache_read=1e-6)

    def test_what_is_free_stays_free(self) -> None:
        assert self.find(a_list(input=0.0, cache_read=0.0)) == a_list(input=0.0, cache_read=0.0)


class TestMovedNames:
    SINCE = datetime(2026, 5, 15, 19, tzinfo=UTC)

    def test_windows_meet_where_the_name_moved(self) -> None:
        source = CorrectedSource(LISTED)
        key = PriceKey("x_ai", "Grok-3")
        since = self.SINCE.timestamp()
        before, after = source.find(key, since - 1), source.find(key, since)
        assert (before.start, before.end) == (-math.inf, since)
        assert (after.start, after.end) == (since, LISTED.find(PriceKey("x_ai", "grok-4.3"), since).end)
        assert (before.model, after.model) == ("grok-3", "grok-4.3")
        assert prices_of(before).version == LISTED.version
        assert prices_of(after).version == f"{LISTED.version}, {VERSION}"

    def test_a_pricer_changes_with_the_clock(self) -> None:
        pricer = Pricer()
        usage = Usage(input_tokens=1_000_000)
        amounts: list[float] = []
        for moment in (self.SINCE - timedelta(seconds=1), self.SINCE, self.SINCE - timedelta(seconds=1)):
            cost = pricer.price("x_ai", "grok-3", None, usage, at=moment.timestamp())
            assert isinstance(cost, Cost)
            amounts.append(cost.amount)
        assert amounts[0] == amounts[2] == pytest.approx(3.0)
        assert amounts[1] == pytest.approx(2.5)  # long input of grok-4.3

    def test_a_tier_is_that_of_the_new_model(self) -> None:
        found = CorrectedSource(LISTED).find(PriceKey("mistral_ai", "mistral-large-latest", "batch"), NOON)
        assert (
            prices_of(found).rates
            == prices_of(LISTED.find(PriceKey("mistral_ai", "mistral-large-2512", "batch"), NOON)).rates
        )

    def test_a_list_that_moved_the_name_itself_is_left_alone(self) -> None:
        source = CorrectedSource(OneList(a_list(cache_read=1e-6), "mistral-large-2512"))
        window = source.find(PriceKey("mistral_ai", "mistral-large-latest"), NOON)
        assert window == PriceWindow(*ALWAYS, a_list(cache_read=1e-6), "mistral-large-2512")

    def test_another_provider_may_keep_the_name(self) -> None:
        window = CorrectedSource(LISTED).find(PriceKey("azure.ai.openai", "grok-3"), NOON)
        assert window == LISTED.find(PriceKey("azure.ai.openai", "grok-3"), NOON)


def test_the_cost_names_both_lists() -> None:
    usage = Usage(input_tokens=1_000, output_tokens=100, units={"web_search_call": 1.0})
    cost = Pricer().price("azure.ai.openai", "deployment", "gpt-4.1", usage, at=NOON)
    assert isinstance(cost, Cost)
    assert cost.price_version == f"{LISTED.version}, {VERSION}"
    assert cost.other == pytest.approx(0.014)
