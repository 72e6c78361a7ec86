"""Our own files: Parquet with rows of spans and of scores, joined where they are small; and which rows don't count."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy
import pyarrow
import pyarrow.parquet
from numpy.typing import NDArray

from ..columns import PLACE_BITS, SCORE_IDENTITY, SCORES, SPANS, Column, Type
from ..rows import Row
from .manifest import Manifest

ROWS_AT_ONCE: Final = 50_000
"""Of a part, and in memory while a part is made."""
_MOST_PARTS: Final = 64
_ORPHANS_AFTER: Final = 3600.0
"""Seconds after which a file of ours that no manifest names is nobody's work under way."""
_ARROW: Final = {
    Type.TEXT: pyarrow.string(),
    Type.COUNT: pyarrow.int64(),
    Type.NUMBER: pyarrow.float64(),
    Type.FLAG: pyarrow.bool_(),
    Type.MOMENT: pyarrow.timestamp("us"),
}


def write_spans(folder: Path, rows: Sequence[Row]) -> str:
    """Write rows of spans, and return the name of the file."""
    return _write(folder, "spans", SPANS, rows)


def write_scores(folder: Path, rows: Sequence[Row]) -> str:
    """Write rows of scores, and return the name of the file."""
    return _write(folder, "scores", SCORES, rows)


def tidy(manifest: Manifest, folder: Path) -> None:
    """Bring the files into order after rows have come or gone: few parts, and which rows don't count."""
    counted = sum(known.counts.rows for known in manifest.files.values())
    if len(manifest.parts) > _MOST_PARTS or 2 * counted < manifest.rows:
        _join_parts(manifest, folder)
    _note_repeats(manifest, folder)
    _note_repeated_scores(manifest, folder)


def _write(folder: Path, what: str, columns: tuple[Column, ...], rows: Sequence[Row]) -> str:
    arrays = [_array(column, cells) for column, cells in zip(columns, zip(*rows, strict=True), strict=True)]
    table = pyarrow.table(dict(zip((column.name for column in columns), arrays, strict=True)))
    return _write_table(folder, what, table)


def _array(column: Column, cells: tuple[object, ...]) -> pyarrow.Array:
    try:
        return pyarrow.array(cells, _ARROW[column.type])
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can say and UTF-8 can't
        return pyarrow.array([_encodable(cell) for cell in cells], _ARROW[column.type])


def _encodable(cell: object) -> object:
    return cell.encode("utf-8", "replace").decode("utf-8") if isinstance(cell, str) else cell


def _write_table(folder: Path, what: str, table: pyarrow.Table) -> str:
    name = f"{what}-{uuid.uuid4().hex}.parquet"
    with open(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        pyarrow.parquet.write_table(table, file, compression="zstd", compression_level=1)
    return name


def _join_parts(manifest: Manifest, folder: Path) -> None:
    """Write small parts into large ones, without the rows that don't count."""
    manifest.parts, manifest.rows = _joined(manifest, folder, "spans", manifest.parts)
    manifest.score_parts, _ = _joined(manifest, folder, "scores", manifest.score_parts)
    manifest.gone = []


def _joined(manifest: Manifest, folder: Path, what: str, parts: list[str]) -> tuple[list[str], int]:
    names: list[str] = []
    waiting: list[pyarrow.Table] = []
    rows = total = 0
    gone = numpy.array(manifest.gone, dtype=numpy.int64)

    def flush() -> None:
        nonlocal rows
        if rows:
            names.append(_write_table(folder, what, pyarrow.concat_tables(waiting)))
        waiting.clear()
        rows = 0

    for part in parts:
        table = pyarrow.parquet.read_table(folder / part)
        if len(gone):
            numbers = table["row_id"].to_numpy() >> PLACE_BITS
            table = table.filter(pyarrow.array(~numpy.isin(numbers, gone)))
        waiting.append(table)
        rows += len(table)
        total += len(table)
        if rows >= 4 * ROWS_AT_ONCE:
            flush()
    flush()
    return names, total


def _note_repeats(manifest: Manifest, folder: Path) -> None:
    """Find the rows whose span is there already: exporters send again what may not have arrived."""
    row_ids: list[NDArray[Any]] = []
    keys: list[NDArray[Any]] = []
    gone = numpy.array(manifest.gone, dtype=numpy.int64)
    for part in manifest.parts:
        table = pyarrow.parquet.read_table(folder / part, columns=["trace_id", "span_id", "row_id"])
        ids = table["row_id"].to_numpy()
        key = _keys(table["trace_id"], table["span_id"])
        if len(gone):
            counted = ~numpy.isin(ids >> PLACE_BITS, gone)
            ids, key = ids[counted], key[counted]
        row_ids.append(ids)
        keys.append(key)
    manifest.repeats, manifest.repeated = None, 0
    if not keys:
        return
    all_ids, all_keys = numpy.concatenate(row_ids), numpy.concatenate(keys)
    order = numpy.lexsort((all_ids, all_keys))
    ordered = all_keys[order]
    again = numpy.flatnonzero(ordered[1:] == ordered[:-1]) + 1
    if len(again):
        manifest.repeats = _write_table(folder, "repeats", pyarrow.table({"row_id": all_ids[order[again]]}))
        manifest.repeated = len(again)


def _note_repeated_scores(manifest: Manifest, folder: Path) -> None:
    """The same of evaluations, which have no id: what says the same of the same at the same moment is one."""
    manifest.score_repeats, manifest.repeated_scores = None, 0
    if not manifest.score_parts:
        return
    scores = pyarrow.concat_tables(pyarrow.parquet.read_table(folder / part) for part in manifest.score_parts)
    row_ids = scores["row_id"].to_numpy()
    if manifest.gone:
        counted = ~numpy.isin(row_ids >> PLACE_BITS, numpy.array(manifest.gone, dtype=numpy.int64))
        scores, row_ids = scores.filter(pyarrow.array(counted)), row_ids[counted]
    first = scores.group_by(list(SCORE_IDENTITY)).aggregate([("row_id", "min")])["row_id_min"].to_numpy()
    again = numpy.setdiff1d(row_ids, first)
    if len(again):
        manifest.score_repeats = _write_table(folder, "repeats", pyarrow.table({"row_id": again}))
        manifest.repeated_scores = len(again)


def _keys(traces: pyarrow.ChunkedArray, spans: pyarrow.ChunkedArray) -> NDArray[Any]:
    """64 bits of each pair of ids, mixed so that small numbers as ids don't meet."""
    high, low = _integers(traces, 0), _integers(traces, 16)
    mixed = high * numpy.uint64(0x9E3779B97F4A7C15) ^ low
    return mixed * numpy.uint64(0xC2B2AE3D27D4EB4F) ^ _integers(spans, 0)


def _integers(texts: pyarrow.ChunkedArray, start: int) -> NDArray[Any]:
    """Sixteen hexadecimal digits of each text as a number."""
    digits = numpy.frombuffer("".join(text[start : start + 16] for text in texts.to_pylist()).encode(), numpy.uint8)
    nibbles = numpy.where(digits >= ord("a"), digits - (ord("a") - 10), digits - ord("0")).reshape(-1, 16)
    packed = (nibbles[:, ::2] << 4 | nibbles[:, 1::2]).astype(numpy.uint8)
    return numpy.ascontiguousarray(packed).view(">u8").reshape(-1).astype(numpy.uint64)


def remove_orphans(manifest: Manifest, folder: Path, before: set[str]) -> None:
    """Remove what no manifest names any more, but for what somebody may be writing, or still reads.

    Args:
        manifest: What is known now.
        folder: Where our files lie.
        before: The files that were named until now. Whoever began to ask them has the time to end that.
    """
    owned = manifest.owned
    for path in (*folder.glob("*.parquet"), *folder.glob("manifest.json.*")):
        if path.name not in owned:
            try:
                if path.name in before:
                    path.touch()
                elif time.time() - path.stat().st_mtime > _ORPHANS_AFTER:
                    path.unlink()
            except OSError:
                continue
