"""What a person sees while a command works, and nobody else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time

import pytest

pytest.importorskip("rich")
LONG = 1.6
"""Seconds, of which one is awaited."""


def _seen(seconds: float, *, on_a_terminal: bool, **variables: str) -> str:
    """Run a command that waits so long for its input, and return what it wrote on standard error."""
    reading, writing = pty.openpty() if on_a_terminal else os.pipe()
    words = [sys.executable, "-m", "otel_genai_instr.cli", "reprice", "-"]
    environment = {**os.environ, "TERM": "xterm", **variables}
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=writing, env=environment
    ) as process:
        os.close(writing)
        time.sleep(seconds)
        process.communicate(b'{"resourceSpans": []}\n', timeout=30)
    seen = b""
    try:
        while piece := os.read(reading, 65_536):
            seen += piece
    except OSError:  # how a terminal ends
        pass
    os.close(reading)
    return seen.decode()


def test_long_work_is_shown_on_a_terminal() -> None:
    seen = _seen(LONG + 1.5, on_a_terminal=True)  # it takes a while to start
    assert "pricing calls of -" in seen
    assert "\x1b[32m" in seen


def test_without_colour() -> None:
    seen = _seen(LONG + 1.5, on_a_terminal=True, NO_COLOR="1")
    assert "pricing calls of -" in seen
    assert "\x1b[32m" not in seen


@pytest.mark.parametrize(("seconds", "on_a_terminal"), [(0, True), (LONG, False)])
def test_nothing_is_shown_of_short_work_nor_elsewhere(seconds: float, on_a_terminal: bool) -> None:
    assert "pricing calls" not in _seen(seconds, on_a_terminal=on_a_terminal)
