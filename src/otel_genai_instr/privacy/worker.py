"""Runs functions that aren't ours in one thread, and waits for them no longer than a call may wait."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from ..withheld import Withheld
from .scanner import Deadline

T = TypeVar("T")


class _Job(Generic[T]):
    __slots__ = ("_work", "done", "error", "is_given_up", "is_started", "result")

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self.done: Final = threading.Event()
        self.result: T
        self.error: BaseException | None = None
        self.is_started = self.is_given_up = False

    def run(self) -> None:
        if self.is_given_up:
            return
        self.is_started = True
        try:
            self.result = self._work()
        except BaseException as error:
            self.error = error
        self.done.set()


class _Thread:
    """One thread, of one process."""

    def __init__(self) -> None:
        self._jobs: Final = queue.SimpleQueue[_Job[object]]()
        self._lock: Final = threading.Lock()
        self._ident: int | None = None
        self._hangs_in: _Job[object] | None = None

    def run(self, work: Callable[[], T], deadline: Deadline) -> T:
        if threading.get_ident() == self._ident:
            raise Withheld("redactor_failed")  # a function makes content of its own: it would wait for itself
        if self._hangs_in is not None and not self._hangs_in.done.is_set():
            raise Withheld("redactor_slow")  # nobody else waits, so that nothing piles up behind it
        with self._lock:
            if self._ident is None:
                thread = threading.Thread(target=self._loop, name="otel-genai-redactor", daemon=True)
                thread.start()
                self._ident = thread.ident
        job = _Job(work)
        self._jobs.put(job)  # pyright: ignore[reportArgumentType] - a job of anything
        if not job.done.wait(deadline.left()):
            job.is_given_up = True
            if job.is_started:
                self._hangs_in = job  # pyright: ignore[reportAttributeAccessIssue]
            raise Withheld("redactor_slow")
        if job.error is not None:
            # A function that ends the process ends only its own work here.
            raise job.error if isinstance(job.error, Exception) else Withheld("redactor_failed")
        return job.result

    def _loop(self) -> None:
        while True:
            self._jobs.get().run()


class Worker:
    """The thread of this process: a forked child has its own, which nobody has waited for."""

    def __init__(self) -> None:
        self._threads: Final[dict[int, _Thread]] = {}

    def run(self, work: Callable[[], T], deadline: Deadline) -> T:
        """What ``work`` returns, or raises.

        Raises:
            Withheld: when it takes too long, or another one that took too long is still at it.
        """
        return self._threads.setdefault(os.getpid(), _Thread()).run(work, deadline)
