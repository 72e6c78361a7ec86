"""What a person sees while a command works, and nobody else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Self

import pytest

from ..support.serving import serving
from .test_update import PriceServer

pytest.importorskip("rich")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
LONG = 1.6
"""Seconds, of which one is awaited."""


class Terminal:
    """What a command writes to: a terminal, or a pipe."""

    def __init__(self, is_one: bool) -> None:
        self._reading, self.writing = pty.openpty() if is_one else os.pipe()

    def close_writing(self) -> None:
        """The command has it."""
        os.close(self.writing)

    def seen(self) -> str:
        """All that was written, once the command is over."""
        seen = b""
        with suppress(OSError):  # how a terminal ends
            while piece := os.read(self._reading, 65_536):
                seen += piece
        return seen.decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._reading)


def _seen(seconds: float, *, on_a_terminal: bool, **variables: str) -> str:
    """Run a command that waits so long for its input, and return what it wrote on standard error."""
    words = [sys.executable, "-m", "otel_genai_instr.cli", "reprice", "-"]
    environment = {**os.environ, "TERM": "xterm", **variables}
    with (
        Terminal(on_a_terminal) as terminal,
        subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=terminal.writing, env=environment
        ) as process,
    ):
        terminal.close_writing()
        time.sleep(seconds)
        process.communicate(b'{"resourceSpans": []}\n', timeout=30)
        return terminal.seen()


def test_long_work_is_shown_on_a_terminal() -> None:
    seen = _seen(LONG + 1.5, on_a_terminal=True)  # it takes a while to start
    assert "pricing calls of -" in seen
    assert "\x1b[32m" in seen


def test_without_colour() -> None:
    seen = _seen(LONG + 1.5, on_a_terminal=True, NO_COLOR="1")
    assert "pricing calls of -" in seen
    assert "\x1b[32m" not in seen


def _seen_while_a_server_thinks(*words: str, on_a_terminal: bool = True) -> str:
    """Run a command that asks a server, which takes its time and then says nothing of use."""
    with serving(PriceServer()) as server, Terminal(on_a_terminal) as terminal:
        server.hold.clear()
        command = [sys.executable, "-m", "otel_genai_instr.cli", *(word.format(server.url) for word in words)]
        environment = {**os.environ, "TERM": "xterm"}
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal.writing, env=environment) as process:
            terminal.close_writing()
            assert server.asked.wait(30)
            time.sleep(LONG)
            server.hold.set()
            assert process.wait(30) == 1
        return terminal.seen()


def test_what_a_server_is_asked_for_is_shown() -> None:
    update = ("prices", "update", "--url", "{}", "--to", "never-written.json")
    debug = ("debug", TRACE, "--from", "jaeger+{}")
    with ThreadPoolExecutor(3) as at_once:
        updating = at_once.submit(_seen_while_a_server_thinks, *update)
        debugging = at_once.submit(_seen_while_a_server_thinks, *debug)
        elsewhere = at_once.submit(_seen_while_a_server_thinks, *update, on_a_terminal=False)
    assert "reading http://127.0.0.1" in updating.result()
    assert f"reading trace {TRACE}" in debugging.result()
    assert "reading" not in elsewhere.result()


@pytest.mark.parametrize(("seconds", "on_a_terminal"), [(0, True), (LONG, False)])
def test_nothing_is_shown_of_short_work_nor_elsewhere(seconds: float, on_a_terminal: bool) -> None:
    assert "pricing calls" not in _seen(seconds, on_a_terminal=on_a_terminal)
