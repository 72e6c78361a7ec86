"""``otel-genai debug`` on traces that the real Jaeger, Tempo and ClickHouse have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan

from otel_genai_instr.cli import main

from ..cli.rag_app import ANSWER, RagApp, Run, otlp_lines
from ..support.capture import Capture
from ..support.clock import START_NS, FakeClock
from .both_collector import BothCollector
from .clickhouse.environment import EngineUnavailable, engine_python
from .clickhouse.server import ClickHouse
from .programs import running, wait_until
from .trace_stores import STORES

pytestmark = pytest.mark.stack


class Told:
    """What the app told within the last minutes: Tempo finds nothing by search that was old when it came."""

    def __init__(self) -> None:
        clock = FakeClock()
        clock.advance(datetime.now(UTC).timestamp() - 125 - START_NS / 1e9)
        capture = Capture(clock)
        app = RagApp(capture, clock)
        try:
            self.healthy = app.ask(Run(user="ann", session="s-healthy"))
            clock.advance(60)
            self.broken = app.ask(Run(documents=(), user="bob", session='s-"broken"'))
            clock.advance(60)
            self.failed = app.ask(Run(tool_error=TimeoutError("no route"), user="bob", session="s-failed"))
        finally:
            capture.uninstrument()
        self.spans: Sequence[ReadableSpan] = capture.spans()


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


@pytest.mark.parametrize("store", ["jaeger", "jaeger on disk", "tempo"])
def test_a_trace_is_read_searched_for_and_examined(
    store: str, told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with STORES[store](tmp_path) as kept:
        kept.send(told.spans)

        def debug(*words: str) -> Any:
            code = main(["debug", *words, "--from", kept.source, "--format", "json", "--content"])
            shown = capsys.readouterr()
            return json.loads(shown.out)["traces"] if code == 0 else shown.err

        for search in ([told.healthy], ["--user", "bob"], ["--last-error"]):  # storing takes a moment
            wait_until(lambda words=search: not isinstance(debug(*words), str), what=str(search), seconds=60)

        (healthy,) = debug(told.healthy)
        assert {finding["verdict"] for finding in healthy["findings"]} == {"ok", "unknown"}
        unknown = {finding["check"] for finding in healthy["findings"] if finding["verdict"] == "unknown"}
        assert unknown == {"prompt version", "cost", "latency"}, "what needs other traces to compare with"
        assert [span["name"] for span in healthy["spans"]] == [
            *("invoke_workflow answer_question", "retrieval handbook", "chat gpt-4o-mini", "execute_tool weather"),
            "chat gpt-4o-mini",
        ]
        assert ANSWER in json.dumps(healthy["spans"][-1]["content"], ensure_ascii=False)

        (broken,) = debug("--session", 's-"broken"')
        assert broken["trace_id"] == told.broken
        assert broken["likeliest"]["check"] == "retrieval"
        (failed,) = debug("--last-error")
        assert failed["trace_id"] == told.failed
        assert "weather failed with TimeoutError" in failed["likeliest"]["evidence"]
        assert [trace["trace_id"] for trace in debug("--user", "bob")] == [told.broken, told.failed]
        assert "no trace of user nobody since" in debug("--user", "nobody")
        assert f"has no trace {'f' * 32}" in debug("f" * 32)


def test_clickhouse_says_what_the_files_say_of_the_same_spans(
    collector_binary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        python = engine_python()
    except EngineUnavailable as unavailable:
        pytest.skip(str(unavailable))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    clock = FakeClock()
    clock.advance(datetime.now(UTC).timestamp() - 86_400 - START_NS / 1e9)
    capture = Capture(clock)
    app = RagApp(capture, clock)
    try:
        app.usual(25)
        traces = [
            app.ask(Run(user="ann")),
            app.ask(Run(documents=[{"id": "page-9", "score": 0.2}], finish="length", max_tokens=200, user="ann")),
            app.ask(Run(seconds=9, input_tokens=30_000, answered="gpt-4.1-nano-2025-04-14", prompt_version="3")),
            app.ask(Run(tool_error=TimeoutError("no route"))),
        ]
    finally:
        capture.uninstrument()
    with running(ClickHouse(python, tmp_path)) as server:
        with running(BothCollector(collector_binary, tmp_path, server)) as collector:
            for line in otlp_lines(capture.spans()).splitlines():
                collector.send(json.loads(line))

        def debug(source: str, *words: str) -> Any:
            assert main(["debug", *words, "--from", source, "--format", "json", "--content"]) == 0
            return json.loads(capsys.readouterr().out)["traces"]

        url = f"{server.url.replace('http:', 'clickhouse:')}/otel"
        for asked in ([traces[1]], [traces[2]], ["--user", "ann", "--traces", "1"], ["--last-error"]):
            in_file, in_clickhouse = (debug(source, *asked) for source in (str(collector.file), url))
            assert in_clickhouse == in_file, asked
        assert main(["debug", "f" * 32, "--from", url]) == 1
        assert f"ClickHouse has no trace {'f' * 32}" in capsys.readouterr().err
