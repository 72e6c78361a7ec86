"""The files that ``genai_file`` makes: how they are named, which of them there are, which have to go."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from ..file_settings import FileSettings
from ..records import frozen

TRACES: Final = "traces"
LOGS: Final = "logs"
_OURS: Final = re.compile(rf"({TRACES}|{LOGS})-\d{{8}}T\d{{6}}\.\d{{6}}Z-\d+\.jsonl", re.ASCII)
_DAY: Final = 86_400.0


@frozen
class StoredFile:
    """One of them."""

    path: str
    kind: str
    """``traces`` or ``logs``."""
    size: int
    written: float
    """When its last line was written, in Unix seconds."""


def make(folder: str, kind: str) -> tuple[str, int]:
    """Make a new file that nobody but the owner reads; its path, and its descriptor, which appends.

    The name says when it was begun, in UTC, and the number of the process. Containers have the same numbers, so what
    makes the file this process's own is that it wasn't there before.

    Raises:
        OSError: if it can't be made.
    """
    os.makedirs(folder, mode=0o700, exist_ok=True)
    while True:
        begun = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        path = os.path.join(folder, f"{kind}-{begun}-{os.getpid()}.jsonl")
        with suppress(FileExistsError):  # of another container; a microsecond later it is another name
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | APPENDING, 0o600)


APPENDING: Final = os.O_APPEND | getattr(os, "O_BINARY", 0)
"""Each write goes to the end, whoever else writes; and a line ends the same on every system."""


def stored_files(folder: str) -> list[StoredFile]:
    """All that are in the folder, the one that was written to last at the end; none if there is no folder.

    Raises:
        OSError: if the folder can't be read.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted(_ours(entries), key=lambda file: (file.written, file.path))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _ours(entries: Iterator[os.DirEntry[str]]) -> Iterator[StoredFile]:
    for entry in entries:
        named = _OURS.fullmatch(entry.name)
        if named is None:
            continue
        with suppress(FileNotFoundError):  # another process was faster
            state = entry.stat(follow_symlinks=False)
            yield StoredFile(entry.path, named[1], state.st_size, state.st_mtime)


def sweep(settings: FileSettings, room: int) -> None:
    """Remove what is too old, and from all that is too much what wasn't written to for the longest.

    ``room`` is how many bytes may come before the next look: so much less is kept. The files that processes write to go
    last; a process whose file is gone begins another one.

    Raises:
        OSError: if the folder can't be read; or of the first file that can't be removed, when all others are.
    """
    files = stored_files(settings.folder)
    total = sum(file.size for file in files)
    most = settings.total_bytes - room
    oldest = time.time() - settings.max_age * _DAY
    fault: OSError | None = None
    for file in files:
        is_too_old = settings.max_age and file.written < oldest
        is_too_much = settings.total_bytes and total > most
        if not is_too_old and not is_too_much:
            break
        try:
            os.unlink(file.path)
        except FileNotFoundError:  # another process was faster
            pass
        except OSError as error:
            fault = fault or error
            continue
        total -= file.size
    if fault is not None:
        raise fault
