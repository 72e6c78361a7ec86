"""The figures that stand first: each beside what it was before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from ..reports.computed.headline import Headlines
from ..reports.report import Report, share
from ..reports.writing import cell, duration, heading

_STEADY: Final = 0.005
"""A smaller change is none to speak of."""


class Card(NamedTuple):
    """One figure."""

    title: str
    value: str
    note: str
    is_worse: bool = False
    """Whether it changed for the worse, by more than half."""


def cards(headlines: Headlines, report: Report | None = None) -> list[Card]:
    """The figures of every page, with the main cause of a changed cost where the report knows it."""
    now, before = headlines.now, headlines.before
    money = f" {headlines.currency}" if headlines.currency else ""
    return [
        _card("cost", cell("cost", now.cost) + money, now.cost, before.cost),
        _card("calls", cell("calls", now.calls), now.calls, before.calls or None),
        *_change(report, headlines.currency),
        _card("errors", cell("error_rate", now.error_rate), now.error_rate, before.error_rate),
        _card("95th percentile", duration(now.p95_ms), now.p95_ms, before.p95_ms),
    ]


def _card(title: str, text: str, now: float | None, before: float | None) -> Card:
    if now is None or before is None:
        return Card(title, text, "" if now is None or not now else "nothing before")
    changed = share(now - before, before)
    if changed is None:
        return Card(title, text, "none before" if now else "none before, either")
    if abs(changed) < _STEADY:
        return Card(title, text, "as before")
    return Card(title, text, f"{changed:+.1%} against before", changed > 0.5 and title != "calls")


def _change(report: Report | None, currency: str | None) -> Iterator[Card]:
    section = report.sections.get("change") if report is not None else None
    if section is None or len(section.rows) < 2:
        return
    *causes, whole = section.rows
    main = max(causes, key=lambda row: abs(row["change"]))
    yield Card(
        "change of cost",
        f"{whole['change']:+,.2f}" + (f" {currency}" if currency else ""),
        f"mostly {heading(main['cause'])}: {main['change']:+,.2f}",
    )
