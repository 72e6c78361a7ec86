"""The month: what is planned can be found in what is written, played or filled, and adds up to the ledger."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pytest

from examples.month.command import main, write_month
from examples.month.events import CACHE_STOPS, HOUR_NS, RUNAWAY, SLOWDOWN, TEMPLATE_DOUBLES, UPDATE, runaway_calls
from examples.month.features import FEATURES, MODELS, UNPRICED
from examples.month.story import FIRST_DAY
from otel_genai_instr.cli.stored_spans import read_spans

CALLS = 20_000
FILES = ("traces.jsonl", "logs.jsonl", "ledger.csv")
WEEK_NS = 7 * 24 * HOUR_NS
Row = dict[str, str]
Span = dict[str, Any]


class Month:
    """A month of 20,000 calls, read back without anything of the package."""

    def __init__(self, folder: Path) -> None:
        self.spans: list[Span] = [span for line in _lines(folder / "traces.jsonl") for span in _records(line, "Spans")]
        self.logs: list[Span] = [log for line in _lines(folder / "logs.jsonl") for log in _records(line, "Logs")]
        with (folder / "ledger.csv").open(newline="") as file:
            self.ledger: list[Row] = list(csv.DictReader(file))

    def mean(self, column: str, *where: Callable[[Row], bool]) -> float:
        """Of the rows that have a value there."""
        return fmean(float(row[column]) for row in self.ledger if row[column] and all(each(row) for each in where))


@pytest.fixture(scope="module")
def read(month: Path) -> Month:
    return Month(month)


def test_what_is_filled_is_what_the_package_writes(tmp_path: Path) -> None:
    played = write_month(tmp_path / "played", 2_000, seed=7, real=2_000)
    filled = write_month(tmp_path / "filled", 2_000, seed=7)
    assert (played.kinds, filled.kinds > 50) == (0, True)
    counted = Month(tmp_path / "filled")
    assert (filled.calls, filled.spans, filled.logs) == (2_000, len(counted.spans), len(counted.logs))
    for name in FILES:
        assert (tmp_path / "filled" / name).read_bytes() == (tmp_path / "played" / name).read_bytes()


def test_a_seed_writes_the_same_bytes_again(tmp_path: Path) -> None:
    for folder, seed in (("one", 7), ("two", 7), ("three", 8)):
        write_month(tmp_path / folder, 1_000, seed)
    for name in FILES:
        one, two, three = ((tmp_path / folder / name).read_bytes() for folder in ("one", "two", "three"))
        assert one == two
        assert one != three


def test_all_calls_are_there(read: Month) -> None:
    assert len(read.ledger) == CALLS
    assert {row["feature"] for row in read.ledger} == set(FEATURES)
    assert {row["asked_model"] for row in read.ledger} == set(MODELS)
    days = Counter(datetime.fromtimestamp(int(row["start_ns"]) / 1e9, UTC).date() for row in read.ledger)
    assert len(days) == 28
    assert max(days[day] for day in days if day.weekday() >= 5) * 2 < min(
        days[day] for day in days if day.weekday() < 5
    )


def test_traces_are_whole(read: Month) -> None:
    by_id = {(span["traceId"], span["spanId"]): span for span in read.spans}
    assert len(by_id) == len(read.spans)
    for span in read.spans:
        start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
        assert start <= end
        if span["parentSpanId"]:
            parent = by_id[span["traceId"], span["parentSpanId"]]
            assert int(parent["startTimeUnixNano"]) <= start
            assert end <= int(parent["endTimeUnixNano"])
        else:
            assert span["kind"] == 2
    assert all(_said(by_id[log["traceId"], log["spanId"]])["gen_ai.operation.name"] == "chat" for log in read.logs)


def test_spans_say_what_the_ledger_says(read: Month) -> None:
    calls = {span["spanId"]: span for span in read.spans if "gen_ai.request.model" in _said(span)}
    assert len(calls) == CALLS
    for row in read.ledger:
        span = calls[row["span_id"]]
        said = _said(span)
        assert span["traceId"] == row["trace_id"]
        assert int(span["startTimeUnixNano"]) == int(row["start_ns"])
        assert int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"]) == int(row["duration_ns"])
        assert said.get("gen_ai.response.time_to_first_chunk", 0.0) == pytest.approx(
            _whole(row["first_chunk_ns"]) / 1e9
        )
        for column, name in {
            "input_tokens": "gen_ai.usage.input_tokens",
            "cache_read_tokens": "gen_ai.usage.cache_read.input_tokens",
            "cache_write_tokens": "gen_ai.usage.cache_write.input_tokens",
            "output_tokens": "gen_ai.usage.output_tokens",
            "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
        }.items():
            assert said.get(name, 0) == int(row[column]), name
        for column, name in {
            "feature": "app.feature",
            "user": "user.id",
            "tenant": "app.tenant",
            "session": "session.id",
            "prompt": "gen_ai.prompt.name",
            "prompt_version": "gen_ai.prompt.version",
            "provider": "gen_ai.provider.name",
            "asked_model": "gen_ai.request.model",
            "answered_model": "gen_ai.response.model",
            "error_type": "error.type",
        }.items():
            assert said.get(name, "") == row[column], name
        assert said.get("otel_genai.request.attempts", 1) == int(row["attempts"])


def test_the_cost_of_a_span_is_that_of_plain_arithmetic(read: Month) -> None:
    amounts = {span["spanId"]: _said(span).get("gen_ai.usage.cost.amount") for span in read.spans}
    for row in read.ledger:
        assert amounts[row["span_id"]] == (pytest.approx(float(row["cost"]), rel=1e-12) if row["cost"] else None)
    without = {row["asked_model"] for row in read.ledger if not row["cost"] and not row["error_type"]}
    assert without == {UNPRICED}
    total = sum(Decimal(row["cost"]) for row in read.ledger if row["cost"])
    assert math.fsum(amount for amount in amounts.values() if amount) == pytest.approx(float(total), rel=1e-12)


def test_agents_and_workflows_say_what_their_calls_sum_up_to(read: Month) -> None:
    frames = {span["traceId"]: _said(span) for span in read.spans if "otel_genai.total.cost" in _said(span)}
    costs, tokens = Counter[str](), Counter[str]()
    for row in read.ledger:
        costs[row["trace_id"]] += float(row["cost"] or 0)  # pyright: ignore[reportArgumentType]
        tokens[row["trace_id"]] += int(row["input_tokens"])
    assert len(frames) > CALLS / 10
    for trace, said in frames.items():
        assert said["otel_genai.total.cost"] == pytest.approx(costs[trace])
        assert said["otel_genai.total.input_tokens"] == tokens[trace]


def test_some_calls_fail(read: Month) -> None:
    endings = Counter(row["error_type"] or row["finish_reason"] for row in read.ledger if row["outcome"] != "ok")
    assert 0.01 < endings.total() / CALLS < 0.03
    errors = {f"{sdk}.{name}" for sdk in ("openai", "anthropic") for name in ("RateLimitError", "APITimeoutError")}
    assert set(endings) > errors | {"content_filter", "refusal", "openai.InternalServerError"}


def test_a_template_doubles_on_a_tuesday(read: Month) -> None:
    moment = TEMPLATE_DOUBLES.at(FIRST_DAY)
    assert datetime.fromtimestamp(moment / 1e9, UTC).strftime("%A") == "Tuesday"
    mine = _is("feature", TEMPLATE_DOUBLES.feature)
    before, after = (read.mean("input_tokens", mine, _in_week(*week)) for week in ((-WEEK_NS, moment), (0, moment)))
    assert 1.6 < after / before < 2.0
    assert {row["prompt_version"] for row in read.ledger if mine(row) and int(row["start_ns"]) < moment} == {"3"}
    assert {row["prompt_version"] for row in read.ledger if mine(row) and int(row["start_ns"]) >= moment} == {"4"}


def test_a_provider_is_slow_for_some_hours(read: Month) -> None:
    begin = SLOWDOWN.at(FIRST_DAY)
    durations: dict[tuple[str, bool], list[int]] = {}
    for row in read.ledger:
        if row["outcome"] == "ok" and abs(int(row["start_ns"]) - begin) < WEEK_NS / 4:
            slow = begin <= int(row["start_ns"]) < begin + SLOWDOWN.lasts_ns
            durations.setdefault((row["provider"], slow), []).append(int(row["duration_ns"]))
    middle = {key: median(values) for key, values in durations.items()}
    assert 2.5 < middle["anthropic", True] / middle["anthropic", False] < 3.5
    assert 0.8 < middle["openai", True] / middle["openai", False] < 1.25


def test_a_model_is_updated_in_silence(read: Month) -> None:
    moment = UPDATE.at(FIRST_DAY)
    mine = _is("asked_model", UPDATE.model)
    answered = [
        {row["answered_model"] for row in read.ledger if mine(row) and (int(row["start_ns"]) >= moment) is late}
        for late in (False, True)
    ]
    assert [names - {""} for names in answered] == [{MODELS[UPDATE.model].answered}, {UPDATE.answered}]
    before, after = (
        [read.mean(column, mine, _in_week(offset, moment)) for column in ("relevance", "output_tokens")]
        for offset in (-WEEK_NS, 0)
    )
    assert before[0] - after[0] == pytest.approx(UPDATE.worse, abs=0.03)
    assert after[1] / before[1] == pytest.approx(UPDATE.longer, abs=0.1)


def test_a_cache_is_hit_no_more(read: Month) -> None:
    moment = CACHE_STOPS.at(FIRST_DAY)
    mine, fine = _is("feature", CACHE_STOPS.feature), _is("error_type", "")
    before, after = (read.mean("cache_read_tokens", mine, fine, _in_week(offset, moment)) for offset in (-WEEK_NS, 0))
    assert before > 3_000
    assert after == 0


def test_an_agent_runs_away(read: Month) -> None:
    (most, calls), (_, next_most) = Counter((row["user"], row["session"]) for row in read.ledger).most_common(2)
    assert (most[0], calls) == (f"u-{RUNAWAY.user:05d}", runaway_calls(CALLS))
    assert calls > 5 * next_most
    starts = [int(row["start_ns"]) for row in read.ledger if row["session"] == most[1]]
    assert max(starts) - min(starts) < HOUR_NS


def test_scores_and_feedback_are_events(read: Month) -> None:
    said = [_said(log) for log in read.logs]
    scores = [
        each["gen_ai.evaluation.score.value"] for each in said if each.get("gen_ai.evaluation.name") == "relevance"
    ]
    assert sorted(scores) == sorted(float(row["relevance"]) for row in read.ledger if row["relevance"])
    reactions = Counter(
        each["gen_ai.evaluation.score.label"] for each in said if each.get("gen_ai.evaluation.name") == "user_feedback"
    )
    assert reactions == Counter(row["feedback"] for row in read.ledger if row["feedback"])


def test_the_command(tmp_path: Path) -> None:
    program = Path(__file__).parents[2] / "examples" / "month"
    said = ["--calls", "1000", "--to", "out", "--until", "2026-10-25", "--batch", "100", "--file-mb", "1"]
    command = [sys.executable, str(program), *said]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    calls, spans = done.stdout.split()[0:3:2]
    assert calls == "1000"
    files = sorted((tmp_path / "out").glob("traces*.jsonl"))
    assert len(files) > 2
    assert sum(1 for file in files for _ in read_spans(str(file), print)) == int(spans)
    lines = [list(_records(line, "Spans")) for file in files for line in _lines(file)]
    assert {len(line) for line in lines[:-1]} == {100}
    days = sorted(datetime.fromtimestamp(_start(span) / 1e9, UTC).date() for line in lines for span in line)
    assert (days[0], days[-1]) == (date(2026, 9, 28), date(2026, 10, 25))


def test_too_few_calls_are_said_to_be(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--calls", "10", "--to", str(tmp_path)])
    assert capsys.readouterr().err.endswith("calls=10; allowed: 1000 or more\n")


def _lines(path: Path) -> Iterator[Any]:
    with path.open() as file:
        for line in file:
            yield json.loads(line)


def _records(line: Any, kind: str) -> Iterator[Span]:
    resources, scopes, records = {
        "Spans": ("resourceSpans", "scopeSpans", "spans"),
        "Logs": ("resourceLogs", "scopeLogs", "logRecords"),
    }[kind]
    for resource in line[resources]:
        for scope in resource[scopes]:
            yield from scope[records]


def _said(record: Span) -> dict[str, Any]:
    """Attributes of a span or log record that are scalars."""
    said: dict[str, Any] = {}
    for attribute in record["attributes"]:
        ((kind, value),) = attribute["value"].items()
        said[attribute["key"]] = int(value) if kind == "intValue" else value
    return said


def _start(span: Span) -> int:
    return int(span["startTimeUnixNano"])


def _whole(text: str) -> int:
    return int(text) if text else 0


def _is(column: str, value: str) -> Callable[[Row], bool]:
    return lambda row: row[column] == value


def _in_week(offset: int, moment: int) -> Callable[[Row], bool]:
    """In the seven days that begin so long after the moment."""
    return lambda row: offset <= int(row["start_ns"]) - moment < offset + WEEK_NS


@pytest.mark.parametrize("words", [("examples/month",), ("-m", "examples.month")])
def test_it_starts_as_a_folder_and_as_a_module(words: tuple[str, ...]) -> None:
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, *words, "--help"], cwd=root, stdout=subprocess.DEVNULL, check=True)
