"""The tables that reports read, as expressions that know no engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ibis
from ibis.expr.types import Table

from .kinds import CALL
from .told_again import without_parents


@dataclass(frozen=True)
class Tables:
    """What one place holds."""

    spans: Table
    """Each span once."""
    scores: Table
    """Evaluations and feedback."""
    uncounted: Callable[[Table], Table]
    """Works out which of calls are told of by another span that counts, and keeps that where the engine finds it."""

    @cached_property
    def calls(self) -> Table:
        """Those that are calls of models, each once: of several spans of one ours, else the innermost.

        Told when it is asked for: who reads one trace, or scores, looks at no other calls.
        """
        calls = self.spans.filter(self.spans["kind"] == CALL)
        if rows_of(calls.aggregate(scopes=calls["scope"].nunique()))[0]["scopes"] < 2:
            return calls
        others = self.uncounted(calls).select(other_trace="trace_id", other_span="span_id")
        return without_parents(calls).anti_join(
            others, [calls["span_id"] == others["other_span"], calls["trace_id"] == others["other_trace"]]
        )


def rows_of(table: Table) -> list[dict[str, Any]]:
    """Ask the engine."""
    return table.to_pyarrow().to_pylist()


def in_memory(table: Table) -> Table:
    """Ask the engine once, for what is then asked many things here."""
    return ibis.memtable(table.to_pyarrow())


def summed(table: Table, keys: Mapping[str, Any], **figures: Any) -> list[dict[str, Any]]:
    """Ask for figures by groups; for one row of all, where there are no groups."""
    return rows_of((table.group_by(**keys) if keys else table).aggregate(**figures))


def count(condition: Any) -> Any:
    """How many rows a condition holds of."""
    return condition.cast("int64").sum().fill_null(0)


def quantile(column: Any, part: float) -> Any:
    """The exact quantile of a column, between the two values that it lies between."""
    return column.quantile(part)
