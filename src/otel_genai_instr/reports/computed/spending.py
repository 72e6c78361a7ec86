"""What was spent in each hour, by feature and model: the one table behind budgets, spikes and projections.

And what was spent in a time and in the one before it, by model: those begin and end at any moment, and hours don't.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

import ibis
from ibis.expr.types import Table

from ..asked import Asked, Window
from ..tables import rows_of

PARTS = ("input", "cache_read", "cache_write", "output", "other")


@dataclass(slots=True)
class Spent:
    """What calls that have a cost used and cost, in one currency."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost: float = 0.0
    cost_input: float = 0.0
    cost_cache_read: float = 0.0
    cost_cache_write: float = 0.0
    cost_output: float = 0.0
    cost_other: float = 0.0

    def add(self, other: Spent) -> None:
        """Add another one."""
        for field in fields(Spent):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    @property
    def saved_by_cache(self) -> float:
        """What the tokens that were read from a cache would have cost more without it.

        Known where a part of the input came from no cache: its price is that of the others.
        """
        plain = self.input_tokens - self.cache_read_tokens - self.cache_write_tokens
        if plain <= 0 or self.cost_input <= 0:
            return 0.0
        return self.cache_read_tokens * self.cost_input / plain - self.cost_cache_read


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of one feature and one model."""

    start: datetime
    """In the zone that was asked for."""
    feature: str | None
    provider: str | None
    model: str | None
    currency: str
    spent: Spent

    @property
    def day(self) -> date:
        """The day that it is in."""
        return self.start.date()


@dataclass(frozen=True, slots=True)
class OfModel:
    """One model, in the time that is asked about or in the one before."""

    is_now: bool
    provider: str | None
    model: str | None
    currency: str
    spent: Spent


def hours(calls: Table, asked: Asked, window: Window) -> list[Hour]:
    """Ask what was spent in each hour of a time."""
    priced = _priced(calls, asked, window)
    start = asked.local(priced["started_at"], window).truncate("h")
    keys = ("feature", "provider", "model", "currency")
    found = _spent(priced, {"start": start, **{key: priced[key] for key in keys}})
    return [Hour(**cells, spent=spent) for cells, spent in found]


def now_and_before(calls: Table, asked: Asked) -> list[OfModel]:
    """Ask what was spent in the time, and in as long a time before it."""
    window = asked.window
    priced = _priced(calls, asked, window.and_before)
    is_now = priced["started_at"] >= window.start
    keys = ("provider", "model", "currency")
    found = _spent(priced, {"is_now": is_now, **{key: priced[key] for key in keys}})
    return [OfModel(**cells, spent=spent) for cells, spent in found]


def _priced(calls: Table, asked: Asked, window: Window) -> Table:
    return window.of(asked.filtered(calls)).filter(ibis._["cost"].notnull())


def _spent(priced: Table, groups: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Spent]]:
    sums = {field.name: priced[field.name].sum().fill_null(0) for field in fields(Spent) if field.name != "calls"}
    for row in rows_of(priced.group_by(**groups).aggregate(calls=priced.count(), **sums)):
        yield {key: row.pop(key) for key in groups}, Spent(**row)


def main_currency(found: Iterable[Hour | OfModel]) -> str | None:
    """The currency of most calls."""
    calls: Counter[str] = Counter()
    for each in found:
        calls[each.currency] += each.spent.calls
    return min(calls, key=lambda currency: (-calls[currency], currency)) if calls else None


def summed(found: Iterable[Hour | OfModel], *by: str) -> dict[tuple[Any, ...], Spent]:
    """Sums by some of the fields."""
    sums: dict[tuple[Any, ...], Spent] = {}
    for each in found:
        sums.setdefault(tuple(getattr(each, name) for name in by), Spent()).add(each.spent)
    return sums


def days_of(found: Sequence[Hour]) -> list[date]:
    """Every day from the first to the last, those without calls as well."""
    if not found:
        return []
    first, last = min(hour.start for hour in found).date(), max(hour.start for hour in found).date()
    return [first + timedelta(days=each) for each in range((last - first).days + 1)]
