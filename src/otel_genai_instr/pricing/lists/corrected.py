"""Listed prices, put right where we know them to be wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from .. import names
from ..charging.rates import PriceList, Rates, UnitPrice, joined
from ..source import PriceKey, PriceSource, PriceWindow
from .corrections import CACHED_INPUT, MOVED_NAMES, WRONG_PRICES, CachedInput, MovedName, WrongPrice
from .own_table import VERSION, matches

_MILLION: Final = 1_000_000


class CorrectedSource:
    """A list and the corrections to it. A corrected price names both lists in its version."""

    def __init__(
        self,
        listed: PriceSource,
        wrong: Sequence[WrongPrice] = WRONG_PRICES,
        cached: Sequence[CachedInput] = CACHED_INPUT,
        moved: Sequence[MovedName] = MOVED_NAMES,
    ) -> None:
        self._listed = listed
        self._wrong = tuple(wrong)
        self._cached = tuple(cached)
        self._moved = tuple(moved)

    def find(self, key: PriceKey, at: float) -> PriceWindow:
        """Find the prices in force at ``at`` (unix seconds)."""
        provider = names.provider_id(key.provider)
        model = names.plain_model(provider, key.model).lower()
        window = self._listed.find(key, at)
        for row in self._moved:
            if row.provider == provider and model in row.names and (window.model or model) == row.listed:
                window = self._moved_on(row, window, key, at)
                break
        prices = window.prices
        if not isinstance(prices, PriceList):
            return window
        for wrong in self._wrong:
            if wrong.provider == provider and matches(model, wrong.models):
                prices = _put_right(prices, wrong)
        for cached in self._cached:
            if cached.provider == provider and matches(model, cached.models):
                prices = _with_cached_input(prices, cached.part)
        return replace(window, prices=prices)

    def _moved_on(self, row: MovedName, before: PriceWindow, key: PriceKey, at: float) -> PriceWindow:
        """Return the prices of the model that the name means at that time; ``before``: those it had at first."""
        since = row.since.timestamp()
        if at < since:
            return replace(before, end=min(before.end, since))
        after = self._listed.find(key._replace(model=row.right), at)
        prices = after.prices
        if isinstance(prices, PriceList):
            prices = replace(prices, version=_with_ours(prices.version))
        return PriceWindow(max(after.start, since), after.end, prices, after.model or row.right)


def _put_right(prices: PriceList, row: WrongPrice) -> PriceList:
    """Replace the prices that are as the row says; a model's prices for long input are never among them."""
    rates = prices.rates
    by_unit = dict(prices.units)
    right: dict[str, float] = {}
    for name, listed in row.listed.items():
        unit = by_unit.get(name)
        if unit is not None and math.isclose(unit.amount, listed):
            by_unit[name] = UnitPrice(row.right[name], VERSION, unit.minimum)
        elif rates is not None and math.isclose(getattr(rates, name, None) or 0.0, listed / _MILLION):
            right[name] = row.right[name] / _MILLION
    if rates is None or not right:
        return replace(prices, units=by_unit)
    return replace(prices, rates=replace(rates, **right), version=_with_ours(prices.version), units=by_unit)


def _with_cached_input(prices: PriceList, part: float) -> PriceList:
    rates = prices.rates
    if rates is None or not _lacks_cached_input(rates):
        return prices
    return replace(
        prices,
        rates=replace(rates, cache_read=rates.input * part),
        long_context=tuple(
            (start, replace(above, cache_read=above.input * part) if _lacks_cached_input(above) else above)
            for start, above in prices.long_context
        ),
        version=_with_ours(prices.version),
    )


def _lacks_cached_input(rates: Rates) -> bool:
    return rates.cache_read == rates.input > 0


def _with_ours(version: str) -> str:
    return joined((version, VERSION))
