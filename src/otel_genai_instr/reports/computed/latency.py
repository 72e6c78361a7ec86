"""The report ``latency``: how long calls took, what became slower, and where the time of a trace goes."""

from __future__ import annotations

from typing import Any, Final

import ibis
from ibis.expr.types import Table

from ..asked import Asked, Window
from ..report import Cells, Report, Section, share, sorted_rows
from ..samples import LEAST_FOR_MEDIAN, LEAST_FOR_P95, LEAST_FOR_P99, withhold
from ..tables import Tables, quantile, rows_of, summed

COLUMNS: Final = (
    *("calls", "p50_ms", "p95_ms", "p99_ms"),
    *("first_chunk_p50_ms", "first_chunk_p95_ms", "tokens_per_second"),
)
REGRESSION: Final = 0.2
"""By how much the 95th percentile has to be longer than before."""
SPREAD: Final = 4.0
"""How many times its median the 95th percentile of the first chunk has to be."""
_DURATION: Final = {"p50_ms": LEAST_FOR_MEDIAN, "p95_ms": LEAST_FOR_P95, "p99_ms": LEAST_FOR_P99}
_FIRST_CHUNK: Final = {"first_chunk_p50_ms": LEAST_FOR_MEDIAN, "first_chunk_p95_ms": LEAST_FOR_P95}
_SPEED: Final = {"tokens_per_second": LEAST_FOR_MEDIAN}
_SHOWN: Final = 20


def latency(tables: Tables, asked: Asked) -> Report:
    """Answer how long calls took that didn't fail."""
    calls = asked.filtered(tables.calls)
    calls = calls.filter((~calls["failed"]) & calls["duration_ms"].notnull())
    now = asked.window.of(calls)
    total = _rows(now, {})
    return Report(
        "latency",
        asked.window,
        asked.by,
        COLUMNS,
        sorted_rows(_rows(now, asked.keys(now)), asked.by, "calls"),
        total[0] if total else dict.fromkeys(COLUMNS),
        {
            "regressions": _regressions(now, asked.window.before.of(calls)),
            "uneven_first_chunk": _uneven(now),
            "steps": _steps(tables, now, asked.window),
        },
    )


def _rows(calls: Table, keys: dict[str, Any]) -> list[Cells]:
    generating = calls["duration_ms"] - calls["first_chunk_ms"].fill_null(0)
    speed = (generating > 0).ifelse(calls["output_tokens"] * 1000.0 / generating, ibis.null("float64"))
    calls = calls.mutate(speed=(calls["output_tokens"] > 0).ifelse(speed, ibis.null("float64")))
    found = summed(
        calls,
        keys,
        calls=calls.count(),
        p50_ms=quantile(calls["duration_ms"], 0.5),
        p95_ms=quantile(calls["duration_ms"], 0.95),
        p99_ms=quantile(calls["duration_ms"], 0.99),
        first_chunks=calls["first_chunk_ms"].count(),
        first_chunk_p50_ms=quantile(calls["first_chunk_ms"], 0.5),
        first_chunk_p95_ms=quantile(calls["first_chunk_ms"], 0.95),
        speeds=calls["speed"].count(),
        tokens_per_second=quantile(calls["speed"], 0.5),
    )
    for row in found:
        withhold(row, row["calls"], _DURATION)
        withhold(row, row.pop("first_chunks"), _FIRST_CHUNK)
        withhold(row, row.pop("speeds"), _SPEED)
    return [row for row in found if row["calls"]]


def _regressions(now: Table, before: Table) -> Section:
    """Models that are slower than in as long a time before."""
    was = {(row["provider"], row["model"]): row for row in _p95(before)}
    rows: list[Cells] = []
    for row in _p95(now):
        old = was.get((row["provider"], row["model"]))
        if old is None or min(row["calls"], old["calls"]) < LEAST_FOR_P95:
            continue
        slower = share(row["p95_ms"] - old["p95_ms"], old["p95_ms"])
        if slower is not None and slower > REGRESSION:
            rows.append({**row, "before_p95_ms": old["p95_ms"], "slower": slower})
    return Section(
        f"models whose 95th percentile is more than {REGRESSION:.0%} longer than in as long a time before",
        ("provider", "model", "calls", "before_p95_ms", "p95_ms", "slower"),
        sorted(rows, key=lambda row: -row["slower"]),
    )


def _p95(calls: Table) -> list[Cells]:
    return rows_of(
        calls.group_by("provider", "model").aggregate(calls=calls.count(), p95_ms=quantile(calls["duration_ms"], 0.95))
    )


def _uneven(calls: Table) -> Section:
    """Models whose first chunk is sometimes far later than usual."""
    streamed = calls.filter(calls["first_chunk_ms"].notnull())
    found = rows_of(
        streamed.group_by("provider", "model").aggregate(
            calls=streamed.count(),
            first_chunk_p50_ms=quantile(streamed["first_chunk_ms"], 0.5),
            first_chunk_p95_ms=quantile(streamed["first_chunk_ms"], 0.95),
        )
    )
    rows: list[Cells] = []
    for row in found:
        spread = share(row["first_chunk_p95_ms"], row["first_chunk_p50_ms"])
        if spread is not None and spread > SPREAD and row["calls"] >= LEAST_FOR_P95:
            rows.append({**row, "spread": spread})
    return Section(
        f"models whose first chunk is uneven: its 95th percentile is over {SPREAD:g} times its median",
        ("provider", "model", "calls", "first_chunk_p50_ms", "first_chunk_p95_ms", "spread"),
        sorted(rows, key=lambda row: -row["spread"]),
    )


def _steps(tables: Tables, calls: Table, window: Window) -> Section:
    """Where the time of the traces goes that have one of these calls: each span's time that is in none inside it."""
    spans = window.of(tables.spans)
    spans = spans.semi_join(calls.select("trace_id"), "trace_id")
    spans = spans.select(
        "trace_id",
        "span_id",
        "parent_id",
        "duration_ms",
        step=ibis.coalesce(spans["operation"], spans["name"]),
    )
    inside = spans.filter(spans["parent_id"].notnull())
    inside = inside.group_by(in_trace=inside["trace_id"], in_span=inside["parent_id"]).aggregate(
        inside_ms=inside["duration_ms"].sum()
    )
    joined = spans.left_join(inside, [spans["trace_id"] == inside["in_trace"], spans["span_id"] == inside["in_span"]])
    own = joined["duration_ms"].fill_null(0) - joined["inside_ms"].fill_null(0)
    joined = joined.mutate(own_ms=(own > 0).ifelse(own, 0.0))
    found = rows_of(
        joined.group_by("step").aggregate(
            spans=joined.count(), traces=joined["trace_id"].nunique(), own_ms=joined["own_ms"].sum()
        )
    )
    whole = sum(row["own_ms"] for row in found)
    for row in found:
        row["time_share"] = share(row["own_ms"], whole)
        row["own_ms"] = share(row["own_ms"], row["traces"])
    rows = sorted(found, key=lambda row: (-(row["time_share"] or 0), row["step"]))
    return Section(
        "where the time of these traces goes",
        ("step", "spans", "traces", "own_ms", "time_share"),
        rows[:_SHOWN],
        "steps that run beside each other are each counted whole" if rows else "",
    )
