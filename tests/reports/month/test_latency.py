"""The reports ``latency`` and ``tools`` on the month, against the ledger, the file of spans and numpy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import numpy
import pytest

from examples.month.events import RUNAWAY, SLOWDOWN, runaway_calls
from otel_genai_instr.reports.asked import Asked, Window
from otel_genai_instr.reports.samples import TooFew

from ...support.comparing import differences
from .ledger import Answer, Call, Ledger, Span, begins, by, day_of, grouped, in_order, percentile, week

ODD: Final = Window(datetime(2026, 11, 17, 9, 37, 12), datetime(2026, 11, 19, 14, 5))
QUESTIONS: Final = {
    "last week": Asked(week(4), ("model", "prompt_length")),
    "by day": Asked(week(2), ("day", "provider")),
    "odd": Asked(ODD, ("feature",)),
}
SLOW: Final = Window(begins(SLOWDOWN), begins(SLOWDOWN) + timedelta(hours=4))
each_question = pytest.mark.parametrize("asked", QUESTIONS.values(), ids=QUESTIONS)


def _ended(ledger: Ledger, window: Window) -> list[Call]:
    return [call for call in ledger.of(window) if call.error is None]


def _row(calls: Sequence[Call]) -> dict[str, Any]:
    times = [call.duration_ms for call in calls]
    chunks = [call.first_chunk_ms for call in calls]
    speeds = [
        (call.output_tokens or 0) * 1000 / (call.duration_ms - (call.first_chunk_ms or 0))
        for call in calls
        if call.output_tokens and call.duration_ms > (call.first_chunk_ms or 0)
    ]
    return {
        "calls": len(calls),
        "p50_ms": percentile(times, 50, 5),
        "p95_ms": percentile(times, 95, 20),
        "p99_ms": percentile(times, 99, 100),
        "first_chunk_p50_ms": percentile(chunks, 50, 5),
        "first_chunk_p95_ms": percentile(chunks, 95, 20),
        "tokens_per_second": percentile(speeds, 50, 5),
    }


@each_question
def test_quantiles(ledger: Ledger, answer: Answer, asked: Asked) -> None:
    calls = _ended(ledger, asked.window)
    rows = [dict(zip(asked.by, key, strict=True)) | _row(each) for key, each in by(calls, asked).items()]
    report = answer("latency", asked)
    assert differences(in_order(rows, asked, "calls"), report.rows) == []
    assert differences(_row(calls), report.total) == []


@pytest.mark.parametrize("window", [SLOW, day_of(SLOWDOWN), week(4), week(3), ODD], ids=str)
def test_regressions(ledger: Ledger, answer: Answer, window: Window) -> None:
    now, before = (
        grouped(_ended(ledger, each), lambda call: (call.provider, call.model)) for each in (window, window.before)
    )
    expected: list[dict[str, Any]] = []
    for (provider, model), calls in now.items():
        old = before.get((provider, model), [])
        if min(len(calls), len(old)) >= 20:
            was, is_now = (float(numpy.percentile([each.duration_ms for each in side], 95)) for side in (old, calls))
            row = {"provider": provider, "model": model, "calls": len(calls), "before_p95_ms": was, "p95_ms": is_now}
            if is_now > 1.2 * was:
                expected.append({**row, "slower": is_now / was - 1})
    expected.sort(key=lambda row: -row["slower"])
    assert differences(expected, answer("latency", Asked(window)).sections["regressions"].rows) == []


def _slower(answer: Answer, window: Window) -> set[str]:
    return {row["model"] for row in answer("latency", Asked(window)).sections["regressions"].rows}


def test_a_provider_that_is_slow_is_found_while_it_is(answer: Answer) -> None:
    assert _slower(answer, SLOW) == _slower(answer, day_of(SLOWDOWN)) == {"claude-haiku-4-5"}
    assert "claude-haiku-4-5" not in _slower(answer, SLOW.before)


def test_no_first_chunk_is_uneven(ledger: Ledger, answer: Answer) -> None:
    for window in (week(4), SLOW):
        chunks = grouped(_ended(ledger, window), lambda call: call.model)
        known = [[call.first_chunk_ms for call in calls if call.first_chunk_ms] for calls in chunks.values()]
        spreads = [numpy.percentile(each, 95) / numpy.percentile(each, 50) for each in known if each]
        assert max(spreads) < 4
        assert answer("latency", Asked(window)).sections["uneven_first_chunk"].rows == []


def test_an_uneven_first_chunk(ledger: Ledger, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With less than the least spread that counts, every model that streams is there with what it has."""
    monkeypatch.setattr("otel_genai_instr.reports.computed.latency.SPREAD", 1.0)
    asked = Asked(Window(week(4).start, week(4).end - timedelta(seconds=1)))  # which nobody else asks
    expected: list[dict[str, Any]] = []
    for (provider, model), calls in grouped(
        _ended(ledger, asked.window), lambda call: (call.provider, call.model)
    ).items():
        known = [call.first_chunk_ms for call in calls if call.first_chunk_ms is not None]
        if len(known) >= 20:
            middle, high = (float(value) for value in numpy.percentile(known, [50, 95]))
            row = {"provider": provider, "model": model, "calls": len(known), "spread": high / middle}
            expected.append({**row, "first_chunk_p50_ms": middle, "first_chunk_p95_ms": high})
    expected.sort(key=lambda row: -row["spread"])
    assert len(expected) == 3
    assert differences(expected, answer("latency", asked).sections["uneven_first_chunk"].rows) == []


@pytest.mark.parametrize("window", [week(4), ODD], ids=str)
def test_where_the_time_goes(ledger: Ledger, spans: list[Span], answer: Answer, window: Window) -> None:
    traces = {call.trace_id for call in _ended(ledger, window)}
    mine = [span for span in spans if span.trace_id in traces and window.start <= span.start < window.end]
    inside = Counter[tuple[str, str]]()
    for span in mine:
        inside[span.trace_id, span.parent_id] += span.duration_ns
    own: dict[str, int] = {}
    for span in mine:
        left = span.duration_ns - inside[span.trace_id, span.span_id]
        own[span.step] = own.get(span.step, 0) + max(0, left)
    rows: list[dict[str, Any]] = []
    for step, each in grouped(mine, lambda span: span.step).items():
        number = len({span.trace_id for span in each})
        whole = sum(own.values())
        row = {"step": step, "spans": len(each), "traces": number}
        rows.append({**row, "own_ms": own[step] / 1e6 / number, "time_share": own[step] / whole})
    rows.sort(key=lambda row: -row["time_share"])
    found = answer("latency", Asked(window)).sections["steps"].rows
    assert [row["step"] for row in found] == [row["step"] for row in rows]
    for expected, row in zip(rows, found, strict=True):  # differences of sums: their noise is that of the sums
        name = expected.pop("step")
        assert {key: row[key] for key in expected} == pytest.approx(expected, rel=1e-6), name


def _runs(runs: Sequence[Span]) -> dict[str, Any]:
    in_traces = Counter(span.trace_id for span in runs)
    times = [span.duration_ns / 1e6 for span in runs]
    return {
        "runs": len(runs),
        "errors": 0,
        "success_rate": 1.0,
        "p50_ms": percentile(times, 50, 5),
        "p95_ms": percentile(times, 95, 20),
        "traces": len(in_traces),
        "runs_per_trace": len(runs) / len(in_traces),
        "max_runs": max(in_traces.values()),
    }


@pytest.mark.parametrize("window", [week(1), week(4), ODD], ids=str)
def test_tools(spans: list[Span], answer: Answer, window: Window) -> None:
    runs = [span for span in spans if span.tool is not None and window.start <= span.start < window.end]
    rows: list[dict[str, Any]] = [
        {"tool": name, **_runs(each)} for name, each in grouped(runs, lambda span: span.tool).items()
    ]
    report = answer("tools", Asked(window, ("tool",)))
    assert differences(sorted(rows, key=lambda row: -row["runs"]), report.rows) == []
    assert differences(_runs(runs), report.total) == []
    assert report.sections["types"].rows == []


def test_a_runaway_is_the_trace_with_the_most_runs(answer: Answer) -> None:
    """Of which the last call asks for no tool any more."""
    assert answer("tools", Asked(day_of(RUNAWAY))).total["max_runs"] == runaway_calls(20_000) - 1
    assert answer("tools", Asked(week(3))).total["max_runs"] < 10


def test_a_small_group_says_how_small_it_is(ledger: Ledger, answer: Answer) -> None:
    hour = Window(datetime(2026, 11, 16, 3), datetime(2026, 11, 16, 4))
    calls = _ended(ledger, hour)
    assert 0 < len(calls) < 20
    assert answer("latency", Asked(hour)).total["p95_ms"] == TooFew(len(calls))
