"""OTLP JSON lines → Parquet, each line once. What was read stays read: the next report reads what is new."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import platformdirs

from ...pricing import Pricer
from ..columns import PLACE_BITS
from ..otlp import Batch, NotOtlp, batches, requests_in, text_of
from ..rows import MOST_TEXT, Refused, Row, SpanRows, score_row
from . import manifest as manifests
from . import parts
from .files import FoundFile, Line, LineReader, Unreadable, find
from .manifest import KnownFile, Manifest
from .packing import Packing

_SHOWN_MISTAKES: Final = 10
_WHOLE_DOCUMENT: Final = 64 * 1024 * 1024
"""Bytes. A longer file is never one document over many lines."""
_ODD: Final = re.compile(r"[^\w.-]")
_MOST_NAME: Final = 60
OnProgress = Callable[[int, int], None]
"""Called with the bytes that were read, and those there are to read."""


def cache_folder(source: Path) -> Path:
    """Where the tables of a source lie: in the user's cache, under a name that says what they are of."""
    whole = source.resolve()
    name = _ODD.sub("_", whole.name)[:_MOST_NAME] or "root"  # a name may have bytes that are no text, and 255 of them
    digest = hashlib.sha256(os.fsencode(whole)).hexdigest()[:12]
    return Path(platformdirs.user_cache_dir("otel-genai")) / "reports" / f"{name}-{digest}"


def ingest(source: Path, folder: Path, pricer: Pricer, on_progress: OnProgress) -> tuple[Manifest, list[Unreadable]]:
    """Read what is new in the source into the folder, and return what it has then, and which files can't be read.

    Two that do so at the same time don't disturb each other: both write files of their own, and the one that ends last
    is believed.

    Raises:
        OSError: if the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    manifest = manifests.load(folder)
    before = manifest.owned
    found = list(find(source))
    files = [item for item in found if isinstance(item, FoundFile)]
    unreadable = [item for item in found if isinstance(item, Unreadable)]
    changed = _forget_gone(manifest, files)
    new = [file for file in files if _unread(file, manifest) > 0]
    if new:
        writing = _Writing(folder, manifest, pricer, sum(_unread(file, manifest) for file in new), on_progress)
        for file in new:
            writing.read(file)
        writing.finish()
    for file in files:
        known = manifest.files[file.identity]
        known.path = os.fsencode(file.path)  # it may have been renamed
        if known.damage:
            unreadable.append(Unreadable(file.path, known.damage))
    if new or changed:
        parts.tidy(manifest, folder)
        manifests.save(manifest, folder)
        parts.remove_orphans(manifest, folder, before)
    return manifest, unreadable


def _unread(file: FoundFile, manifest: Manifest) -> int:
    known = manifest.files.get(file.identity)
    return file.size if known is None else file.size - known.size


def _forget_gone(manifest: Manifest, files: list[FoundFile]) -> bool:
    """Forget files that are no more, and those that are others by now: shorter, or not as they were read."""
    there = {file.identity: file for file in files}
    gone = [identity for identity, known in manifest.files.items() if not _is_as_read(there.get(identity), known)]
    for identity in gone:
        manifest.gone.append(manifest.files.pop(identity).number)
    return bool(gone)


def _is_as_read(file: FoundFile | None, known: KnownFile) -> bool:
    if file is None or file.size < known.size:
        return False
    if file.is_told_whole:
        return True
    if file.size == known.size:
        return file.changed == known.changed
    return file.tail(known.offset) == known.tail


class _Writing:
    """Rows on their way into Parquet; those of many small files share a part."""

    def __init__(
        self, folder: Path, manifest: Manifest, pricer: Pricer, bytes_to_read: int, on_progress: OnProgress
    ) -> None:
        self._folder = folder
        self._manifest = manifest
        self._rows = SpanRows(pricer)
        self._spans: list[Row] = []
        self._scores: list[Row] = []
        self._to_read = bytes_to_read
        self._done = 0
        self._on_progress = on_progress

    def read(self, file: FoundFile) -> None:
        """Read what is new in a file."""
        known = self._manifest.files.get(file.identity)
        if known is None:
            known = KnownFile(self._manifest.next_number, os.fsencode(file.path))
            self._manifest.next_number += 1
            self._manifest.files[file.identity] = known
        counts, began = known.counts, known.offset
        counts.unfinished_bytes, known.damage = 0, ""
        lines = iter(LineReader(file, known.offset))
        while (line := self._next(lines, known)) is not None and self._read_line(line, known, file):
            if not file.is_packed:
                self._on_progress(self._done + known.offset - began, self._to_read)
        # What follows the last whole line is read next time, from that line's end; so is what couldn't be read.
        is_read = file.is_packed or not (counts.unfinished_bytes or known.damage)
        known.size = file.size if is_read else known.offset
        known.changed = file.changed
        known.tail = "" if file.is_told_whole or file.is_packed else file.tail(known.offset)
        self._done += file.size - began
        self._on_progress(min(self._done, self._to_read), self._to_read)

    @staticmethod
    def _next(lines: Iterator[Line], known: KnownFile) -> Line | None:
        try:
            return next(lines, None)
        except OSError as error:
            known.damage = error.strerror or str(error)
            return None

    def _read_line(self, line: Line, known: KnownFile, file: FoundFile) -> bool:
        """Read a line; return false for what is not to be read yet, or was the rest of the file."""
        counts = known.counts
        try:
            if line.text is None:
                raise NotOtlp(line.why)
            read = batches(line.text)
        except NotOtlp as error:
            if line.offset == 0 and self._read_whole(known, file):
                return False
            read, is_whole = _whole_requests(line.text or b"")
            if not line.ends and not is_whole:
                counts.unfinished_bytes = line.end - line.offset
                return False
            counts.lines += 1
            if not is_whole:
                counts.refused_lines += 1
                also = f"; {len(read)} of its requests could be read" if read else ""
                self._note(known, line.offset, f"{error}{also}")
            read = [batch for request in read for batch in request]
        else:
            counts.lines += 1
        self._add(read, known, line.offset)
        known.offset = line.end
        return True

    def _read_whole(self, known: KnownFile, file: FoundFile) -> bool:
        """Read a file that is one document over many lines, and return whether it is one."""
        if file.size > _WHOLE_DOCUMENT or file.packing is not Packing.NONE:
            return False
        try:
            read = batches(file.path.read_bytes())
        except (NotOtlp, OSError):
            return False
        known.counts.lines += 1
        self._add(read, known, 0)
        known.offset = file.size
        return True

    @staticmethod
    def _note(known: KnownFile, offset: int, why: str) -> None:
        counts = known.counts
        if len(counts.mistakes) < _SHOWN_MISTAKES:
            counts.mistakes.append(f"line {counts.lines:,} (at byte {offset:,}): {why}")

    def _add(self, read: list[Batch], known: KnownFile, offset: int) -> None:
        counts = known.counts
        for batch in read:
            if batch.refused:
                counts.refused += batch.refused
                self._note(known, offset, f"{batch.refused:,} not as OTLP has spans and events: {batch.why}")
            service = _name_of(batch, "service.name")
            environment = _name_of(batch, "deployment.environment.name", "deployment.environment")
            for span in batch.spans:
                try:
                    row = self._rows.row(span, batch.scope, service, environment)
                except Refused as error:
                    counts.refused += 1
                    self._note(known, offset, f"a span has {error}")
                    continue
                row[-2], row[-1] = _row_id(known.number, counts.rows), offset
                counts.rows += 1
                self._spans.append(row)
                if len(self._spans) >= parts.ROWS_AT_ONCE:
                    self.finish()
            for record in batch.logs:
                try:
                    row = score_row(record)
                except Refused as error:
                    counts.refused += 1
                    self._note(known, offset, f"an evaluation has {error}")
                    continue
                if row is None:
                    counts.other_events += 1
                    continue
                row[-1] = _row_id(known.number, counts.scores)
                counts.scores += 1
                self._scores.append(row)
                if len(self._scores) >= parts.ROWS_AT_ONCE:
                    self.finish()

    def finish(self) -> None:
        """Write what waits."""
        manifest = self._manifest
        if self._spans:
            manifest.parts.append(parts.write_spans(self._folder, self._spans))
            manifest.rows += len(self._spans)
            self._spans = []
        if self._scores:
            manifest.score_parts.append(parts.write_scores(self._folder, self._scores))
            self._scores = []


def _row_id(number: int, place: int) -> int:
    return number << PLACE_BITS | place


def _name_of(batch: Batch, *names: str) -> str | None:
    said = next((text for name in names if (text := text_of(batch.resource.get(name)))), None)
    return said[:MOST_TEXT] if said else None


def _whole_requests(line: bytes) -> tuple[list[list[Batch]], bool]:
    """Read those requests of a line that are whole, and return whether all of it is."""
    requests = requests_in(line)
    found: list[list[Batch]] = []
    for request in requests if len(requests) > 1 else ():
        try:
            found.append(batches(request))
        except NotOtlp:
            continue
    return found, 0 < len(found) == len(requests)
