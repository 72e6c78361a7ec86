"""A child process of the demo: started, waited for, and always ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

STOP_TIMEOUT = 15.0
"""Seconds that a process has for its ending."""


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


class Child:
    """A process that runs while the demo needs it."""

    def __init__(self, name: str, process: subprocess.Popen[bytes]) -> None:
        self.name = name
        self._process = process

    def has_ended_within(self, seconds: float) -> bool:
        """Whether it has ended by itself; waits so long for that."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, timeout: float = STOP_TIMEOUT) -> int:
        """Interrupt it as Ctrl-C would and return its status; kill it if it does not end in time."""
        self._signal(signal.SIGINT)
        try:
            return self._process.wait(timeout)
        except BaseException:
            self._signal(signal.SIGKILL)
            self._process.wait()
            raise

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and to those that it started, unless it has ended."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    log: Path | None = None,
    pass_fds: Sequence[int] = (),
    stop_timeout: float = STOP_TIMEOUT,
    if_late: str = "",
) -> Generator[Child]:
    """Run a command for the length of the ``with`` block.

    It has a session of its own, so a Ctrl-C reaches the demo alone, which then ends it in order. What it
    prints goes to ``log``, or to the terminal. Raises DemoError if it cannot start, ends with a failure, or
    does not end in ``stop_timeout`` seconds; the message then closes with ``if_late``. Once something went
    wrong it has no more than the usual time to end.
    """
    with contextlib.ExitStack() as stack:
        output = None if log is None else stack.enter_context(log.open("w"))
        try:
            process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=pass_fds,
                start_new_session=True,
            )
        except OSError as error:
            raise DemoError(f"{name} cannot be started: {error}") from error
        child = Child(name, stack.enter_context(process))
        try:
            yield child
        except BaseException:
            with contextlib.suppress(subprocess.TimeoutExpired):  # killed; what is raised here says more
                child.stop(min(stop_timeout, STOP_TIMEOUT))
            raise
        try:
            status = child.stop(stop_timeout)
        except subprocess.TimeoutExpired as error:
            raise DemoError(f"{name} did not end within {stop_timeout:g} seconds{if_late}") from error
        if status:
            raise DemoError(f"{name} ended with status {status}")
