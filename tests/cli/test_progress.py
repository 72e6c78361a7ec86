"""What a person sees while a command works, and nobody else."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest

from ..reports import lines
from ..support.serving import serving
from .test_update import PriceServer

pytest.importorskip("rich")
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
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

    def seen_until(self, text: str, seconds: float) -> str:
        """What was written until this came, or so much time was over."""
        seen, end = b"", time.monotonic() + seconds
        while text.encode() not in seen and (left := end - time.monotonic()) > 0:
            if select.select([self._reading], [], [], left)[0]:
                try:
                    seen += os.read(self._reading, 65_536)
                except OSError:  # how a terminal ends
                    break
        return seen.decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._reading)


@contextmanager
def _reprice(terminal: Terminal, **variables: str) -> Generator[subprocess.Popen[bytes]]:
    """A command that waits for its input."""
    words = [sys.executable, "-m", "otel_genai_instr.cli", "reprice", "-"]
    environment = {**os.environ, "TERM": "xterm", **variables}
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=terminal.writing, env=environment
    ) as process:
        terminal.close_writing()
        yield process
        process.communicate(b'{"resourceSpans": []}\n', timeout=60)


@pytest.mark.parametrize(("variables", "colour"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_long_work_is_shown_on_a_terminal(variables: dict[str, str], colour: bool) -> None:
    with Terminal(is_one=True) as terminal:
        with _reprice(terminal, **variables):
            seen = terminal.seen_until("pricing calls of -", seconds=60)
        seen += terminal.seen()
    assert "pricing calls of -" in seen
    assert ("\x1b[32m" in seen) == colour


@dataclass(frozen=True)
class Waits:
    """A command that has to wait for somebody, and what it says meanwhile."""

    words: tuple[str, ...]
    """``{host}`` is a server that takes its time, and then says nothing of use."""
    says: str


WAITING = {
    "prices update": Waits(
        ("prices", "update", "--url", "http://{host}/prices.json?sig=s3cret", "--to", "never-written.json"),
        "reading http://{host}/prices.json?...",
    ),
    "debug": Waits(("debug", "--last-error", "--from", "tempo+http://{host}"), "looking for traces"),
    "replay": Waits(("replay", TRACE, "--from", "tempo+http://ann:s3cret@{host}"), f"reading trace {TRACE}"),
    "report": Waits(
        ("report", "cost", "--format", "html", "--from", "clickhouse://ann:s3cret@{host}/otel"), "asking ClickHouse"
    ),
    "check": Waits(
        ("check", "{folder}/rules.json", "--from", "{folder}/spans.jsonl", "--alertmanager", "http://{host}"),
        "telling http://{host}",
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a call is that breaks a rule."""
    folder = tmp_path_factory.mktemp("progress")
    rules = [{"name": "spent", "report": "cost", "figure": "cost", "above": 0, "severity": "warning"}]
    (folder / "rules.json").write_text(json.dumps({"rules": rules}))
    lines.write(
        folder / "spans.jsonl",
        lines.document([lines.call(at=datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=1))]),
    )
    return folder


@pytest.mark.parametrize("waits", WAITING.values(), ids=WAITING)
def test_what_is_waited_for_is_shown(waits: Waits, folder: Path) -> None:
    with serving(PriceServer()) as server, Terminal(is_one=True) as terminal:
        server.hold.clear()
        server.status = 500
        known = {"host": f"127.0.0.1:{server.server_address[1]}", "folder": str(folder)}
        command = [sys.executable, "-m", "otel_genai_instr.cli", *(word.format(**known) for word in waits.words)]
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200", "XDG_CACHE_HOME": str(folder / "cache")}
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal.writing, env=environment) as process:
            terminal.close_writing()
            seen = terminal.seen_until(waits.says.format(**known), seconds=60)
            server.hold.set()
            assert process.wait(60) == 1
        seen += terminal.seen()
    assert waits.says.format(**known) in seen
    assert "s3cret" not in seen


def test_what_was_said_is_waited_for(folder: Path) -> None:
    """Reading a pipe takes until somebody writes."""
    stored = folder / "calls" / "2026" / "11" / "29" / TRACE / f"{SPAN}.json"
    stored.parent.mkdir(parents=True)
    os.mkfifo(stored)
    command = [sys.executable, "-m", "otel_genai_instr.cli", "content", "show", str(stored)]
    environment = {**os.environ, "TERM": "xterm", "OTEL_GENAI_CONTENT_STORE": str(folder / "calls")}
    with (
        Terminal(is_one=True) as terminal,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal.writing, env=environment) as process,
    ):
        terminal.close_writing()
        seen = terminal.seen_until("reading the content store", seconds=60)
        stored.write_text("no record")
        assert process.wait(60) == 1
    assert "reading the content store" in seen


def test_nothing_is_shown_where_nobody_watches() -> None:
    with serving(PriceServer()) as server, Terminal(is_one=False) as pipe:
        server.hold.clear()
        command = [sys.executable, "-m", "otel_genai_instr.cli", "prices", "update", "--url", server.url]
        with subprocess.Popen([*command, "--to", "never-written.json"], stderr=pipe.writing) as process:
            pipe.close_writing()
            assert server.asked.wait(60)
            time.sleep(LONG)
            server.hold.set()
            assert process.wait(60) == 1
        assert "reading" not in pipe.seen()


def test_long_work_is_not_shown_elsewhere() -> None:
    with Terminal(is_one=False) as pipe:
        with _reprice(pipe):
            time.sleep(LONG)
        assert "pricing calls" not in pipe.seen()


def test_short_work_is_not_shown() -> None:
    """Of no work at all, for a command may take its time where much else runs."""
    work = "from otel_genai_instr.cli.progress import working\nwith working('pricing calls'): print('priced')"
    with Terminal(is_one=True) as terminal:
        with subprocess.Popen(
            [sys.executable, "-c", work],
            stdout=terminal.writing,
            stderr=terminal.writing,
            env={**os.environ, "TERM": "xterm"},
        ) as process:
            terminal.close_writing()
            assert process.wait(60) == 0
        seen = terminal.seen()
    assert "priced" in seen
    assert "pricing calls" not in seen
