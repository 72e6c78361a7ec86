"""Our own table: complete rows, and none that the installed genai-prices makes needless."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from importlib.metadata import version

import pytest
from genai_prices.data import providers

from otel_genai_instr.pricing import Unpriced
from otel_genai_instr.pricing.charging.rates import PriceList, Rates
from otel_genai_instr.pricing.lists.genai_prices_source import GenaiPricesSource
from otel_genai_instr.pricing.lists.own_table import OWN_FACTORS, OWN_PRICES, VERSION, OwnFactor, OwnPrice
from otel_genai_instr.pricing.source import PriceKey
from otel_genai_instr.semconv import units

NOON = 1_795_262_400.0  # 2026-11-21T12:00Z
ROWS: tuple[OwnPrice | OwnFactor, ...] = (*OWN_PRICES, *OWN_FACTORS)


def title(row: OwnPrice | OwnFactor) -> str:
    return f"{row.provider}-{row.models[0]}"


@pytest.mark.parametrize("row", ROWS, ids=title)
def test_every_row_says_where_from_and_when(row: OwnPrice | OwnFactor) -> None:
    assert row.source.startswith("https://")
    assert date.fromisoformat(row.checked) <= date.fromisoformat(VERSION.split()[-1])
    assert row.provider in {provider.id for provider in providers}
    assert all(pattern == pattern.lower() for pattern in row.models)


@pytest.mark.parametrize("row", OWN_PRICES, ids=title)
def test_every_row_prices_something_that_exists(row: OwnPrice) -> None:
    assert row.per_million or row.per_unit or row.per_request
    assert set(row.per_million) <= {item.name for item in fields(Rates)}
    assert {units.unit_of(name) for name in row.per_unit} <= units.UNITS
    assert all(amount > 0 for amount in (*row.per_million.values(), *row.per_unit.values()))


@pytest.mark.skipif(version("genai-prices") != "0.2.3", reason="which rows are needed depends on the release")
@pytest.mark.parametrize("row", [row for row in OWN_PRICES if row.models != ("*",)], ids=title)
def test_no_row_stands_in_genai_prices_too(row: OwnPrice) -> None:
    listed = GenaiPricesSource()
    for pattern in row.models:
        found = listed.find(PriceKey(row.provider, pattern.rstrip("*") + ("x" if pattern[-2:] == ":*" else "")), NOON)
        if isinstance(found.prices, PriceList):
            rates = found.prices.rates
            assert not set(row.per_unit) & set(found.prices.units), pattern
            assert rates is None or all(getattr(rates, name) is None for name in row.per_million), pattern
        else:
            assert found.prices in (Unpriced.UNKNOWN_MODEL, Unpriced.NO_PRICE, Unpriced.UNSUPPORTED_UNIT)


@pytest.mark.parametrize("row", OWN_FACTORS, ids=title)
def test_every_factor_is_of_tiers_or_regions(row: OwnFactor) -> None:
    assert bool(row.tiers) != bool(row.regions)
    assert 0 < row.factor < 10
    assert all(name == name.lower() for name in (*row.tiers, *row.regions))
