"""What was spent in each hour, by feature and model: the one table behind changes, budgets, spikes and projections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import ibis
from ibis.expr.types import Table

from .asked import Asked, Window
from .tables import rows_of

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


def hours(calls: Table, asked: Asked, window: Window) -> list[Hour]:
    """Ask what was spent in each hour of a time."""
    priced = window.of(asked.filtered(calls)).filter(ibis._["cost"].notnull())
    groups = {
        "start": asked.local(priced["started_at"], window).truncate("h"),
        **{name: priced[name] for name in ("feature", "provider", "model", "currency")},
    }
    sums = {field.name: priced[field.name].sum().fill_null(0) for field in fields(Spent) if field.name != "calls"}
    found = rows_of(priced.group_by(**groups).aggregate(calls=priced.count(), **sums))
    return [
        Hour(
            row.pop("start"),
            row.pop("feature"),
            row.pop("provider"),
            row.pop("model"),
            row.pop("currency"),
            Spent(**row),
        )
        for row in found
    ]


def main_currency(found: Iterable[Hour]) -> str | None:
    """The currency of most calls."""
    calls: Counter[str] = Counter()
    for hour in found:
        calls[hour.currency] += hour.spent.calls
    return min(calls, key=lambda currency: (-calls[currency], currency)) if calls else None


def summed(found: Iterable[Hour], *by: str) -> dict[tuple[Any, ...], Spent]:
    """Sums by some of the fields of an hour; ``day`` is the day that it is in."""
    sums: dict[tuple[Any, ...], Spent] = {}
    for hour in found:
        key = tuple(hour.start.date() if name == "day" else getattr(hour, name) for name in by)
        sums.setdefault(key, Spent()).add(hour.spent)
    return sums


def days_of(found: Sequence[Hour]) -> list[Any]:
    """Every day from the first to the last, those without calls as well."""
    if not found:
        return []
    first, last = min(hour.start for hour in found).date(), max(hour.start for hour in found).date()
    return [first + timedelta(days=each) for each in range((last - first).days + 1)]
