"""OTLP JSON lines → Parquet, each line once. What was read stays read: the next report reads what is new."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import platformdirs

from ...pricing import Pricer
from ..columns import PLACE_BITS
from ..otlp import Batch, NotOtlp, batches, text_of
from ..rows import Refused, Row, SpanRows, score_row
from . import manifest as manifests
from . import parts
from .files import FoundFile, Line, LineReader, Unreadable, find
from .manifest import Counts, KnownFile, Manifest

_SHOWN_MISTAKES: Final = 10
_WHOLE_DOCUMENT: Final = 64 * 1024 * 1024
"""Bytes. A longer file is never one document over many lines."""
OnProgress = Callable[[int, int], None]
"""Called with the bytes that were read, and those there are to read."""


def cache_folder(source: Path) -> Path:
    """Where the tables of a source lie: in the user's cache, under a name that says what they are of."""
    whole = str(source.resolve())
    name = f"{source.resolve().name or 'root'}-{hashlib.sha256(whole.encode()).hexdigest()[:12]}"
    return Path(platformdirs.user_cache_dir("otel-genai")) / "reports" / name


def ingest(source: Path, folder: Path, pricer: Pricer, on_progress: OnProgress) -> tuple[Manifest, list[Unreadable]]:
    """Read what is new in the source into the folder, and return what it has then, and which files can't be read.

    Two that do so at the same time don't disturb each other: both write files of their own, and the one that ends last
    is believed.

    Raises:
        OSError: if the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    manifest = manifests.load(folder)
    found = list(find(source))
    files = [item for item in found if isinstance(item, FoundFile)]
    unreadable = [item for item in found if isinstance(item, Unreadable)]
    changed = _forget_gone(manifest, files)
    new = [file for file in files if _unread(file, manifest) > 0]
    if new:
        writing = _Writing(folder, manifest, pricer, sum(_unread(file, manifest) for file in new), on_progress)
        for file in new:
            try:
                writing.read(file)
            except OSError as error:
                unreadable.append(Unreadable(file.path, error.strerror or str(error)))
        writing.finish()
    for file in files:  # one that was renamed
        if file.identity in manifest.files:
            manifest.files[file.identity].path = str(file.path)
    if new or changed:
        parts.tidy(manifest, folder)
        manifests.save(manifest, folder)
        parts.remove_orphans(manifest, folder)
    return manifest, unreadable


def _unread(file: FoundFile, manifest: Manifest) -> int:
    known = manifest.files.get(file.identity)
    return file.size if known is None else file.size - known.size


def _forget_gone(manifest: Manifest, files: list[FoundFile]) -> bool:
    """Forget files that are no more, and those that have become shorter: these are others."""
    sizes = {file.identity: file.size for file in files}
    gone = [identity for identity, known in manifest.files.items() if sizes.get(identity, -1) < known.size]
    for identity in gone:
        manifest.gone.append(manifest.files.pop(identity).number)
    return bool(gone)


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
            known = KnownFile(self._manifest.next_number, str(file.path), 0, 0, Counts())
            self._manifest.next_number += 1
            self._manifest.files[file.identity] = known
        counts, began = known.counts, known.offset
        counts.unfinished_bytes = 0
        try:
            for line in LineReader(file, known.offset):
                if not self._read_line(line, known, file):
                    break
                known.offset = line.offset + (len(line.text) if line.text is not None else 0)
                if not file.is_packed:
                    self._on_progress(self._done + known.offset - began, self._to_read)
        finally:
            # What follows the last whole line is read next time, from that line's end.
            known.size = file.size if file.is_packed or counts.unfinished_bytes == 0 else known.offset
            self._done += file.size - began
            self._on_progress(min(self._done, self._to_read), self._to_read)

    def _read_line(self, line: Line, known: KnownFile, file: FoundFile) -> bool:
        """Read a line; return false for what is not to be read yet, or was the rest of the file."""
        counts = known.counts
        if line.text is None:
            self._refuse_line(known, line.offset, "is too long")
            return True
        try:
            read = batches(line.text)
        except NotOtlp as error:
            if line.offset == 0 and file.size <= _WHOLE_DOCUMENT and not file.is_packed:
                try:
                    read = batches(file.path.read_bytes())
                except NotOtlp:
                    pass
                else:
                    counts.lines += 1
                    self._add(read, known, 0)
                    known.offset = file.size
                    return False
            if not line.ends:
                counts.unfinished_bytes = len(line.text)
                return False
            self._refuse_line(known, line.offset, str(error))
            return True
        counts.lines += 1
        self._add(read, known, line.offset)
        return True

    def _refuse_line(self, known: KnownFile, offset: int, why: str) -> None:
        known.counts.lines += 1
        known.counts.refused_lines += 1
        self._note(known, offset, why)

    @staticmethod
    def _note(known: KnownFile, offset: int, why: str) -> None:
        if len(known.counts.mistakes) < _SHOWN_MISTAKES:
            known.counts.mistakes.append(f"line {known.counts.lines} (at byte {offset:,}): {why}")

    def _add(self, read: list[Batch], known: KnownFile, offset: int) -> None:
        counts = known.counts
        for batch in read:
            if batch.refused:
                counts.refused += batch.refused
                self._note(known, offset, f"{batch.refused} spans or log records aren't as OTLP has them")
            service = text_of(batch.resource.get("service.name"))
            environment = text_of(
                batch.resource.get("deployment.environment.name") or batch.resource.get("deployment.environment")
            )
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
        if len(self._spans) >= parts.ROWS_AT_ONCE or len(self._scores) >= parts.ROWS_AT_ONCE:
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
