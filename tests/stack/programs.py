"""Programs that a test starts, waits for and always ends, and the loopback ports that they listen on."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

STARTUP_SECONDS = 30.0
STOP_SECONDS = 10.0

_used_ports: set[int] = set()
# Below the range from which the system takes the ports of outgoing connections.
_PORTS = range(20_000, 32_000)

# Talks to loopback only, whatever proxy the environment names.
_http = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ProgramFailed(Exception):
    """A program ended too early or would not start; the message carries the end of its output."""


def free_port() -> int:
    """A loopback port that nobody listens on and that no earlier call returned."""
    while True:
        port = random.choice(_PORTS)
        if port in _used_ports:
            continue
        with socket.socket() as probe:
            # As the programs do it: a connection of a moment ago must not make the port look taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _used_ports.add(port)
        return port


def wait_until(true: Callable[[], bool], *, what: str, seconds: float) -> None:
    """Ask again and again until the answer is yes; raises ``TimeoutError`` saying what was waited for."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(0.05)


def http_get(url: str, *, timeout: float = 30.0) -> tuple[int, bytes]:
    """Status and body; status 0 when nobody answered."""
    try:
        with _http.open(url, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()
    except OSError:
        return 0, b""


def http_post(url: str, body: bytes, content_type: str, seconds: float = 30.0) -> int:
    """Status of the answer; raises ``OSError`` when nobody answered in this time."""
    request = urllib.request.Request(url, data=body, headers={"Content-Type": content_type})
    try:
        with _http.open(request, timeout=seconds) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


class Runnable(Protocol):
    """A program, or what stands in the place of one."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


_R = TypeVar("_R", bound=Runnable)


@contextlib.contextmanager
def running(program: _R) -> Generator[_R]:
    """Start it, and end it whatever happens."""
    try:
        program.start()
        yield program
    finally:
        program.stop()


class Program:
    """One program in a process group of its own, so that ending it ends its children too."""

    def __init__(self, name: str, command: Sequence[str | Path], env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self._command = [str(part) for part in command]
        # Of the caller's environment only what any program needs: OTEL_* of a shell must not change a test.
        needed = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        self._env = needed | dict(env)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the running program; it is also the id of its process group."""
        return self._process.pid if self._process is not None else None

    def start(self, ready: Callable[[], bool]) -> None:
        """Run it and wait until ``ready``; raises ``ProgramFailed``, and then nothing is left running."""
        if self._process is not None:
            raise ProgramFailed(f"{self.name} is already running")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            what = f"{self.name} is ready"
            wait_until(lambda: self._alive() and ready(), what=what, seconds=STARTUP_SECONDS)
        except TimeoutError as late:
            self.kill()
            raise ProgramFailed(f"{late}\n{self._log_end()}") from None
        except BaseException:
            self.kill()
            raise

    def run(self, seconds: float) -> str:
        """Run it to its end and return what it said; raises ``ProgramFailed`` when it fails or takes longer."""
        try:
            self.start(lambda: True)
            assert self._process is not None
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise ProgramFailed(f"{self.name} has not ended within {seconds:g} s\n{self._log_end()}") from None
        finally:
            self.stop()
        if status != 0:
            raise ProgramFailed(f"{self.name} ended with {status}\n{self._log_end()}")
        return self.log.read_text()

    def stop(self) -> None:
        """Ask it to end, make it end when it does not; does nothing when it does not run."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without giving it a chance to save anything."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        try:
            self._signal(process.pid, how)
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            # Also for children that outlived it, and when Ctrl-C arrives while we wait.
            self._signal(process.pid, signal.SIGKILL)
            process.wait()
            self._process = None

    @staticmethod
    def _signal(group: int, how: signal.Signals) -> None:
        # Nobody is left in the group when all of it has ended.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, how)

    def _alive(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise ProgramFailed(f"{self.name} ended with {self._process.returncode}\n{self._log_end()}")
        return True

    def _log_end(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]
