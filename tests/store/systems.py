"""File systems of ``fsspec`` that do what stores do on a bad day."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, ClassVar

from opentelemetry.instrumentation.utils import is_instrumentation_enabled

fsspec: Any = import_module("fsspec")  # it has no types
AsyncFileSystem: Any = import_module("fsspec.asyn").AsyncFileSystem


class Trouble:
    """What the file systems below do next, and what they were asked."""

    def __init__(self) -> None:
        self.hold = threading.Event()
        """Writes wait for it."""
        self.hold.set()
        self.entered = threading.Event()
        self.failures: list[Exception] = []
        """Raised one after the other, before anything is written."""
        self.objects: dict[str, bytes] = {}
        self.attempts = 0
        self.instances = 0
        self.threads: set[str] = set()
        self.instrumented: set[bool] = set()

    def write(self, path: str, data: bytes) -> None:
        self.attempts += 1
        self.threads.add(threading.current_thread().name)
        self.instrumented.add(is_instrumentation_enabled())
        if self.failures:
            raise self.failures.pop(0)
        self.objects[path] = data


class Blocking(fsspec.AbstractFileSystem):
    """Its calls can't be stopped."""

    protocol = "blocking"
    trouble: ClassVar[Trouble]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)  # pyright: ignore[reportUnknownMemberType]
        self.trouble.instances += 1

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **options: Any) -> None:
        self.trouble.entered.set()
        self.trouble.hold.wait(60)
        self.trouble.write(path, value)


class Looping(AsyncFileSystem):
    """Its calls are coroutines."""

    protocol = "looping"
    trouble: ClassVar[Trouble]

    async def _pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **options: Any) -> None:
        self.trouble.entered.set()
        while not self.trouble.hold.is_set():  # noqa: ASYNC110  # the test sets it in another thread
            await asyncio.sleep(0.01)
        self.trouble.write(path, value)


@contextmanager
def trouble() -> Generator[Trouble]:
    """Both are registered from here on; what hangs in them ends with the block."""
    made = Trouble()
    for kind in (Blocking, Looping):
        kind.trouble = made
        fsspec.register_implementation(kind.protocol, kind, clobber=True)
    yield made
    made.hold.set()


def no_space() -> OSError:
    return OSError(errno.ENOSPC, "No space left on device")
