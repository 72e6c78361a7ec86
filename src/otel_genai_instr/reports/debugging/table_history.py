"""What is usual, by the tables of a place that has more than one trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import ibis
from ibis.expr.types import Table

from ..asked import Window
from ..kinds import RETRIEVAL
from ..tables import Tables, rows_of
from ..traces.trace import Trace, TraceSpan
from .history import DAYS, Spread, Usual

_ALIKE: Final = ("operation", "provider", "model", "prompt", "feature")
_MOST_EARLIER: Final = 100
"""Retrievals that are read again, to compare what they found."""
ReadSpans = Callable[[Sequence[Mapping[str, Any]]], list[TraceSpan]]
"""Reads the whole spans that rows of the table tell of."""


class TableHistory:
    """The history that tables have.

    Args:
        tables: the tables of a time, which may have more than it.
        read: reads what earlier retrievals found.
    """

    def __init__(self, tables: Callable[[Window], Tables], read: ReadSpans | None = None) -> None:
        self._tables = tables
        self._read = read
        self._usual: dict[tuple[object, ...], Usual] = {}
        self._opened: dict[date, Tables] = {}

    def _around(self, moment: datetime) -> Tables:
        """The tables of a day and of the days before it: to open them takes a while."""
        day = moment.date()
        if day not in self._opened:
            start = datetime.combine(day, datetime.min.time())
            self._opened[day] = self._tables(Window(start - timedelta(days=DAYS), start + timedelta(days=1)))
        return self._opened[day]

    def usual(self, call: TraceSpan) -> Usual:
        """Calls like this one, of the seven days before it; none of its own trace."""
        key = (*(call.cells[name] for name in _ALIKE), call.cells["currency"], call.cells["trace_id"])
        if key not in self._usual:
            self._usual[key] = self._asked(call)
        return self._usual[key]

    def _asked(self, call: TraceSpan) -> Usual:
        calls = _before(self._around(call.started_at).calls, call)
        for name in _ALIKE:
            calls = calls.filter(_is(calls[name], call.cells[name]))
        calls = calls.filter(~calls["failed"].fill_null(False))
        same_currency = _is(calls["currency"], call.cells["currency"])
        columns = {
            "duration_ms": calls["duration_ms"],
            "cost": same_currency.ifelse(calls["cost"], ibis.null()),
            "input_tokens": calls["input_tokens"],
            "output_tokens": calls["output_tokens"],
        }
        figures = {"calls": calls.count()}
        for name, column in columns.items():
            figures[f"{name}_n"] = column.count()
            figures[f"{name}_median"] = column.median()
            figures[f"{name}_high"] = column.quantile(0.95)
        row = rows_of(calls.aggregate(**figures))[0]
        answered = rows_of(calls.group_by("answered_model").aggregate(calls=calls.count()))
        return Usual(
            row["calls"],
            **{
                name: Spread(row[f"{name}_n"], float(row[f"{name}_median"]), float(row[f"{name}_high"]))
                for name in columns
                if row[f"{name}_n"]
            },
            answered=Counter(
                {each["answered_model"]: each["calls"] for each in answered if each["answered_model"] is not None}
            ),
        )

    def prompt_versions(self, prompt: str, day: date) -> Counter[str]:
        """Calls of a prompt on a day (UTC) by its version; one without is empty text."""
        start = datetime.combine(day, datetime.min.time())
        calls = Window(start, start + timedelta(days=1)).of(self._around(start).calls)
        calls = calls.filter(calls["prompt"] == prompt)
        found = rows_of(calls.group_by("prompt_version").aggregate(calls=calls.count()))
        return Counter({row["prompt_version"] or "": row["calls"] for row in found})

    def retrievals(self, trace: Trace) -> tuple[int, int]:
        """Of the traces of the seven days before with the same root: how many there were, how many had a retrieval."""
        root = trace.root()
        spans = _before(self._around(root.started_at).spans, root)
        roots = spans.filter(
            spans["parent_id"].isnull() & (spans["name"] == root.name) & _is(spans["service"], root.cells["service"])
        )
        found = spans.filter(spans["kind"] == RETRIEVAL)
        with_one = roots.semi_join(found, "trace_id")
        return (
            rows_of(roots.aggregate(n=roots["trace_id"].nunique()))[0]["n"],
            rows_of(with_one.aggregate(n=with_one["trace_id"].nunique()))[0]["n"],
        )

    def earlier(self, retrieval: TraceSpan) -> list[TraceSpan] | None:
        """The last retrievals from the same data source, with what they found."""
        if self._read is None:
            return None
        spans = _before(self._around(retrieval.started_at).spans, retrieval)
        same = spans.filter(
            (spans["kind"] == RETRIEVAL) & _is(spans["data_source"], retrieval.cells["data_source"])
        ).filter(spans["name"] == retrieval.name)
        return self._read(rows_of(same.order_by(ibis.desc("started_at")).limit(_MOST_EARLIER)))


def _before(table: Table, span: TraceSpan) -> Table:
    window = Window(span.started_at - timedelta(days=DAYS), span.started_at)
    return window.of(table).filter(table["trace_id"] != span.cells["trace_id"])


def _is(cell: Any, value: object) -> Any:
    return cell.isnull() if value is None else cell == value
