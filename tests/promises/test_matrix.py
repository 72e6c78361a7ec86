"""The promises, each over the whole matrix."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from ..support.sdk import HAS_RESPONSES, error_type
from .cases import CASES, EVERY_CELL, HOLES, Case, Ending, hole_of
from .expected import Got, expected_of
from .outcome import USER_SPAN_ID, instrumented, without

TWINS = [case for case in CASES if not case.is_async and hole_of(replace(case, is_async=True)) is None]

over_all = pytest.mark.parametrize("case", CASES, ids=str)


@over_all
def test_the_user_sees_no_difference(case: Case) -> None:
    """Same requests out, same objects, chunks, headers and exceptions back."""
    with_us, alone = instrumented(case), without(case)
    assert with_us.diary == alone.diary
    assert with_us.received == alone.received
    assert alone.diary


@over_all
def test_the_context_is_the_users(case: Case) -> None:
    """After the call as before it, and between two chunks; and nothing is complained about behind their back."""
    outcome = instrumented(case)
    assert outcome.strayed == []
    assert outcome.complaints == []
    assert outcome.context_restored


@over_all
def test_one_span_per_operation(case: Case) -> None:
    """However it ends; each a child of the user's span, and never of another operation."""
    outcome = instrumented(case)
    assert len(outcome.operations) == expected_of(case).operations
    for span in outcome.operations:
        assert span.parent is not None
        assert span.parent.span_id == USER_SPAN_ID
        assert dict(span.attributes or {})["gen_ai.operation.name"] == case.api.operation
        assert span.kind.name == "CLIENT"


@over_all
def test_status_as_the_table_says(case: Case) -> None:
    """``ERROR`` with the class of what the user got, else ``UNSET``; a reason only for what has ended or failed."""
    outcome, expected = instrumented(case), expected_of(case)
    for span in outcome.operations:
        attributes = dict(span.attributes or {})
        assert span.status.status_code.name == expected.status
        failed = expected.status == "ERROR"
        assert (outcome.error is not None) is failed
        assert attributes.get("error.type") == (error_type(outcome.error) if outcome.error else None)
        assert attributes.get("http.response.status_code") == (400 if case.ending is Ending.REFUSED else None)
        reasons = None
        if expected.got is Got.ALL:
            reasons = case.api.finish_reasons
        elif expected.got is Got.PART and failed and case.api.has_choices:
            reasons = ("error",)
        assert attributes.get("gen_ai.response.finish_reasons") == reasons


@over_all
def test_tokens_only_when_received(case: Case) -> None:
    """On the span and in the counters alike; never for a response that is only fetched."""
    outcome, expected = instrumented(case), expected_of(case)
    tokens = case.api.tokens if expected.got is Got.ALL else (None, None)
    for span in outcome.operations:
        attributes = dict(span.attributes or {})
        assert (attributes.get("gen_ai.usage.input_tokens"), attributes.get("gen_ai.usage.output_tokens")) == tokens
        assert ("gen_ai.usage.cost.amount" in attributes) is (tokens != (None, None))
    inference = case.api.operation == "chat"
    for kind, count in zip(("input", "output"), tokens, strict=True):
        total = _total(outcome.snapshot, f"gen_ai.client.inference.usage.{kind}_tokens")
        assert total == (count or 0) * expected.operations * inference
    priced = expected.operations if tokens != (None, None) else 0
    assert _count(outcome.snapshot, "gen_ai.client.operation.cost") == priced


@over_all
def test_one_duration_per_operation(case: Case) -> None:
    """In the metric of its kind, with the error of the span; no other duration is counted."""
    outcome, expected = instrumented(case), expected_of(case)
    durations = {name: points for name, points in outcome.snapshot["metrics"].items() if name.endswith(".duration")}
    assert list(durations) == [case.api.duration]
    assert _count(outcome.snapshot, case.api.duration) == expected.operations
    for point in durations[case.api.duration]:
        assert point["attributes"].get("error.type") == (error_type(outcome.error) if outcome.error else None)


@over_all
def test_content_only_when_asked_for(case: Case) -> None:
    """The prompt, and what quotes it, is nowhere with content off; with it on, it is where it belongs."""
    outcome = instrumented(case)
    told = str(outcome.snapshot)
    assert "sk-secret" not in told
    if not case.content:
        assert "secret prompt" not in told
        assert "Hello" not in told
        return
    generates = case.api.operation == "chat"
    got_all = expected_of(case).got is Got.ALL
    for span in outcome.operations:
        attributes: dict[str, Any] = dict(span.attributes or {})
        assert ("secret prompt" in attributes.get("gen_ai.input.messages", "")) is generates
        answered = got_all and case.api.operation != "embeddings"
        assert ("Hello" in attributes.get("gen_ai.output.messages", "")) is answered
    details = [event for event in outcome.snapshot["events"] if event["name"].endswith(".details")]
    assert len(details) == (len(outcome.operations) if generates else 0)
    for event in details:
        assert ("Hello" in str(event["attributes"].get("gen_ai.output.messages"))) is got_all


@pytest.mark.parametrize("case", TWINS, ids=str)
def test_sync_and_async_tell_the_same(case: Case) -> None:
    """One story, one telemetry; only the stack traces, which content brings with it, name other functions."""
    assert _comparable(case) == _comparable(replace(case, is_async=True))


def test_every_hole_has_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    """Every cell is either lived through or listed here."""
    holes = Counter(hole.reason for cell in EVERY_CELL if (hole := hole_of(cell)) is not None)
    assert set(holes) == {hole.reason for hole in HOLES}, "a reason that covers nothing"
    assert len(CASES) + holes.total() == len(EVERY_CELL) == (4 if HAS_RESPONSES else 2) * 2 * 7 * 15 * 2
    with capsys.disabled():
        print(f"\n{len(CASES):5} cells lived through, {holes.total()} empty:")
        for reason, cells in holes.items():
            print(f"{cells:5} {reason}")


def _comparable(case: Case) -> dict[str, Any]:
    snapshot = copy.deepcopy(instrumented(case).snapshot)
    for event in snapshot["events"]:
        stacktrace = event["attributes"].pop("exception.stacktrace", None)
        assert (stacktrace is not None) is (case.content and event["name"].endswith(".exception"))
    return snapshot


def _total(snapshot: dict[str, Any], metric: str) -> float:
    return sum(point.get("value", 0) for point in snapshot["metrics"].get(metric, []))


def _count(snapshot: dict[str, Any], metric: str) -> int:
    return sum(point["count"] for point in snapshot["metrics"].get(metric, []))
