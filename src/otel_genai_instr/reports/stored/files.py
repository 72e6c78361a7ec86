"""The files of a folder, known by how they begin: a file that was renamed when it was rotated is still the same one."""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, NamedTuple

from .packing import Packing, messages, packing_of, unpacked

_HEAD: Final = 65_536
"""Bytes that tell files apart. A shorter file is read as a whole, and again when it has grown."""
_NAME: Final = re.compile(r"\.(json|jsonl|ndjson)([.-][0-9-]+)?(\.(gz|zst))?$")
"""A file of OTLP JSON, with what rotation puts behind its name: ``traces.jsonl.1``, ``traces.jsonl-20261130.gz``."""
LONGEST_LINE: Final = 128 * 1024 * 1024
"""Bytes. A longer line is refused: no request of OTLP is near it."""
_STEP: Final = 1024 * 1024


class FoundFile(NamedTuple):
    """A file as it lies there now."""

    path: Path
    identity: str
    size: int
    packing: Packing
    changed: int
    """When it was written to last, in nanoseconds."""

    @property
    def is_packed(self) -> bool:
        """Whether it is packed as a whole: then it is read as a whole, and again when it has changed."""
        return self.packing.is_whole

    @property
    def is_told_whole(self) -> bool:
        """Whether its identity is that of all that is in it."""
        return self.size < _HEAD and not self.is_packed

    def tail(self, offset: int) -> str:
        """Tell what lies before an offset; empty where it can't be read."""
        try:
            with self.path.open("rb") as file:
                start = max(offset - _HEAD, 0)
                file.seek(start)
                return hashlib.sha256(file.read(offset - start)).hexdigest()
        except OSError:
            return ""


class Unreadable(NamedTuple):
    """A file that can't be read."""

    path: Path
    reason: str


class Line(NamedTuple):
    """A line of a file."""

    offset: int
    """Where it begins, in bytes; in what is packed, of what comes out."""
    text: bytes | None
    """``None`` for one that can't be read."""
    end: int
    """Where the next one begins."""
    ends: bool = True
    """Whether a line end follows. A file that is being written may end in half a line."""
    why: str = "is too long"
    """Why it can't be read, if it can't."""


def find(source: Path) -> Iterator[FoundFile | Unreadable]:
    """Find the files of a folder, or the one file that ``source`` is; sorted by name.

    In a folder files are those of OTLP JSON by their name, packed by gzip, by zstd or not.
    """
    seen: dict[str, int] = {}
    try:
        paths = sorted(_paths(source))
    except OSError as error:
        yield Unreadable(source, error.strerror or str(error))
        return
    for path in paths:
        try:
            said = path.stat()
            size = said.st_size
            if size == 0 or not stat.S_ISREG(said.st_mode):  # to open a pipe waits for who writes into it
                continue
            with path.open("rb") as file:
                head = file.read(_HEAD)
        except OSError as error:
            yield Unreadable(path, error.strerror or str(error))
            continue
        packing = packing_of(head)
        if packing is Packing.PROTOBUF:
            yield Unreadable(path, "it is protobuf; let the Collector's exporter write JSON: `format: json`")
            continue
        whole = f"{size}:" if size < _HEAD or packing.is_whole else ""
        identity = whole + hashlib.sha256(head).hexdigest()
        copies = seen[identity] = seen.get(identity, 0) + 1
        whose = identity if copies == 1 else f"{identity}#{copies}"
        yield FoundFile(path, whose, size, packing, said.st_mtime_ns)


def _paths(source: Path) -> Iterator[Path]:
    if not source.is_dir():
        yield source
        return
    yield from (path for path in source.iterdir() if _NAME.search(path.name))


@dataclass
class LineReader:
    """Reads the lines of a file from an offset on. What was read is in memory one line at a time."""

    file: FoundFile
    offset: int = 0

    def __iter__(self) -> Iterator[Line]:
        """Yield every line that isn't empty.

        Raises:
            OSError: if the file can't be read; of a packed one that is damaged, after the lines before.
        """
        packing = self.file.packing
        with self.file.path.open("rb") as raw:
            if packing.is_whole:
                with unpacked(raw, packing) as text:
                    yield from _lines(text, 0)
                return
            raw.seek(self.offset)
            yield from (_lines if packing is Packing.NONE else _messages)(raw, self.offset)


def _messages(file: IO[bytes], offset: int) -> Iterator[Line]:
    for message in messages(file, offset, LONGEST_LINE):
        if message.damage:
            yield Line(message.offset, None, message.end, why=f"is damaged: {message.damage}")
        elif len(message.text) > LONGEST_LINE:
            yield Line(message.offset, None, message.end)
        else:
            yield Line(message.offset, message.text, message.end, ends=not message.is_cut)


def _lines(file: IO[bytes], offset: int) -> Iterator[Line]:
    while text := file.readline(LONGEST_LINE):
        start, is_whole = offset, len(text) < LONGEST_LINE
        offset += len(text)
        rest = text
        while not rest.endswith(b"\n") and len(rest) == (LONGEST_LINE if rest is text else _STEP):
            rest = file.readline(_STEP)
            offset += len(rest)
        if not is_whole:
            yield Line(start, None, offset, rest.endswith(b"\n"))
        elif not text.isspace():
            yield Line(start, text, offset, text.endswith(b"\n"))
