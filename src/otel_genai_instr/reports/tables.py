"""The tables that reports read, as expressions that know no engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import ibis
from ibis.expr.types import Table

from .columns import PLACE_BITS, SCORES, SPANS, Column, Type
from .kinds import CALL
from .manifest import Manifest
from .told_again import told_again, without_parents

_DUCKDB: Final = {
    Type.TEXT: "VARCHAR",
    Type.COUNT: "BIGINT",
    Type.NUMBER: "DOUBLE",
    Type.FLAG: "BOOLEAN",
    Type.MOMENT: "TIMESTAMP",
}


@dataclass(frozen=True)
class Tables:
    """What one place holds."""

    spans: Table
    """Each span once."""
    scores: Table
    """Evaluations and feedback."""
    told: Callable[[Table], Table]
    """Works out which of calls are told of again, and keeps that where the engine finds it."""

    @cached_property
    def calls(self) -> Table:
        """Those that are calls of models, each once: where several instrumentations saw one, the innermost's.

        Told when it is asked for: who reads one trace, or scores, looks at no other calls.
        """
        calls = self.spans.filter(self.spans["kind"] == CALL)
        if rows_of(calls.aggregate(scopes=calls["scope"].nunique()))[0]["scopes"] < 2:
            return calls
        outer = self.told(calls).select(outer_trace="trace_id", outer_span="span_id")
        return without_parents(calls).anti_join(
            outer, [calls["span_id"] == outer["outer_span"], calls["trace_id"] == outer["outer_trace"]]
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


def stored_tables(manifest: Manifest, folder: Path) -> Tables:
    """The tables that were made of files, on DuckDB."""
    engine = ibis.duckdb.connect()
    engine.raw_sql("SET TimeZone = 'UTC'")
    engine.raw_sql("SET enable_progress_bar = false")  # on where Python runs no file, and on standard output
    for name, columns, parts, repeats in (
        ("spans", SPANS, manifest.parts, manifest.repeats),
        ("scores", SCORES, manifest.score_parts, manifest.score_repeats),
    ):
        query = _query(columns, [folder / part for part in parts])
        counted = _counted(manifest.gone, None if repeats is None else folder / repeats)
        engine.raw_sql(f"CREATE VIEW {name} AS {query}{counted}")
    return Tables(
        engine.table("spans"),
        engine.table("scores"),
        lambda calls: engine.create_table("told_again", told_again(calls), temp=True),
    )


def _query(columns: Sequence[Column], parts: Sequence[Path]) -> str:
    if not parts:
        cells = ", ".join(f"NULL::{_DUCKDB[column.type]} AS {_quoted(column.name)}" for column in columns)
        return f"SELECT * FROM (SELECT {cells}) WHERE row_id IS NOT NULL"
    files = ", ".join(_text(str(part)) for part in parts)
    return f"SELECT * FROM read_parquet([{files}]) WHERE true"


def _counted(gone: Sequence[int], repeats: Path | None) -> str:
    """Leave out rows of files that are gone, and of what is there already."""
    conditions = ""
    if gone:
        conditions += f" AND (row_id >> {PLACE_BITS}) NOT IN ({', '.join(map(str, gone))})"
    if repeats is not None:
        conditions += f" AND row_id NOT IN (SELECT row_id FROM read_parquet({_text(str(repeats))}))"
    return conditions


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
