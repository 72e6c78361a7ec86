"""Traces in files of OTLP JSON: the table says in which line of which file each span lies, and only those are read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ..columns import PLACE_BITS
from ..exceptions import NotFound
from ..otlp import requests_in
from ..rows import SpanRows
from ..stored.files import FoundFile, LineReader, find
from ..stored.manifest import Manifest
from ..tables import Tables, rows_of
from .otlp_json import SpanReader
from .trace import Trace, TraceSpan, Wanted, scores_of, skeleton

_MOST_SPANS: Final = 20_000
"""Of one trace. What is beyond is counted, not read."""


class TracesInFiles:
    """A folder of OTLP JSON, with the tables that were made of it."""

    def __init__(self, tables: Tables, manifest: Manifest, rows: SpanRows, name: str) -> None:
        self._tables = tables
        self._paths = {file.number: file.place for file in manifest.files.values()}
        self._reader = SpanReader(rows)
        self._name = name

    def read(self, trace_id: str) -> Trace:
        """Read a trace.

        Raises:
            NotFound: if there is none.
        """
        of_trace = self._tables.spans.filter(self._tables.spans["trace_id"] == trace_id)
        rows = rows_of(of_trace.order_by("started_at").limit(_MOST_SPANS + 1))
        if not rows:
            raise NotFound(f"{self._name} has no trace {trace_id}")
        trace = Trace(trace_id, self.spans(rows[:_MOST_SPANS]), scores=scores_of(self._tables, [trace_id]))
        missing = sum(not span.is_whole for span in trace.spans)
        if missing:
            trace.notes.append(
                f"{missing:,} of {len(trace.spans):,} spans are not in their files any more; shown is what the tables "
                "have of them: no content, no messages of errors"
            )
        if len(rows) > _MOST_SPANS:
            trace.notes.append(f"the trace has more than {_MOST_SPANS:,} spans; these are the first ones")
        return trace

    def find(self, wanted: Wanted, most: int) -> list[str]:
        """Find traces, and return the ids of the newest ones, the newest first."""
        return ids_in_table(self._tables, wanted, most)

    def spans(self, rows: Sequence[Mapping[str, Any]]) -> list[TraceSpan]:
        """The spans that rows tell of, read from where these say that they lie."""
        places: dict[int, set[int]] = {}
        traces = {row["trace_id"] for row in rows}
        for row in rows:
            places.setdefault(row["row_id"] >> PLACE_BITS, set()).add(row["line_at"])
        found: dict[tuple[str, str], TraceSpan] = {}
        for number, offsets in places.items():
            for document in self._documents(number, offsets):
                for trace_id in traces:
                    for span in self._reader.spans(document, trace_id):
                        found.setdefault((trace_id, span.span_id), span)
        return [found.get((row["trace_id"], row["span_id"])) or skeleton(row) for row in rows]

    def _documents(self, number: int, offsets: set[int]) -> Iterator[object]:
        path = self._paths.get(number)
        if path is None:
            return
        try:
            file = next(find(path), None)
            if not isinstance(file, FoundFile):
                return
            for text in _lines(file, offsets):
                try:
                    yield json.loads(text.decode("utf-8-sig", "replace"))
                except (ValueError, RecursionError):
                    if offsets == {0} and not file.is_packed:  # one document over many lines, or so it may be
                        yield from _parsed(path.read_bytes())
                    for request in requests_in(text):
                        yield from _parsed(request)
        except (OSError, ValueError, RecursionError):
            return


def _parsed(text: bytes) -> Iterator[object]:
    try:
        yield json.loads(text.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return


def _lines(file: FoundFile, offsets: set[int]) -> Iterator[bytes]:
    if not file.is_packed:
        for offset in sorted(offsets):
            line = next(iter(LineReader(file, offset)), None)
            if line is not None and line.text is not None:
                yield line.text
        return
    left = set(offsets)
    for line in LineReader(file):
        if line.offset in left and line.text is not None:
            yield line.text
        left.discard(line.offset)
        if not left:
            return


def ids_in_table(tables: Tables, wanted: Wanted, most: int) -> list[str]:
    """Ids of traces, the newest first, by what the table says of their spans."""
    spans = wanted.window.of(tables.spans)
    if wanted.session is not None:
        spans = spans.filter(spans["session"] == wanted.session)
    if wanted.users:
        spans = spans.filter(spans["user"].isin(wanted.users))
    if wanted.only_failed:
        spans = spans.filter(spans["failed"] & spans["kind"].notnull())
    newest = spans.group_by("trace_id").aggregate(at=spans["started_at"].max())
    return [row["trace_id"] for row in rows_of(newest.order_by(newest["at"].desc(), "trace_id").limit(most))]
