"""The judge sees whatever is not as it should be: what passes it is right."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

import pytest

from .judge import Problem, problems
from .run import unexpected
from .table import Expected

Row = dict[str, Any]

ANSWER: Final[Row] = {
    "operation": "chat",
    "model": "gpt-4o-mini-2024-07-18",
    "streamed": True,
    "input": 1000,
    "output": 100,
    "cached": 400,
    "written": 0,
}
DOLLARS: Final = 0.00018  # 600 tokens at 15 cents a million, 400 at half of that, and 100 at 60 cents
TOLD: Final[Row] = {
    "form": {"calls": 1, "refused": 1, "errors": 0, "left": False, "cancelled": False},
    "printed": "hello\n",
    "sent": [["/v1/chat/completions", "{}"], ["/v1/chat/completions", "{}"]],
    "answered": [{**ANSWER, "told": True}],
    "spans": [
        {
            **ANSWER,
            "dollars": DOLLARS,
            "currency": "USD",
            "unpriced": None,
            "attempts": 2,
            "status": "UNSET",
            "error": None,
            "in trace": True,
        }
    ],
    "totals": {
        "gen_ai.client.inference.usage.input_tokens": 1000,
        "gen_ai.client.inference.usage.output_tokens": 100,
        "gen_ai.client.inference.usage.cache_read.input_tokens": 400,
        "gen_ai.client.operation.cost": DOLLARS,
        "gen_ai.client.operation.cost count": 1,
        "gen_ai.client.inference.duration count": 1,
    },
}
UNTOLD: Final[Row] = {
    **TOLD,
    "answered": [{**ANSWER, "told": False}],
    "spans": [
        {
            **TOLD["spans"][0],
            "input": None,
            "output": 0,
            "cached": 0,
            "written": 0,
            "dollars": None,
            "unpriced": "no_usage",
        }
    ],
    "totals": {"gen_ai.client.inference.duration count": 1},
}
FAILED: Final[Row] = {**TOLD["spans"][0], "status": "ERROR", "error": "openai.RateLimitError"}


def judged(row: Row, alone: Row) -> list[Problem]:
    return list(problems({"form": row}, {"form": alone}))


@pytest.mark.parametrize("row", [TOLD, UNTOLD], ids=["told", "untold"])
def test_what_is_right_passes(row: Row) -> None:
    assert judged(row, row) == []


@pytest.mark.parametrize("field", TOLD["spans"][0])
def test_a_span_that_says_something_else_is_seen(field: str) -> None:
    if field == "error":
        return  # of a failure alone
    row = copy.deepcopy(TOLD)
    row["spans"][0][field] = {"status": "ERROR", "in trace": False}.get(field, 7)
    assert {problem.part for problem in judged(row, TOLD)} == {"telemetry"}


@pytest.mark.parametrize("name", TOLD["totals"])
@pytest.mark.parametrize("row", [TOLD, UNTOLD], ids=["told", "untold"])
def test_a_metric_that_adds_up_to_something_else_is_seen(row: Row, name: str) -> None:
    wrong = copy.deepcopy(row)
    wrong["totals"][name] = wrong["totals"].get(name, 0) + 1
    (problem,) = judged(wrong, row)
    assert problem.what.startswith(name)


def more_spans(row: Row) -> None:
    row["spans"] *= 2


def no_span(row: Row) -> None:
    row["spans"].clear()


def a_failure(row: Row) -> None:
    row["spans"].append(FAILED)


def no_reason(row: Row) -> None:
    row["spans"][0]["unpriced"] = None


def an_invented_price(row: Row) -> None:
    row["spans"][0]["dollars"] = 0.1


def a_fault_of_ours(row: Row) -> None:
    row["totals"]["otel_genai.internal_errors"] = 1


@pytest.mark.parametrize("spoil", [more_spans, no_span, a_failure, no_reason, an_invented_price, a_fault_of_ours])
def test_what_is_too_much_or_missing_is_seen(spoil: Callable[[Row], None]) -> None:
    row = copy.deepcopy(UNTOLD)
    spoil(row)
    assert {problem.part for problem in judged(row, UNTOLD)} == {"telemetry"}


@pytest.mark.parametrize("part", ["printed", "sent", "answered"])
def test_an_app_that_does_something_else_is_seen(part: str) -> None:
    row = copy.deepcopy(TOLD)
    row[part] = row[part][:-1]
    assert "app" in {problem.part for problem in judged(row, TOLD)}


WRONG: Final = Problem("stream", "telemetry", "0 spans")
KNOWN: Final = Expected("stream.*", "why")


def test_what_is_expected_to_fail_may_fail() -> None:
    assert list(unexpected([KNOWN], ["chat", "stream"], [WRONG])) == []


@pytest.mark.parametrize(
    ("forms", "found"),
    [
        (["chat", "stream"], []),  # it no longer fails
        (["chat", "stream", "stream_left"], [WRONG]),  # one of them no longer fails
        (["chat", "stream"], [WRONG, Problem("chat", "telemetry", "0 spans")]),
        (["chat", "stream"], [WRONG, Problem("stream", "app", "printed something else")]),
        (["chat"], []),  # there is no such form
    ],
)
def test_nothing_else_may_and_what_passes_has_to_go(forms: list[str], found: list[Problem]) -> None:
    assert len(list(unexpected([KNOWN], forms, found))) == 1
