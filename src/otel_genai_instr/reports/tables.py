"""The tables that reports read, as expressions that know no engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ibis
from ibis.expr.types import Table

from .kinds import CALL


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
        others = self.uncounted(calls)
        others = others.select(call=others["trace_id"] + others["span_id"])
        # No join: that would name all columns of the calls, and engines plan for each of them.
        return calls.filter((calls["trace_id"] + calls["span_id"]).notin(others["call"]))


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
