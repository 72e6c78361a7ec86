"""Appends whole lines to files of this process's own, one after the other, within bounds of size and age.

A file is open only while a line is written. So a forked child inherits none, an app that closes descriptors which it
doesn't know can't have another one written to, and a file that somebody removes is gone.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import Final

from ..file_settings import FileSettings
from .folder import APPENDING, make, sweep

FILE_SECONDS: Final = 86_400.0
"""How long one file is written to, so that old lines leave with their file."""
SWEEP_SECONDS: Final = 10.0
"""How often whoever writes looks whether the folder is within its bounds: other processes write there, too."""


class LineFile:
    """Not for two threads at once. ``kind`` is ``traces`` or ``logs``."""

    def __init__(self, kind: str, settings: FileSettings) -> None:
        self._kind: Final = kind
        self._settings: Final = settings
        bounds = [bound for bound in (settings.max_bytes, settings.total_bytes // 4) if bound]
        self._max_bytes: Final = min(bounds, default=0)
        self._sweep_after = 0.0
        self.begin()

    def begin(self) -> None:
        """Make the next line the first of a new file: also in a child that was forked."""
        self._path: str | None = None
        self._until = 0.0

    def write(self, line: bytes) -> None:
        """Append a line, which has its line feed; all of it, or nothing.

        Raises:
            OSError: if it can't be written. The next one is tried again.
        """
        descriptor = self._opened(len(line))
        try:
            _append(descriptor, line)
        finally:
            os.close(descriptor)

    def tidy(self) -> None:
        """Bring the folder within its bounds, if a file was begun or it is time to look again.

        Raises:
            OSError: if what has to go can't be removed.
        """
        if time.monotonic() >= self._sweep_after:
            self._sweep_after = time.monotonic() + SWEEP_SECONDS
            sweep(self._settings, self._max_bytes)

    def _opened(self, more: int) -> int:
        if self._path is not None and time.monotonic() < self._until:
            with suppress(FileNotFoundError):  # somebody has removed it
                descriptor = os.open(self._path, os.O_WRONLY | APPENDING)
                size = os.fstat(descriptor).st_size
                if not size or not self._max_bytes or size + more <= self._max_bytes:
                    return descriptor
                os.close(descriptor)
        self._sweep_after = 0.0
        self._path, descriptor = make(self._settings.folder, self._kind)
        self._until = time.monotonic() + FILE_SECONDS
        return descriptor


def _append(descriptor: int, line: bytes) -> None:
    before = os.fstat(descriptor).st_size
    rest = memoryview(line)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except BaseException:
        with suppress(OSError):
            os.ftruncate(descriptor, before)  # no half of a line
        raise
