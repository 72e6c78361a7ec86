"""Reads and writes objects below a location, by whatever file system its URL names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from .location import Location

GRACE: Final = 1.0
"""Seconds that a loop has, beyond the time of what runs on it, to say so."""


class Folder:
    """Not for two threads at once, nor for a process that was forked: file systems have threads, and connections."""

    def __init__(self, location: Location) -> None:
        self._location: Final = location
        self._opened: tuple[Any, str] | None = None

    def write(self, objects: Sequence[tuple[str, bytes]], seconds: float) -> list[Exception | None]:
        """Write each (path, data), and return what became of each.

        File systems that are asynchronous (``s3``, ``gs``, ``az``) write all at once, each within ``seconds``. The
        others can't be stopped: they take as long as they do.
        """
        if self._location.is_local:
            return [_attempted(self._write_file, *each) for each in objects]
        try:
            system, root = self._open()
        except Exception as error:
            return [error] * len(objects)
        if system.async_impl:
            return _together(system, [(f"{root}/{path}", data) for path, data in objects], seconds)
        outcomes = [_attempted(_pipe, system, f"{root}/{path}", data) for path, data in objects]
        if any(outcomes):
            self._opened = None  # its connection may be gone
        return outcomes

    def read(self, path: str, seconds: float) -> bytes:
        """The data of an object.

        Raises:
            FileNotFoundError: if there is none.
            Exception: what the file system raises.
        """
        system, root = self._open()
        return bytes(_asked(system, "cat_file", f"{root}/{path}", seconds))

    def names(self, path: str, seconds: float) -> list[str]:
        """The names of what is in a folder, without those before them; none if it doesn't exist.

        Raises:
            Exception: what the file system raises.
        """
        system, root = self._open()
        try:
            listed = _asked(system, "ls", f"{root}/{path}".rstrip("/"), seconds, detail=False)
        except FileNotFoundError:
            return []
        return sorted({name for each in listed if (name := str(each).rstrip("/").rpartition("/")[2])})

    def _open(self) -> tuple[Any, str]:
        if self._opened is None:
            # Instances are shared in a process and outlive a fork, unlike their loops and connections.
            system, root = import_module("fsspec.core").url_to_fs(self._location.url, skip_instance_cache=True)
            self._opened = system, root.rstrip("/")
        return self._opened

    def _write_file(self, path: str, data: bytes) -> None:
        """Nobody but the owner reads it, and nobody sees a half of it."""
        target = Path(self._location.url, path)
        _make_folder(target.parent)
        passing = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(data)
            passing.replace(target)
        except BaseException:
            with suppress(OSError):
                passing.unlink()
            raise


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with suppress(FileExistsError):  # another process was faster
        folder.mkdir(mode=0o700)


def _pipe(system: Any, path: str, data: bytes) -> None:
    try:
        system.pipe_file(path, data)
    except FileNotFoundError:
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        system.pipe_file(path, data)


def _attempted(function: Any, *arguments: object) -> Exception | None:
    try:
        function(*arguments)
    except Exception as error:
        return error
    return None


def _together(system: Any, objects: Sequence[tuple[str, bytes]], seconds: float) -> list[Exception | None]:
    """Its own ``sync`` has no time limit that holds when the loop itself is busy."""
    import asyncio

    async def write_all() -> list[Exception | None]:
        writing = (asyncio.wait_for(system._pipe_file(path, data), seconds) for path, data in objects)
        return [_fault(each) for each in await asyncio.gather(*writing, return_exceptions=True)]

    running = asyncio.run_coroutine_threadsafe(write_all(), system.loop)
    try:
        return running.result(seconds + GRACE)
    except Exception as error:  # the loop hangs, or is gone
        running.cancel()
        return [error] * len(objects)


def _fault(outcome: object) -> Exception | None:
    if isinstance(outcome, BaseException):
        return outcome if isinstance(outcome, Exception) else RuntimeError("cancelled")
    return None


def _asked(system: Any, what: str, path: str, seconds: float, **options: object) -> Any:
    if not system.async_impl:
        return getattr(system, what)(path, **options)
    sync = import_module("fsspec.asyn").sync
    return sync(system.loop, getattr(system, f"_{what}"), path, timeout=seconds, **options)
