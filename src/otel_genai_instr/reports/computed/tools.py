"""The report ``tools``: how often tools ran, how long, and how they ended."""

from __future__ import annotations

from typing import Any, Final

from ibis.expr.types import Table

from ..asked import Asked
from ..kinds import TOOL
from ..report import Cells, Report, Section, share, sorted_rows
from ..samples import LEAST_FOR_MEDIAN, LEAST_FOR_P95, withhold
from ..tables import Tables, count, quantile, rows_of, summed

COLUMNS: Final = ("runs", "errors", "success_rate", "p50_ms", "p95_ms", "traces", "runs_per_trace", "max_runs")
_DURATION: Final = {"p50_ms": LEAST_FOR_MEDIAN, "p95_ms": LEAST_FOR_P95}
_SHOWN: Final = 20


def tools(tables: Tables, asked: Asked) -> Report:
    """Answer how tools did."""
    spans = asked.filtered(tables.spans)
    runs = asked.window.of(spans.filter(spans["kind"] == TOOL))
    total = _rows(runs, {})
    return Report(
        "tools",
        asked.window,
        asked.by,
        COLUMNS,
        sorted_rows(_rows(runs, asked.keys(runs)), asked.by, "runs"),
        total[0] if total else dict.fromkeys(COLUMNS),
        {"types": _types(runs)},
    )


def _rows(runs: Table, keys: dict[str, Any]) -> list[Cells]:
    in_trace = runs.group_by(trace=runs["trace_id"], **keys).aggregate(runs=runs.count())
    most = summed(
        in_trace, {name: in_trace[name] for name in keys}, max_runs=in_trace["runs"].max(), traces=in_trace.count()
    )
    by_key = {tuple(row[name] for name in keys): row for row in most}
    found = summed(
        runs,
        keys,
        runs=runs.count(),
        errors=count(runs["failed"]),
        p50_ms=quantile(runs["duration_ms"], 0.5),
        p95_ms=quantile(runs["duration_ms"], 0.95),
    )
    rows = [row for row in found if row["runs"]]
    for row in rows:
        row |= by_key[tuple(row[name] for name in keys)]
        row["success_rate"] = share(row["runs"] - row["errors"], row["runs"])
        row["runs_per_trace"] = share(row["runs"], row["traces"])
        withhold(row, row["runs"], _DURATION)
    return rows


def _types(runs: Table) -> Section:
    failed = runs.filter(runs["failed"])
    found = failed.group_by("tool", "error").aggregate(errors=failed.count(), last=failed["started_at"].max())
    found = found.order_by(found["errors"].desc(), found["tool"], found["error"]).limit(_SHOWN)
    return Section("errors of tools", ("tool", "error", "errors", "last"), rows_of(found))
