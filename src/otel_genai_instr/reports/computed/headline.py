"""The four figures that everybody asks for first, now and in as long a time before."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ibis.expr.types import Table

from ..asked import Asked, Window
from ..report import share
from ..samples import LEAST_FOR_P95
from ..tables import Tables, count, quantile, rows_of


class Headline(NamedTuple):
    """What calls of one time were. ``None`` for what can't be said."""

    calls: int
    cost: float | None
    """Of the calls in the main currency."""
    error_rate: float | None
    p95_ms: float | None
    """Of calls that didn't fail."""


class Headlines(NamedTuple):
    """A time beside the one before."""

    now: Headline
    before: Headline
    currency: str | None
    """That of most calls of the two times; others are left out of the cost."""


_NONE: Final = Headline(0, None, None, None)


def headlines(tables: Tables, asked: Asked) -> Headlines:
    """Ask for them."""
    calls = asked.filtered(tables.calls)
    window = asked.window
    both = window.and_before.of(calls)
    known = both.filter(both["currency"].notnull() & both["cost"].notnull())
    currencies = rows_of(known.group_by("currency").aggregate(calls=known.count()))
    currency = min(currencies, key=lambda row: (-row["calls"], row["currency"]), default={"currency": None})["currency"]
    found = {row.pop("is_now"): _headline(row) for row in rows_of(_sums(both, window, currency))}
    return Headlines(found.get(True, _NONE), found.get(False, _NONE), currency)


def _sums(calls: Table, window: Window, currency: str | None) -> Table:
    calls = calls.mutate(is_now=calls["started_at"] >= window.start)
    ended = ~calls["failed"] & calls["duration_ms"].notnull()
    return calls.group_by("is_now").aggregate(
        calls=calls.count(),
        cost=calls["cost"].sum(where=calls["currency"] == (currency or "-")),
        errors=count(calls["failed"]),
        ended=count(ended),
        p95_ms=quantile(ended.ifelse(calls["duration_ms"], None), 0.95),
    )


def _headline(row: dict[str, Any]) -> Headline:
    p95 = row["p95_ms"] if row["ended"] >= LEAST_FOR_P95 else None
    return Headline(row["calls"], row["cost"], share(row["errors"], row["calls"]), p95)
