"""Takes what was said in a call and stores it later, so that no call waits for it.

One thread writes: it starts with the first content and ends when it had nothing to do for a while. What waits is
bounded in number and bytes, an upload in attempts and time; what is lost is counted, and said once for each reason.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from errno import EDQUOT, ENOSPC
from importlib import import_module
from typing import Any, Final, cast

from opentelemetry.instrumentation.utils import suppress_instrumentation

from .. import guard, log, settings
from ..addresses import without_password
from ..records import frozen
from ..text import class_name
from ..withheld import Withheld
from .folder import Folder
from .location import Location, Unusable, located
from .sealing import cipher_of, encoded, path_of

QUEUED: Final = 1_000
"""Objects that wait at most."""
QUEUED_BYTES: Final = 64 * 1024 * 1024
"""Memory that they take at most, with those that are being stored."""
OBJECT_BYTES: Final = 16 * 1024 * 1024
"""Memory that one of them takes at most; also what is encoded at a time."""
TOGETHER: Final = 8
"""Uploads at a time, where the file system is asynchronous."""
UPLOAD_SECONDS: Final = 10.0
"""How long each of them may take."""
ATTEMPTS: Final = 3
"""How often each object is tried."""
PAUSE: Final = 0.5
"""Seconds before the second attempt; twice that before the third."""
EXIT_SECONDS: Final = 5.0
"""How long the end of the process waits, for all stores."""
IDLE_SECONDS: Final = 30.0
"""How long the thread waits for something to do."""

_HOPELESS: Final = (PermissionError, FileNotFoundError, NotADirectoryError, NotImplementedError)
"""What another attempt doesn't help."""


@frozen
class _Object:
    trace_id: int
    span_id: int
    at_ns: int
    content: Mapping[str, object]
    about: Mapping[str, object]
    path: str
    size: int


def _uncounted(outcome: str, reason: str | None) -> None:
    """Nobody counts."""


class ContentStore:
    """A folder of objects, one for each call.

    ``count`` is told what became of each content that was taken: ``("stored", None)``, or ``("dropped", reason)`` with
    one of ``refused``, ``timeout``, ``no_space``, ``failed``, ``unencodable`` and ``exit``. It is called in the store's
    thread, and at the end of the process.
    """

    def __init__(
        self, url: str, keys: tuple[str, ...] = (), count: Callable[[str, str | None], None] = _uncounted
    ) -> None:
        self._count: Final = count
        self._said: Final[set[str]] = set()
        self._location: Final = _usable(url)
        self._cipher: Any = None
        self._is_usable = self._location is not None
        if keys:
            try:
                self._cipher = cipher_of(keys)
            except Unusable as error:
                self._is_usable = False  # never plain text when keys were asked for
                log.warning("%s can't be used: %s. No content is stored.", settings.CONTENT_STORE_KEYS, error)
        self._is_over = False
        self._begin()
        _stores.add(self)

    def _begin(self) -> None:
        """With nothing: at first, and in a forked child, whose parent stores what waited there."""
        self._changed = threading.Condition()
        self._waiting: deque[_Object] = deque()
        self._busy: list[_Object] = []
        self._busy_since = 0.0
        self._bytes = 0
        self._thread: threading.Thread | None = None
        self._folder = Folder(self._location) if self._location is not None else None

    def put(
        self,
        trace_id: int,
        span_id: int,
        at_ns: int,
        content: Mapping[str, object],
        about: Mapping[str, object],
    ) -> str:
        """Take the content of a call that ended ``at_ns`` (since 1970), and return the URL that it will have.

        ``content`` has structures by attribute name, ``about`` what else is known of the call. Both are kept and
        encoded later, so nobody may change them.

        Raises:
            Withheld: ``store_unavailable`` if nothing can be stored, ``store_full`` if too much waits, ``too_large``.
        """
        location = self._location
        if location is None or not self._is_usable:
            raise Withheld("store_unavailable")
        size = _memory_of([*content.values(), *about.values()], OBJECT_BYTES)
        if size > OBJECT_BYTES:
            self._say("too_large", "content of more than %d MiB is not stored", OBJECT_BYTES >> 20)
            raise Withheld("too_large")
        path = path_of(trace_id, span_id, at_ns, self._cipher is not None)
        taken = _Object(trace_id, span_id, at_ns, content, about, path, size)
        with self._changed:
            has_room = len(self._waiting) < QUEUED and self._bytes + size <= QUEUED_BYTES and not self._is_over
            if has_room:
                self._start()
                self._waiting.append(taken)
                self._bytes += size
                self._changed.notify_all()
        if not has_room:
            self._say_full()
            raise Withheld("store_full")
        return f"{location.shown}/{path}"

    def flush(self, seconds: float = EXIT_SECONDS) -> int:
        """Wait until everything is stored or lost, for so long at most, and return how many are left."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while (left := len(self._waiting) + len(self._busy)) and (rest := deadline - time.monotonic()) > 0:
                self._changed.wait(rest)
            return left

    def _start(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        _register_exit()
        thread = threading.Thread(target=self._run, name="otel-genai-content-store", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more threads, or the interpreter is ending
            raise Withheld("store_unavailable") from None
        self._thread = thread

    def _run(self) -> None:
        # Nor are our uploads the app's: they make no spans.
        with suppress_instrumentation():
            while batch := self._next():
                try:
                    self._store(batch)
                except Exception as error:
                    guard.report("store", error)
                finally:
                    with self._changed:
                        self._bytes -= sum(each.size for each in batch)
                        self._busy = []
                        self._changed.notify_all()

    def _next(self) -> list[_Object]:
        """What is to be stored now; nothing when the thread has to end."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(IDLE_SECONDS)
            batch: list[_Object] = []
            size = 0
            while self._waiting and len(batch) < TOGETHER and size + self._waiting[0].size <= OBJECT_BYTES:
                batch.append(self._waiting.popleft())
                size += batch[-1].size
            self._busy = batch
            self._busy_since = time.monotonic()
            if not batch:
                self._thread = None
            return batch

    def _store(self, batch: Iterable[_Object]) -> None:
        folder = self._folder
        assert folder is not None
        left: list[tuple[_Object, bytes]] = []
        for each in batch:
            try:
                left.append((each, self._data(each)))
            except Exception as error:
                self._lose([each], "unencodable", error)
        for attempt in range(1, ATTEMPTS + 1):
            outcomes = folder.write([(each.path, data) for each, data in left], UPLOAD_SECONDS)
            again: list[tuple[_Object, bytes]] = []
            for (each, data), error in zip(left, outcomes, strict=True):
                if error is None:
                    self._tell("stored", None)
                elif attempt == ATTEMPTS or isinstance(error, _HOPELESS):
                    self._lose([each], _reason(error), error)
                else:
                    again.append((each, data))
            if not again:
                return
            left = again
            time.sleep(PAUSE * attempt)

    def _data(self, each: _Object) -> bytes:
        data = encoded(each.trace_id, each.span_id, each.at_ns, each.content, each.about)
        return data if self._cipher is None else self._cipher.encrypt(data)

    def _tell(self, outcome: str, reason: str | None) -> None:
        if not self._is_over:  # what is given up is counted
            guard.run("store.count", self._count, outcome, reason)

    def _lose(self, objects: Iterable[_Object], reason: str, error: Exception) -> None:
        for _ in objects:
            self._tell("dropped", reason)
        message = str(error)
        if self._location is not None:
            message = message.replace(self._location.url, self._location.shown)
        self._say(reason, "content is lost (%s: %s: %.300s)", reason, class_name(type(error)), message)

    def _say_full(self) -> None:
        busy = f"; what is being stored began {time.monotonic() - self._busy_since:.0f} s ago" if self._busy else ""
        self._say("store_full", "calls come faster than they are stored, and content is withheld%s", busy)

    def _say(self, reason: str, message: str, *values: object) -> None:
        if reason in self._said or self._location is None:
            return
        self._said.add(reason)
        # Without suppression, a logging integration could call us back.
        with suppress_instrumentation():
            log.warning(f"Content store %s: {message}; this is logged once.", self._location.shown, *values)

    def _end(self, seconds: float) -> None:
        """Store what waits, for so long at most; what is left then is lost."""
        if self._is_over or not self.flush(seconds):
            return
        with self._changed:
            left = len(self._waiting) + len(self._busy)
            self._is_over = True
            self._waiting.clear()
        for _ in range(left):
            guard.run("store.count", self._count, "dropped", "exit")
        self._say("exit", "the process ends before the content of %d calls is stored", left)

    def after_fork(self) -> None:
        """In the child: begin with nothing."""
        self._begin()


def _usable(url: str) -> Location | None:
    try:
        return located(url)
    except Unusable as error:
        log.warning(
            "%s=%r can't be used: %s. No content is stored.", settings.CONTENT_STORE, without_password(url), error
        )
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "refused"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, OSError) and error.errno in (ENOSPC, EDQUOT):
        return "no_space"
    return "failed"


def _memory_of(value: object, limit: int) -> int:
    """Bytes that JSON data takes, roughly. It stops above the limit, so that a circle has an end."""
    size = 0
    left = [value]
    while left and size <= limit:
        item = left.pop()
        size += sys.getsizeof(item)
        if isinstance(item, dict):
            left.extend(cast("dict[object, object]", item).values())
        elif isinstance(item, list):
            left.extend(cast("list[object]", item))
    return size


_stores: Final[weakref.WeakSet[ContentStore]] = weakref.WeakSet()
_is_registered = False
_patience = EXIT_SECONDS
"""Seconds that are left for the end of the process, however many stores it has."""


def flush_all(seconds: float) -> int:
    """``ContentStore.flush`` of every store: each instrumentor that is turned on by itself has one."""
    deadline = time.monotonic() + seconds
    return sum(store.flush(max(0.0, deadline - time.monotonic())) for store in list(_stores))


def _register_exit() -> None:
    """Have what waits be stored before the process ends.

    Asynchronous file systems need the executors of ``concurrent.futures``, which are gone when ``atexit`` comes. What
    is registered with ``threading`` comes before; in the reverse order, so theirs has to stand there first. ``atexit``
    is for threads of the app that go on until then.
    """
    global _is_registered
    if _is_registered:
        return
    _is_registered = True
    import_module("concurrent.futures.thread")  # registers its own end
    register: Any = getattr(threading, "_register_atexit", None)
    if register is not None:
        with suppress(RuntimeError):  # the threads are ending already
            register(_end_all)
    atexit.register(_end_all)


def _end_all() -> None:
    global _patience
    deadline = time.monotonic() + _patience
    for store in list(_stores):
        store._end(max(0.0, deadline - time.monotonic()))  # pyright: ignore[reportPrivateUsage]
    _patience = max(0.0, deadline - time.monotonic())


def _after_fork() -> None:
    asyn: Any = sys.modules.get("fsspec.asyn")
    if asyn is not None:
        asyn.reset_lock()  # its own handler forgets the lock, which our thread may have held in the parent
    for store in list(_stores):
        store.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
