"""The report ``daily``: yesterday on one page. Headline figures, and of the other reports what has something to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ibis.expr.types import Table

from ..asked import Asked, Window
from ..report import Cells, Report, Section, share
from ..samples import LEAST_FOR_MEDIAN, TooFew, is_number
from ..tables import Tables, summed
from . import health
from .cost import cost
from .errors import errors
from .headline import headlines
from .judged import FEEDBACK, judged
from .latency import latency
from .prompts import prompts
from .quality import quality

COLUMNS: Final = ("figure", "currency", "now", "before", "difference")


class _Part(NamedTuple):
    """A section that is taken over, if it has rows."""

    report: str
    section: str
    only: Mapping[str, str] = {}
    """Of it, the rows that say so."""


PARTS: Final = (
    _Part("cost", "change"),
    _Part("cost", "spikes"),
    _Part("cost", "anomalies"),
    _Part("latency", "regressions"),
    _Part("errors", "rising"),
    _Part("prompts", "length_drift"),
    _Part("quality", "health"),
    _Part("quality", "drift", {"verdict": "drifts"}),
    _Part("quality", "length_stability"),
    _Part("cost", "unpriced"),
    _Part("cost", "most_expensive_calls"),
)


def daily(tables: Tables, asked: Asked) -> Report:
    """Answer how the day was."""
    everything = Asked(asked.window, (), asked.where, asked.zone)
    window = asked.window
    scores = judged(tables, everything, Window(window.before.before.start, window.end))
    of_reports = {
        "cost": cost(tables, everything, None),
        "latency": latency(tables, everything),
        "errors": errors(tables, everything),
        "prompts": prompts(tables, everything, scores),
        "quality": quality(tables, everything, scores),
    }
    sections: dict[str, Section] = {}
    for part in PARTS:
        section = of_reports[part.report].sections.get(part.section)
        rows = [] if section is None else [row for row in section.rows if _says(row, part.only)]
        if section is not None and rows:
            sections[part.section] = Section(section.title, section.columns, rows, section.note)
    return Report(
        "daily", asked.window, (), COLUMNS, _figures(tables, asked, scores, of_reports["quality"]), {}, sections
    )


def _says(row: Cells, only: Mapping[str, str]) -> bool:
    return all(str(row.get(name)) == value for name, value in only.items())


def _figures(tables: Tables, asked: Asked, scores: Table, of_quality: Report) -> list[Cells]:
    found = headlines(tables, asked)
    now, before = found.now, found.before
    health_before = _health_before(tables, asked, scores)
    worst, worst_before = _lowest_health(of_quality.sections["health"]), _lowest_health(health_before)
    return [
        _row("calls", now.calls, before.calls),
        _row("cost", now.cost, before.cost, found.currency),
        _row("error_rate", now.error_rate, before.error_rate),
        _row("p95_ms", now.p95_ms, before.p95_ms),
        _row("lowest_health", worst, worst_before),
        _row("feedback_score", *(_feedback(window.of(scores)) for window in (asked.window, asked.window.before))),
    ]


def _row(figure: str, now: Any, before: Any, currency: str | None = None) -> Cells:
    change = share(now - before, abs(before)) if is_number(now) and is_number(before) else None
    return {"figure": figure, "currency": currency, "now": now, "before": before, "difference": change}


def _health_before(tables: Tables, asked: Asked, scores: Table) -> Section:
    calls, before = asked.filtered(tables.calls), asked.window.before
    return health.section(before.of(calls), before.before.of(calls), before.of(scores))


def _lowest_health(section: Section) -> float | None:
    return min((row["health"] for row in section.rows if is_number(row["health"])), default=None)


def _feedback(scores: Table) -> Any:
    said = scores.filter(scores["evaluation"] == FEEDBACK)
    (row,) = summed(said, {}, scores=said["score"].count(), score=said["score"].mean())
    return TooFew(row["scores"]) if 0 < row["scores"] < LEAST_FOR_MEDIAN else row["score"]
