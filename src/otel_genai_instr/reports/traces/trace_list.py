"""Traces, newest first, a page at a time; and the spans of one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

import ibis
from ibis.expr.types import Table

from ..asked import Asked
from ..kinds import CALL
from ..report import Cells
from ..tables import Tables, count, rows_of
from .trace import Trace, TraceSpan, scores_of, skeleton

COLUMNS: Final = (
    "started_at",
    "name",
    "feature",
    "user",
    "session",
    "models",
    "calls",
    "tokens",
    "cost",
    "currency",
    "duration_ms",
    "errors",
    "lowest",
)
"""Of a row, those that a list shows."""


class Place(NamedTuple):
    """Where a page ends: what comes next is older."""

    started_at: datetime
    trace_id: str


class Limits(NamedTuple):
    """What a trace has to have to be in the list."""

    cost: float | None = None
    """At least."""
    duration_ms: float | None = None
    """At least."""
    errors: bool = False
    """Whether it has to have any."""
    score: float | None = None
    """At most, of any of its spans."""
    evaluation: str | None = None
    """That there has to be a score of; ``score`` is about that alone, then."""


def newest(tables: Tables, asked: Asked, limits: Limits, after: Place | None, most: int) -> list[Cells]:
    """List traces that have a span which the conditions hold of, newest first.

    Args:
        tables: Where they are.
        asked: The time in which a trace begins, and conditions for one of its spans.
        limits: Conditions for the whole trace.
        after: Where the page before ended.
        most: Traces on a page.
    """
    spans = tables.spans
    # A span of a trace that began in this time may lie behind its end; before its beginning there is none.
    spans = spans.filter(spans["started_at"] >= asked.window.start)
    if asked.where:
        spans = spans.semi_join(asked.filtered(spans).select("trace_id"), "trace_id")
    called = tables.calls.select(called="span_id", called_in="trace_id")
    spans = spans.left_join(called, [spans["span_id"] == called["called"], spans["trace_id"] == called["called_in"]])
    is_call = (spans["kind"] == CALL) & spans["called"].notnull()
    tokens = spans["input_tokens"].fill_null(0) + spans["output_tokens"].fill_null(0)
    began = spans["started_at"].delta(asked.window.start, unit="microsecond") / 1000
    traces = spans.group_by("trace_id").aggregate(
        started_at=spans["started_at"].min(),
        began=began.min(),
        ended=(began + spans["duration_ms"].fill_null(0)).max(),
        name=spans["name"].argmin(spans["started_at"]),
        feature=spans["feature"].max(),
        user=spans["user"].max(),
        session=spans["session"].max(),
        models=spans["model"].nunique(where=is_call),
        model=spans["model"].min(where=is_call),
        spans=spans.count(),
        calls=count(is_call),
        tokens=tokens.sum(where=is_call).fill_null(0),
        cost=spans["cost"].sum(where=is_call),
        currencies=spans["currency"].nunique(where=is_call),
        currency=spans["currency"].min(where=is_call),
        errors=count(spans["failed"]),
    )
    traces = traces.mutate(
        duration_ms=traces["ended"] - traces["began"],
        # Currencies are never added up.
        cost=(traces["currencies"] > 1).ifelse(ibis.null("float64"), traces["cost"]),
    )
    traces = asked.window.of(traces)
    if limits.cost is not None:
        traces = traces.filter(traces["cost"] >= limits.cost)
    if limits.duration_ms is not None:
        traces = traces.filter(traces["duration_ms"] >= limits.duration_ms)
    if limits.errors:
        traces = traces.filter(traces["errors"] > 0)
    traces = _with_lowest(traces, tables.scores, limits)
    if after is not None:
        at = traces["started_at"]
        is_next = (at == after.started_at) & (traces["trace_id"] > after.trace_id)
        traces = traces.filter((at < after.started_at) | is_next)
    traces = traces.order_by(traces["started_at"].desc(), traces["trace_id"]).limit(most)
    return [_with_models(row) for row in rows_of(traces)]


def _with_lowest(traces: Table, scores: Table, limits: Limits) -> Table:
    """With the lowest score of each: of the evaluation that is asked for, or else of any."""
    if limits.evaluation is not None:
        scores = scores.filter(scores["name"] == limits.evaluation)
    lowest = scores.group_by(scored_trace="trace_id").aggregate(lowest=scores["score"].min())
    if limits.score is not None:
        lowest = lowest.filter(lowest["lowest"] <= limits.score)
    traces = traces.left_join(lowest, [traces["trace_id"] == lowest["scored_trace"]])
    if limits.score is not None or limits.evaluation is not None:
        traces = traces.filter(traces["scored_trace"].notnull())
    return traces


def _with_models(row: dict[str, Any]) -> Cells:
    others = row["models"] - 1
    row["models"] = f"{row['model']} +{others}" if others > 0 else row["model"]
    return row


def newest_moment(tables: Tables) -> datetime | None:
    """When the newest span began, of all that the tables reach."""
    return rows_of(tables.spans.aggregate(at=tables.spans["started_at"].max()))[0]["at"]


def traces_of(tables: Tables, trace_ids: Iterable[str], most: int) -> dict[str, Trace]:
    """Traces by their ids, with what the tables say of them; of each the first spans, at most so many."""
    wanted = list(trace_ids)
    if not wanted:
        return {}
    spans = tables.spans
    spans = spans.filter(spans["trace_id"].isin(wanted))
    place = ibis.row_number().over(group_by=spans["trace_id"], order_by=[spans["started_at"], spans["span_id"]])
    spans = spans.mutate(place=place)
    found: dict[str, list[TraceSpan]] = {}
    for row in rows_of(spans.filter(spans["place"] <= most).order_by("trace_id", "place")):
        del row["place"]
        found.setdefault(row["trace_id"], []).append(skeleton(row))
    scores: dict[str, list[Cells]] = {}
    for score in scores_of(tables, wanted):
        scores.setdefault(score["trace_id"], []).append(score)
    more = f"the trace has more than {most:,} spans; these are the first ones"
    return {
        trace_id: Trace(trace_id, spans[:most], [more] if len(spans) > most else [], scores.get(trace_id, ()))
        for trace_id, spans in found.items()
    }
