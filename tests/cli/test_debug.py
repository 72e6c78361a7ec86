"""``otel-genai debug`` over traces of a real app, in which one thing after the other goes wrong."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_genai_instr.cli import main

from ..reports.lines import NOON, document, evaluation
from ..support.capture import Capture
from ..support.clock import FakeClock
from ..support.provider import json_reply
from .rag_app import ANSWER, RagApp, Run, otlp_lines

USUAL = 50
HEALTHY = "healthy"
STAGED: Mapping[str, tuple[Run, dict[str, tuple[str, str]]]] = {
    HEALTHY: (Run(), {}),
    "nothing found": (Run(documents=()), {"retrieval": ("problem", 'no document was found for "weather Paris"')}),
    "low scores": (
        Run(documents=[{"id": "page-9", "score": 0.21}]),
        {"retrieval": ("warning", "low: the best score of the")},
    ),
    "no search": (Run(searches=False), {"retrieval": ("warning", "no retrieval, though")}),
    "cut off": (
        Run(finish="length", max_tokens=200),
        {"truncation": ("problem", "cut off after 200 tokens, at most 200 were asked for")},
    ),
    "old prompt": (Run(prompt_version="3"), {"prompt version": ("warning", "help in version 3, but")}),
    "another model": (
        Run(answered="gpt-4.1-nano-2025-04-14"),
        {"model": ("problem", "gpt-4o-mini was asked, gpt-4.1-nano-2025-04-14 answered")},
    ),
    "another version": (
        Run(answered="gpt-4o-mini-2026-05-01"),
        {"model": ("warning", "gpt-4o-mini-2024-07-18 answered")},
    ),
    "tool failed": (
        Run(tool_error=TimeoutError("no route")),
        {"tools": ("problem", "weather failed with TimeoutError")},
    ),
    "broken arguments": (
        Run(arguments='{"city": "Par'),
        {"tools": ("problem", 'called weather with arguments that are no JSON: "{"city": "Par"')},
    ),
    "argument missing": (Run(arguments='{"town": "Paris"}'), {"tools": ("problem", "without city, which it requires")}),
    "retried": (
        Run(first=[json_reply({"error": {"message": "busy"}}, 500, retry_after_ms="1")] * 2),
        {"retries": ("warning", "sent 3 times")},
    ),
    "not allowed": (
        Run(first=[json_reply({"error": {"message": "no key", "code": "invalid_api_key"}}, 401)]),
        {"errors": ("problem", "openai.AuthenticationError, HTTP 401")},
    ),
    "filtered": (
        Run(finish="content_filter", text=None),
        {
            "refusals": ("problem", "finish reason content_filter"),
            "empty answers": ("problem", "neither text nor a call of a tool came back"),
        },
    ),
    "refused": (
        Run(text="I'm sorry, but I can't help with that."),
        {"refusals": ("warning", "reads like a refusal: \"I'm sorry, but I can't help")},
    ),
    "empty": (Run(text=""), {"empty answers": ("problem", "finish reason stop, 200 output tokens")}),
    "slow and dear": (
        Run(seconds=9, input_tokens=30_000),
        {"cost": ("problem", "30,000 input tokens instead of"), "latency": ("problem", "times the median")},
    ),
    "context full": (
        Run(input_tokens=125_000),
        {"truncation": ("warning", "125,200 of 128,000 tokens of context used"), "cost": ("problem", "input tokens")},
    ),
}
"""What is done, and what is found: the verdict of each check that stands out, and a piece of its evidence."""


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder with what the app told of usual questions and of all that is staged; the trace ids of these."""
    folder = tmp_path_factory.mktemp("telemetry")
    clock = FakeClock()
    capture = Capture(clock)
    app = RagApp(capture, clock)
    try:
        app.usual(USUAL)
        traces = {name: app.ask(run) for name, (run, _) in STAGED.items()}
    finally:
        capture.uninstrument()
    (folder / "spans.jsonl").write_text(otlp_lines(capture.spans()))
    return folder, traces


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables go where the test's files are, once for all tests of a run."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "no state"))


def _debug(*words: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> Any:
    assert main(["debug", *words, "--format", "json"]) == code
    return json.loads(capsys.readouterr().out)["traces"]


def _standing_out(trace: Any) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for finding in trace["findings"]:
        if finding["verdict"] in ("warning", "problem"):
            found.setdefault(finding["check"], []).append(finding)
    return found


@pytest.mark.parametrize("name", STAGED)
def test_the_cause_is_found_and_nothing_else(
    name: str, stored: tuple[Path, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, traces = stored
    (trace,) = _debug(traces[name], "--from", str(folder), capsys=capsys)

    expected = STAGED[name][1]
    found = _standing_out(trace)
    assert set(found) == set(expected), found
    for check, (verdict, evidence) in expected.items():
        assert any(each["verdict"] == verdict and evidence in each["evidence"] for each in found[check]), found[check]
    assert (trace["likeliest"] is None) == (not expected)


def test_stored_scores_stand_beside_what_they_are_about(
    stored: tuple[Path, dict[str, str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, traces = stored
    (trace,) = _debug(traces[HEALTHY], "--from", str(folder), capsys=capsys)
    assert trace["scores"] == []
    call = next(span for span in trace["spans"] if span["kind"] == "call")
    judged = {"traceId": traces[HEALTHY], "spanId": call["span_id"]}
    label: dict[str, Any] = {"gen_ai.evaluation.score.label": "pass"}
    said = [
        evaluation(judged, "tone", 0.5, at=NOON + timedelta(seconds=1)),
        evaluation(judged, "relevance", 0.923, **label),
        evaluation({"traceId": "f" * 32, "spanId": call["span_id"]}, "another", 1.0),
    ]
    (tmp_path / "spans.jsonl").write_text((folder / "spans.jsonl").read_text())
    (tmp_path / "logs.jsonl").write_text(json.dumps(document(logs=said)) + "\n")
    (trace,) = _debug(traces[HEALTHY], "--from", str(tmp_path), capsys=capsys)
    assert [(score["name"], score["score"], score.get("label")) for score in trace["scores"]] == [
        ("relevance", 0.923, "pass"),
        ("tone", 0.5, None),
    ]
    monkeypatch.setenv("COLUMNS", "160")
    assert main(["debug", traces[HEALTHY], "--from", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("relevance 0.923 pass, tone 0.5") == 1


def test_a_healthy_trace_is_called_healthy_by_every_check(
    stored: tuple[Path, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    (trace,) = _debug(stored[1][HEALTHY], "--from", str(stored[0]), capsys=capsys)
    assert {finding["verdict"] for finding in trace["findings"]} == {"ok"}, trace["findings"]
    assert [finding["check"] for finding in trace["findings"]] == [
        *("retrieval", "truncation", "prompt version", "model", "tools", "errors", "retries", "refusals"),
        *("empty answers", "cost", "latency"),
    ]


LAST = "100000d"
"""The clock of the app stands in the past."""


def test_a_session_a_user_and_the_last_error_are_found(
    stored: tuple[Path, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, traces = stored
    source = ("--from", str(folder), "--last", LAST)
    (trace,) = _debug("--last-error", *source, capsys=capsys)
    assert trace["trace_id"] == traces["not allowed"], "the last one in which something failed"
    newest = [traces[name] for name in list(traces)[-2:]]
    found = _debug("--session", "s-1", "--traces", "2", *source, capsys=capsys)
    assert [trace["trace_id"] for trace in found] == newest, "in the order of time"
    assert [trace["trace_id"] for trace in _debug("--user", "u-1", "--traces", "2", *source, capsys=capsys)] == newest
    (trace,) = _debug("--user", "u-7", *source, capsys=capsys)
    assert _standing_out(trace) == {}

    assert main(["debug", "--session", "s-nobody", *source]) == 1
    assert "no trace of session s-nobody since" in capsys.readouterr().err
    assert main(["debug", "--session", "s-1", "--from", str(folder)]) == 1, "30 days are looked at"
    assert main(["debug", "f" * 32, "--from", str(folder)]) == 1
    assert f"has no trace {'f' * 32}" in capsys.readouterr().err


def test_the_pseudonyms_of_a_user_are_looked_for_as_well(
    capture: Capture,
    clock: FakeClock,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = "k" * 32
    trace_id = RagApp(capture, clock, pseudonym_keys=(key,)).ask(Run(user="ann@example.com"))
    (tmp_path / "spans.jsonl").write_text(otlp_lines(capture.spans()))
    search = ("--user", "ann@example.com", "--from", str(tmp_path), "--last", LAST)
    assert main(["debug", *search]) == 1
    monkeypatch.setenv("OTEL_GENAI_PSEUDONYM_KEYS", key)
    capsys.readouterr()
    assert [trace["trace_id"] for trace in _debug(*search, capsys=capsys)] == [trace_id]


def test_people_see_the_tree_then_what_was_said_then_the_checks(
    stored: tuple[Path, dict[str, str]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    folder, traces = stored
    assert main(["debug", traces["nothing found"], "--from", str(folder)]) == 0
    shown = capsys.readouterr().out
    tree, content, checks = shown.index("└─ "), shown.index("\ncontent"), shown.index("\nchecks")
    assert tree < content < checks
    assert f"assistant (stop): {ANSWER}" in shown
    assert "problem  retrieval       no document was found" in shown
    assert shown.endswith('1 problem; look first at retrieval: no document was found for "weather Paris"\n')
    assert max(map(len, shown.splitlines())) <= 110

    assert main(["debug", traces["nothing found"], "--from", str(folder), "--content"]) == 0
    assert f"\nassistant (stop)\n  {ANSWER}\n" in capsys.readouterr().out


def test_nothing_that_a_terminal_would_obey_is_shown(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "I'm sorry, but I can't \x1b]0;owned\x07\x1b[31m"
    trace_id = RagApp(capture, clock).ask(Run(text=evil, arguments='{"\x1b[2J'))
    (tmp_path / "spans.jsonl").write_text(otlp_lines(capture.spans()))
    for more in ((), ("--content",)):
        assert main(["debug", trace_id, "--from", str(tmp_path), *more]) == 0
        shown = capsys.readouterr().out
        assert "I can't" in shown
        assert "\x1b" not in shown
        assert "\x07" not in shown


def _written(folder: Path, form: str, lines: str) -> Path:
    if form == "packed":
        (folder / "spans.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    elif form == "one document":
        documents = [json.loads(line) for line in lines.splitlines()]
        whole = {"resourceSpans": [each for document in documents for each in document["resourceSpans"]]}
        (folder / "spans.json").write_text(json.dumps(whole, indent=2))
    else:
        (folder / "spans.jsonl").write_text(lines)
    return folder


@pytest.mark.parametrize("form", ["lines", "packed", "one document"])
def test_spans_are_read_from_where_they_lie(
    form: str, capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = RagApp(capture, clock)
    traces = [app.ask(Run(text=text)) for text in ("first", "second", "third")]
    _written(tmp_path, form, otlp_lines(capture.spans()))
    (trace,) = _debug(traces[1], "--from", str(tmp_path), "--content", capsys=capsys)
    said = json.dumps([span["content"] for span in trace["spans"]])
    assert "second" in said
    assert "first" not in said
    assert "third" not in said
    assert trace["notes"] == []


def test_of_spans_that_are_not_in_their_file_any_more_the_tree_is_left(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = RagApp(capture, clock)
    lines = lost = ""
    while len(lines) < 200_000:  # the beginning, by which the file is known, stays
        lost = app.ask(Run(documents=[{"id": "page", "content": "x" * 2_000, "score": 0.9}] * 20))
        lines = otlp_lines(capture.spans())
    file = tmp_path / "spans.jsonl"
    file.write_text(lines)
    assert main(["debug", lost, "--from", str(tmp_path)]) == 0
    assert ANSWER in capsys.readouterr().out

    read_at = file.stat().st_mtime_ns
    file.write_text(lines[:150_000] + " " * (len(lines) - 150_000 - 1) + "\n")
    os.utime(file, ns=(read_at, read_at))  # as if it was written anew after it was read, before the trace was
    (trace,) = _debug(lost, "--from", str(tmp_path), "--content", capsys=capsys)
    assert "5 of 5 spans are not in their files any more" in trace["notes"][0]
    assert trace["spans"][0]["name"] == "invoke_workflow answer_question"
    assert all(span["content"] == {} for span in trace["spans"])
    checks = {finding["check"]: finding["verdict"] for finding in trace["findings"]}
    assert checks["retrieval"] == "unknown", "nobody knows what was found"
    assert checks["truncation"] == "ok", "why a call ended stands in the table"


def test_what_lies_in_a_content_store_is_read_from_there(
    capture: Capture,
    clock: FakeClock,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = str(tmp_path / "store")
    trace_id = RagApp(capture, clock, content_store=store, content="full").ask(Run(documents=()))
    capture.uninstrument()  # which waits for the uploads
    (tmp_path / "spans.jsonl").write_text(otlp_lines(capture.spans()))
    (trace,) = _debug(trace_id, "--from", str(tmp_path / "spans.jsonl"), capsys=capsys)
    assert "OTEL_GENAI_CONTENT_STORE says how it is reached" in trace["notes"][0]
    assert "retrieval" not in _standing_out(trace)

    monkeypatch.setenv("OTEL_GENAI_CONTENT_STORE", store)
    (trace,) = _debug(trace_id, "--from", str(tmp_path / "spans.jsonl"), "--content", capsys=capsys)
    assert ANSWER in json.dumps([span["content"] for span in trace["spans"]], ensure_ascii=False)
    assert set(_standing_out(trace)) == {"retrieval"}


def test_without_content_and_without_enough_calls_it_says_that_it_does_not_know(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = RagApp(capture, clock, capture_content="no_content")
    app.usual(7)
    trace_id = app.ask(Run())
    (tmp_path / "spans.jsonl").write_text(otlp_lines(capture.spans()))
    (trace,) = _debug(trace_id, "--from", str(tmp_path), capsys=capsys)
    evidence = {finding["check"]: (finding["verdict"], finding["evidence"]) for finding in trace["findings"]}
    assert evidence["retrieval"] == ("unknown", "the documents weren't captured: see the manual on content")
    assert evidence["latency"][0] == "unknown"
    assert "not enough data on 2 calls like it in 7 days (n = 14)" in evidence["latency"][1]
    assert evidence["tools"] == ("ok", "1 tool ran, none failed; arguments weren't captured")
    assert {verdict for verdict, _ in evidence.values()} <= {"ok", "unknown"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "say which trace: by its id, or by --session, --user or --last-error"),
        (("a" * 32, "--last-error"), 2, "say which trace"),
        (("4bf9",), 2, "4bf9 is no trace id of 32 hex digits"),
        (("--last-error", "--last", "soon", "--from", "{folder}"), 2, "--last: 'soon' is not allowed"),
        (("a" * 32, "--from", "http://127.0.0.1:1"), 1, "jaeger+http://..., tempo+http://..."),
        (("a" * 32, "--from", "jaeger+http://:1"), 1, "needs http:// or https:// and a host"),
        (("a" * 32, "--from", "mysql://u:secret@h"), 1, "mysql:// is not understood; allowed: a folder or file"),
        (("a" * 32,), 1, "say by --from or OTEL_GENAI_REPORTS_FROM where the telemetry is"),
    ],
)
def test_what_can_not_be_meant_is_told(
    words: tuple[str, ...],
    code: int,
    said: str,
    stored: tuple[Path, dict[str, str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["debug", *(word.format(folder=stored[0]) for word in words)]) == code
    assert said in capsys.readouterr().err
