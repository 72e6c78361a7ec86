"""The user's own prices: what stands in a price file, and what it makes of the prices below it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, TypeVar

from .. import names
from ..charging.cost import Unpriced
from ..charging.rates import PriceList, Rates, UnitPrice
from ..source import ALWAYS, PriceKey, PriceSource, PriceWindow

ANY: Final = "*"
_LITERALLY: Final = re.compile(r"[^*?\[]*")


@dataclass(frozen=True, slots=True)
class Subject:
    """What patterns are compared with, in lower case: the names of the provider and the model of one call."""

    providers: tuple[str, ...]
    models: tuple[str, ...]

    @classmethod
    def of(cls, key: PriceKey) -> Subject:
        """Return the names as they were given, and those that price lists use."""
        identifier = names.provider_id(key.provider)
        plain = names.plain_model(identifier, key.model)
        return cls(_distinct(key.provider, identifier), _distinct(key.model, plain))


def _distinct(*given: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.lower() for name in given))


def _fits(pattern: str, candidates: tuple[str, ...]) -> bool:
    if pattern == ANY or pattern in candidates:
        return True
    # A book may have thousands of rows, and each is asked. A pattern is compiled only where its beginning fits.
    beginning = _LITERALLY.match(pattern)
    literal = beginning[0] if beginning else ""
    return literal != pattern and any(name.startswith(literal) and fnmatchcase(name, pattern) for name in candidates)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which calls a row of the book is about. Patterns are in lower case."""

    provider: str
    model: str
    start: float = -math.inf
    """Unix seconds, included."""
    end: float = math.inf
    """Unix seconds, excluded."""
    service_tier: str | None = None
    """``None``: the standard tier. ``*``: every tier."""
    region: str | None = None
    """``None``: every region."""

    def names(self, subject: Subject) -> bool:
        """Whether the row is about this provider and model, at whatever time."""
        return _fits(self.provider, subject.providers) and _fits(self.model, subject.models)

    def holds(self, key: PriceKey, at: float) -> bool:
        """Whether a row about this model is in force for the call."""
        if not self.start <= at < self.end:
            return False
        if self.region is not None and self.region != (key.region or "").lower():
            return False
        if self.service_tier == ANY:
            return True
        identifier = names.provider_id(key.provider)
        return names.charged_tier(identifier, self.service_tier) == names.charged_tier(identifier, key.service_tier)


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that stands for a model: a deployment, an inference profile, a name at a gateway."""

    scope: Scope
    model: str
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class OwnRow:
    """Absolute prices."""

    scope: Scope
    rates: Rates | None
    """``None``: tokens cost what they cost without this row."""
    long_context: tuple[tuple[int, Rates], ...] = ()
    per_unit: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Discount:
    """A part of the listed price that isn't paid."""

    scope: Scope
    percent: float


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Everything that a price file says."""

    name: str
    """How the book is named in ``otel_genai.cost.price_version``."""
    currency: str = "USD"
    base: Path | None = None
    """Price data to use instead of that of the installed ``genai-prices``."""
    aliases: Sequence[Alias] = ()
    rows: Sequence[OwnRow] = ()
    discounts: Sequence[Discount] = ()


class BookSource:
    """The prices of a book, and of the source below it where the book says nothing."""

    def __init__(self, book: PriceBook, base: PriceSource) -> None:
        self._book = book
        self._base = base

    def find(self, key: PriceKey, at: float) -> PriceWindow:
        """Find the prices in force at ``at`` (unix seconds). Of several rows that fit, the first one holds."""
        book = self._book
        asked = Subject.of(key)
        aliases = [alias for alias in book.aliases if alias.scope.names(asked)]
        named = _resolved(key, _first(aliases, key, at))
        window = self._base.find(named, at)
        subject = Subject.of(named)
        rows = [row for row in book.rows if row.scope.names(subject)]
        discounts = [discount for discount in book.discounts if discount.scope.names(subject)]
        start, end = _around(at, [item.scope for item in (*rows, *discounts, *aliases)])

        prices, matched = window.prices, window.model or named.model
        discount = _first(discounts, named, at)
        if discount is not None and isinstance(prices, PriceList):
            version = f"{book.name} -{discount.percent:g} %"
            prices = prices.times(1.0 - discount.percent / 100.0, version)
        row = _first(rows, named, at)
        if row is not None:
            prices = self._written(row, prices)
            matched = row.scope.model if row.rates is not None else matched
        return PriceWindow(
            max(start, window.start),
            min(end, window.end),
            prices,
            None if matched.lower() == key.model.lower() else matched,
        )

    def _written(self, row: OwnRow, below: PriceList | Unpriced) -> PriceList | Unpriced:
        """Return the row's prices; what it doesn't price keeps the price from below, if that is the same money."""
        book = self._book
        by_unit = {unit: UnitPrice(amount, book.name) for unit, amount in row.per_unit.items()}
        if isinstance(below, PriceList) and below.currency == book.currency:
            by_unit = {**below.units, **by_unit}
            if row.rates is None:
                return replace(below, units=by_unit)
        elif row.rates is None and not by_unit:
            return below
        return PriceList(row.rates, book.currency, book.name, row.long_context, by_unit)


def _resolved(key: PriceKey, alias: Alias | None) -> PriceKey:
    if alias is None:
        return key
    if alias.provider is None:
        return key._replace(model=alias.model)
    return key._replace(model=alias.model, provider=alias.provider, seller_is_known=True)


_Item = TypeVar("_Item", Alias, OwnRow, Discount)


def _first(items: Sequence[_Item], key: PriceKey, at: float) -> _Item | None:
    return next((item for item in items if item.scope.holds(key, at)), None)


def _around(at: float, scopes: Sequence[Scope]) -> tuple[float, float]:
    """Return the longest time around ``at`` in which no row begins or ends."""
    start, end = ALWAYS
    for scope in scopes:
        for boundary in (scope.start, scope.end):
            if boundary <= at:
                start = max(start, boundary)
            else:
                end = min(end, boundary)
    return start, end
