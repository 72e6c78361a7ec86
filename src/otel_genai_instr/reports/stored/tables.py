"""What was read of files, as the tables of reports, on DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import ibis

from ..columns import PLACE_BITS, SCORES, SPANS, Column, Type
from ..tables import Tables
from ..told_again import uncounted
from .manifest import Manifest

_DUCKDB: Final = {
    Type.TEXT: "VARCHAR",
    Type.COUNT: "BIGINT",
    Type.NUMBER: "DOUBLE",
    Type.FLAG: "BOOLEAN",
    Type.MOMENT: "TIMESTAMP",
}


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
        lambda calls: engine.create_table("uncounted", uncounted(calls), temp=True),
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
