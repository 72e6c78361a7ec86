"""Work that the garbage collector brings.

The collector runs at any allocation, in any thread, also while the OpenTelemetry SDK or an exporter holds a lock. An
end that takes the same lock there would wait for itself forever. So a finaliser only notes its work here, which takes
no lock, and a thread that lives as long as something waits does it.
"""

from __future__ import annotations

import _thread
import gc
import os
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from .. import guard

_waiting: Final[deque[Callable[[], object]]] = deque()
_working = False
_worker = 0  # the thread that works
_PATIENCE: Final = 2.0  # seconds
_PRICES_PATIENCE: Final = 6.0  # a little longer than a call waits for prices
_collecting = 0  # the thread that the collector runs in; it runs in one at a time


def in_collection() -> bool:
    """Whether the garbage collector runs, in this thread: what is done now may wait for itself."""
    return _collecting == _thread.get_ident()


def do(work: Callable[[], object]) -> None:
    """Do ``work`` soon, in another thread. May be called by a finaliser."""
    _waiting.append(work)
    if not _working:
        _start()


def finish() -> None:
    """Return when everything is done, or takes too long; for the end of a process."""
    do_now()
    patience = time.monotonic() + _PATIENCE
    while _working and time.monotonic() < patience:
        time.sleep(0.001)


def settle() -> None:
    """Return when what waits was done by its thread, in its order, or takes too long. In that thread: at once."""
    patience = time.monotonic() + _PRICES_PATIENCE
    while _working and _worker != _thread.get_ident() and time.monotonic() < patience:
        time.sleep(0.0005)
    if not _working:  # no thread could be started
        do_now()


def do_now() -> None:
    """Do in this thread whatever still waits."""
    while True:
        try:
            work = _waiting.popleft()
        except IndexError:
            return
        guard.run("later", work)


def _start() -> None:
    global _working
    _working = True
    try:
        # Of `threading`, starting a thread takes a lock, which whoever was interrupted may hold.
        _thread.start_new_thread(_work, ())
    except RuntimeError:  # the process is about to end: `finish` will be called
        _working = False


def _work() -> None:
    global _working, _worker
    _worker = _thread.get_ident()
    try:
        do_now()
    finally:
        _working = False
    if _waiting and not _working:  # it came in between
        _start()


def _note_collection(phase: str, _counts: object) -> None:
    global _collecting
    _collecting = _thread.get_ident() if phase == "start" else 0


gc.callbacks.append(_note_collection)


def _start_empty() -> None:
    """In a forked child: the work is the parent's, and the thread is not here."""
    global _working, _collecting
    _working, _collecting = False, 0
    _waiting.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_empty)
