"""The page on debugging shows what the command says (``UPDATE_SNAPSHOTS=1`` writes it), and lists all checks."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import pytest

from otel_genai_instr.cli import main
from otel_genai_instr.reports.debugging.examine import examine
from otel_genai_instr.reports.debugging.finding import Verdict
from otel_genai_instr.reports.debugging.history import NoHistory
from otel_genai_instr.reports.traces.trace import Trace, TraceSpan

from ..cli.rag_app import RagApp, Run, otlp_lines
from ..support.capture import Capture, CountingIds
from ..support.clock import FakeClock

PAGE: Final = Path(__file__).parents[2] / "docs" / "debugging.md"
FIRST_TRACE: Final = 0x4BF92F3577B34DA6A3CE929D0E0E4701
FIRST_SPAN: Final = 0x00F067AA0BA90201
USUAL: Final = 24
"""So that the trace is that of the example."""


def test_the_example_is_what_the_command_says(
    capture: Capture,
    clock: FakeClock,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "120")
    ids = capture.tracer_provider.id_generator
    assert isinstance(ids, CountingIds)
    ids.traces, ids.spans = FIRST_TRACE - 1, FIRST_SPAN - 1
    app = RagApp(capture, clock)
    app.usual(USUAL)
    trace_id = app.ask(Run(documents=(), prompt_version="3", seconds=4, text="I don't know what it is like in Paris."))
    folder = tmp_path / "telemetry"
    folder.mkdir()
    (folder / "spans.jsonl").write_text(otlp_lines(capture.spans()))
    assert main(["debug", trace_id, "--from", str(folder)]) == 0
    told = f"\n```text\n$ otel-genai debug {trace_id}\n{capsys.readouterr().out}```\n\n"

    pattern = re.compile(r"(<!-- example: .*? -->\n)(.*?)(<!-- end of example -->)", re.DOTALL)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        PAGE.write_text(pattern.sub(lambda match: match[1] + told + match[3], PAGE.read_text()))
    shown = pattern.search(PAGE.read_text())
    assert shown is not None
    assert shown[2] == told


def test_the_checks_and_the_verdicts_are_those_of_the_code() -> None:
    cells = dict.fromkeys(("kind", "parent_id", "failed"))
    trace = Trace("1", [TraceSpan({**cells, "span_id": "1", "name": "work"}, 0, 1)])
    checks = [finding.check for finding in examine(trace, NoHistory(), lambda provider, model: None)]
    tables = re.findall(r"^\| (Check|Verdict) \|.*?\n\|---.*?\n(.*?)\n\n", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    listed = {name: re.findall(r"^\| `([^`]+)`", rows, re.MULTILINE) for name, rows in tables}
    assert listed == {"Check": checks, "Verdict": [verdict.value for verdict in Verdict]}
