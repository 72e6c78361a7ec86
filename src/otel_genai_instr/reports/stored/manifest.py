"""What was read already: of which file how far, and in which files of ours it lies."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Final

import msgspec
import pyarrow
import pyarrow.parquet

VERSION: Final = 3
"""Of the tables. What another version has written is read again."""
_NAME: Final = "manifest.json"


class Counts(msgspec.Struct):
    """What came of reading. Of spans and of events: read = rows + refused; those there twice are in ``rows``."""

    lines: int = 0
    refused_lines: int = 0
    rows: int = 0
    refused: int = 0
    scores: int = 0
    other_events: int = 0
    """Log records that are no evaluation: they have no table."""
    unfinished_bytes: int = 0
    """At the end of the file, of a line that is still being written."""
    mistakes: list[str] = msgspec.field(default_factory=list[str])
    """The first few, each with its place."""

    @property
    def read(self) -> int:
        """Spans and events that were read."""
        return self.rows + self.refused + self.scores + self.other_events


class KnownFile(msgspec.Struct):
    """A file of the source, as far as it was read."""

    number: int
    """Never used again. It stands in the rows of the file."""
    path: bytes
    """As the file system has it: a name may be no text."""
    offset: int = 0
    """Up to where it was read."""
    size: int = 0
    """That it had then; where half a line was left at its end, without that."""
    changed: int = 0
    """When it was written to last, as it was read; in nanoseconds."""
    tail: str = ""
    """What lay before the offset, as a digest."""
    damage: str = ""
    """Why it can't be read any further."""
    counts: Counts = msgspec.field(default_factory=Counts)

    @property
    def place(self) -> Path:
        """Where it lies."""
        return Path(os.fsdecode(self.path))


class Manifest(msgspec.Struct):
    """All of it."""

    version: int = VERSION
    next_number: int = 0
    files: dict[str, KnownFile] = msgspec.field(default_factory=dict[str, KnownFile])
    """By the identity of the file."""
    parts: list[str] = msgspec.field(default_factory=list[str])
    """Files of ours with rows of spans."""
    score_parts: list[str] = msgspec.field(default_factory=list[str])
    gone: list[int] = msgspec.field(default_factory=list[int])
    """Numbers of files that are no more, or were read again: their rows don't count."""
    rows: int = 0
    """Of the parts, those of files that are gone included."""
    repeats: str | None = None
    """The file of ours that names the rows which are there a second time."""
    repeated: int = 0
    """How many they are."""
    score_repeats: str | None = None
    """The same of evaluations."""
    repeated_scores: int = 0

    @property
    def owned(self) -> set[str]:
        """Every file of ours that it names."""
        return {*self.parts, *self.score_parts, *filter(None, (self.repeats, self.score_repeats))}


def load(folder: Path) -> Manifest:
    """Read what is known; nothing, if nothing was read yet, by another version, or if it can't be understood."""
    try:
        manifest = msgspec.json.decode((folder / _NAME).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return Manifest()
    if manifest.version != VERSION:
        return Manifest()
    return manifest if all(_is_whole(folder / name) for name in manifest.owned) else Manifest()


def _is_whole(path: Path) -> bool:
    """Whether a file of ours is there to its end: a machine that lost its power may have kept half of it."""
    try:
        pyarrow.parquet.read_metadata(path)
    except (OSError, pyarrow.ArrowException):
        return False
    return True


def save(manifest: Manifest, folder: Path) -> None:
    """Write what is known, at once or not at all."""
    draft = folder / f"{_NAME}.{uuid.uuid4().hex}"
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(manifest))
    draft.replace(folder / _NAME)
