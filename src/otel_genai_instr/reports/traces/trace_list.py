"""Traces, newest first, a page at a time; and the spans of one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

import ibis

from ..asked import Asked
from ..kinds import CALL
from ..report import Cells
from ..tables import Tables, count, rows_of

COLUMNS: Final = (
    "started_at",
    "name",
    "feature",
    "user",
    "models",
    "calls",
    "tokens",
    "cost",
    "currency",
    "duration_ms",
    "errors",
)
"""Of a row, those that a list shows."""


class Place(NamedTuple):
    """Where a page ends: what comes next is older."""

    started_at: datetime
    trace_id: str


class Least(NamedTuple):
    """What a trace has at least to be in the list."""

    cost: float | None = None
    duration_ms: float | None = None
    errors: bool = False


def newest(tables: Tables, asked: Asked, least: Least, after: Place | None, most: int) -> list[Cells]:
    """List traces that have a span which the conditions hold of, newest first.

    Args:
        tables: Where they are.
        asked: The time in which a trace begins, and conditions for one of its spans.
        least: Conditions for the whole trace.
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
    if least.cost is not None:
        traces = traces.filter(traces["cost"] >= least.cost)
    if least.duration_ms is not None:
        traces = traces.filter(traces["duration_ms"] >= least.duration_ms)
    if least.errors:
        traces = traces.filter(traces["errors"] > 0)
    if after is not None:
        at = traces["started_at"]
        is_next = (at == after.started_at) & (traces["trace_id"] > after.trace_id)
        traces = traces.filter((at < after.started_at) | is_next)
    traces = traces.order_by(traces["started_at"].desc(), traces["trace_id"]).limit(most)
    return [_with_models(row) for row in rows_of(traces)]


def _with_models(row: dict[str, Any]) -> Cells:
    others = row["models"] - 1
    row["models"] = f"{row['model']} +{others}" if others > 0 else row["model"]
    return row


def spans_of(tables: Tables, trace_ids: Iterable[str], most: int) -> dict[str, list[Cells]]:
    """The spans of traces by the trace, in the order in which they began; of each at most so many."""
    wanted = list(trace_ids)
    if not wanted:
        return {}
    spans = tables.spans
    spans = spans.filter(spans["trace_id"].isin(wanted))
    place = ibis.row_number().over(group_by=spans["trace_id"], order_by=[spans["started_at"], spans["span_id"]])
    spans = spans.mutate(place=place)
    found: dict[str, list[Cells]] = {}
    for row in rows_of(spans.filter(spans["place"] < most).order_by("trace_id", "place")):
        del row["place"]
        found.setdefault(row["trace_id"], []).append(row)
    return found
