"""Telemetry that comes through a pipe, as ``zcat old.jsonl.gz | otel-genai report cost --from -``."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from otel_genai_instr.cli import main

from ..reports.lines import call, document

COMMAND = (sys.executable, "-c", "import sys; from otel_genai_instr.cli import main; sys.exit(main())")
SPANS = [call(cost=0.25, feature="chat"), call(cost=0.5, feature="search", failed=True)]
LINES = json.dumps(document(SPANS)).encode() + b"\n"
ASKED = ("--last", "520w")


def _run(*arguments: str, given: bytes, room: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments],
        input=given,
        capture_output=True,
        env=os.environ | {"TMPDIR": str(room), "XDG_CACHE_HOME": str(room / "cache")},
        timeout=120,
    )


@pytest.mark.parametrize("given", [LINES, gzip.compress(LINES)], ids=["plain", "packed"])
def test_a_report_on_what_is_piped_in(tmp_path: Path, given: bytes) -> None:
    done = _run("report", "cost", "--from", "-", "--format", "json", *ASKED, given=given, room=tmp_path)
    assert done.stderr == b""
    assert json.loads(done.stdout)["total"]["cost"] == 0.75
    assert list(tmp_path.iterdir()) == [], "what was put down is gone, and so are its tables"


def test_a_trace_is_shown_of_what_is_piped_in(tmp_path: Path) -> None:
    done = _run("debug", "--last-error", "--from", "-", *ASKED, given=LINES, room=tmp_path)
    assert done.returncode == 0
    assert b"chat gpt-4o" in done.stdout


def test_mistakes_are_those_of_standard_input(tmp_path: Path) -> None:
    done = _run("report", "cost", "--from", "-", *ASKED, given=LINES + b'{"resourceSpans": [\n', room=tmp_path)
    assert done.stderr.startswith(b"otel-genai: standard input, line 2 (at byte ")
    assert b"1 line refused" in done.stdout


def test_nothing_is_piped_in(tmp_path: Path) -> None:
    done = _run("report", "cost", "--from", "-", given=b"", room=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"otel-genai: standard input: has no ")


def test_a_pipe_with_a_name_is_read_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a shell makes of ``--from <(zcat old.jsonl.gz)``."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=(LINES,))
    writer.start()
    assert main(["report", "cost", "--from", str(pipe), "--format", "json", *ASKED]) == 0
    writer.join()
    assert json.loads(capsys.readouterr().out)["total"]["calls"] == 2
