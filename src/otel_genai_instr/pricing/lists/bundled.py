"""The prices that come with the package: those of ``genai-prices``, corrected and filled up from our own tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from ...semconv import units
from .. import names
from ..charging.cost import Unpriced
from ..charging.rates import PriceList, UnitPrice, joined, rates_of
from ..source import ALWAYS, PriceKey, PriceSource, PriceWindow
from .corrected import CorrectedSource
from .open_weights import has_open_weights
from .own_table import OWN_FACTORS, OWN_PRICES, VERSION, OwnFactor, OwnPrice, matches

_MILLION: Final = 1_000_000
_CURRENCY: Final = "USD"


class BundledSource:
    """Listed prices, with what is wrong corrected, what they lack filled in, and factors for tiers and regions."""

    def __init__(
        self,
        listed: PriceSource,
        prices: Sequence[OwnPrice] = OWN_PRICES,
        factors: Sequence[OwnFactor] = OWN_FACTORS,
    ) -> None:
        self._listed = CorrectedSource(listed)
        self._prices = tuple(prices)
        self._factors = tuple(factors)

    def find(self, key: PriceKey, at: float) -> PriceWindow:
        """Find the prices in force at ``at`` (unix seconds)."""
        if not key.seller_is_known and has_open_weights(key.model):
            return PriceWindow(*ALWAYS, Unpriced.UNKNOWN_SELLER)
        provider = names.provider_id(key.provider)
        if provider in names.SOLD_BY_PLAN:
            return PriceWindow(*ALWAYS, Unpriced.NO_PRICE)
        model = names.plain_model(provider, key.model).lower()
        tier = names.charged_tier(provider, key.service_tier)
        window = self._listed.find(key, at)
        prices = window.prices
        if tier is not None and isinstance(prices, Unpriced):
            factor = self._factor(provider, model, tier=tier)
            if factor is not None:
                window = self._listed.find(key._replace(service_tier=None), at)
                prices = _multiplied(window.prices, factor)
        rows = [row for row in self._prices if row.provider == provider and matches(model, row.models)]
        matched = window.model
        if isinstance(prices, PriceList):
            prices = _filled(prices, rows, tokens=tier is None)
        elif tier is None:
            prices, matched = _on_our_own(prices, rows, model, matched)
        if key.region is not None:
            factor = self._factor(provider, model, region=key.region.lower())
            if factor is not None:
                prices = _multiplied(prices, factor)
        return PriceWindow(window.start, window.end, prices, matched)

    def _factor(self, provider: str, model: str, tier: str | None = None, region: str | None = None) -> float | None:
        for row in self._factors:
            if row.provider != provider or not matches(model, row.models):
                continue
            if tier in row.tiers or region in row.regions or ("*" in row.regions and region not in (None, "global")):
                return row.factor
        return None


def _multiplied(prices: PriceList | Unpriced, factor: float) -> PriceList | Unpriced:
    if isinstance(prices, Unpriced) or prices.rates is None:
        return prices
    return replace(prices.tokens_times(factor), version=joined((prices.version, VERSION)))


def _filled(prices: PriceList, rows: Sequence[OwnPrice], *, tokens: bool) -> PriceList:
    """Return the list with the prices it lacks. ``tokens``: also those of tokens, which hold for no other tier."""
    by_unit = dict(prices.units)
    extra: dict[str, float] = {}
    for row in rows:
        for unit, amount in row.per_unit.items():
            by_unit.setdefault(unit, UnitPrice(amount, VERSION))
        extra.update({name: amount / _MILLION for name, amount in row.per_million.items()})
        if row.per_request is not None:
            extra["request"] = row.per_request
    if not tokens or prices.rates is None:
        return replace(prices, units=by_unit)
    missing = {name: amount for name, amount in extra.items() if getattr(prices.rates, name) is None}
    return replace(
        prices,
        rates=replace(prices.rates, **missing),
        long_context=tuple((start, replace(rates, **missing)) for start, rates in prices.long_context),
        version=joined((prices.version, VERSION)) if missing else prices.version,
        units=by_unit,
    )


def _on_our_own(
    reason: Unpriced, rows: Sequence[OwnPrice], model: str, matched: str | None
) -> tuple[PriceList | Unpriced, str | None]:
    """Return a list of our rows alone, and the pattern that matched."""
    telling = [row for row in rows if _tells_what_a_call_costs(row)]
    if not telling:
        return reason, matched
    by_name: dict[str, float] = {}
    by_unit: dict[str, UnitPrice] = {}
    for row in rows:
        by_name.update({name: amount / _MILLION for name, amount in row.per_million.items()})
        by_unit.update({unit: UnitPrice(amount, VERSION) for unit, amount in row.per_unit.items()})
    pattern = next(pattern for pattern in telling[0].models if fnmatchcase(model, pattern))
    return PriceList(rates_of(by_name), _CURRENCY, VERSION, units=by_unit), None if pattern == model else pattern


def _tells_what_a_call_costs(row: OwnPrice) -> bool:
    """Whether the row prices more than tools: a row for every model of a provider doesn't make a model known."""
    return "input" in row.per_million or any(map(units.is_measure, row.per_unit))
