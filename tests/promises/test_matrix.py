"""The promises, each over the whole matrix of every provider."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from ..support.errors import error_type
from ..support.replies import Received
from ..support.under_test import ANSWER, KEY, PROMPT, Case, Ending, Form, UnderTest
from .cases import HOLES, cases_of, every_cell, hole_of, pairs_of
from .expected import Got, expected_of
from .outcome import USER_SPAN_ID, instrumented, without
from .selection import Selection


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whoever asks for a ``case``, a ``twin``, a ``story`` or a ``provider`` gets each of the run."""
    selection = Selection.of(metafunc.config)
    values = {
        "case": selection.cases,
        "twin": selection.twins,
        "story": selection.stories,
        "provider": selection.providers,
    }
    for name in values.keys() & set(metafunc.fixturenames):
        metafunc.parametrize(name, values[name](), ids=str)


def test_every_story_can_be_told_without_us(story: Case) -> None:
    """By every provider, observed or not: what the user asks for, gets and fails with is what the ending says."""
    alone, expected = without(story), expected_of(story)
    assert alone.diary
    assert (alone.error is not None) is (expected.status == "ERROR")
    assert len(alone.received) == expected.operations
    assert PROMPT in str([received.body for received in alone.received]) or not story.api.generates
    if expected.got is Got.ALL and story.ending is not Ending.NEVER_READ and story.api.has_text:
        assert ANSWER[:3] in str(alone.diary)
    assert alone.strayed == []
    assert alone.complaints == []
    assert alone.context_restored
    assert alone.operations == []


def test_the_user_sees_no_difference(case: Case) -> None:
    """Same requests out, same objects, chunks, headers and exceptions back."""
    with_us, alone = instrumented(case), without(case)
    assert with_us.diary == alone.diary
    assert _sent(with_us.received, case) == _sent(alone.received, case)
    assert alone.diary


def test_the_context_is_the_users(case: Case) -> None:
    """After the call as before it, and between two chunks; and nothing is complained about behind their back."""
    outcome = instrumented(case)
    assert outcome.strayed == []
    assert outcome.complaints == []
    assert outcome.context_restored


def test_one_span_per_operation(case: Case) -> None:
    """However it ends; each a child of the user's span, and never of another operation."""
    outcome = instrumented(case)
    assert len(outcome.operations) == expected_of(case).operations
    for span in outcome.operations:
        assert span.parent is not None
        assert span.parent.span_id == USER_SPAN_ID
        assert dict(span.attributes or {})["gen_ai.operation.name"] == case.api.operation
        assert span.kind.name == "CLIENT"


def test_status_as_the_table_says(case: Case) -> None:
    """``ERROR`` with the class of what the user got, else ``UNSET``; a reason only for what has ended or failed."""
    outcome, expected = instrumented(case), expected_of(case)
    for span in outcome.operations:
        attributes = dict(span.attributes or {})
        assert span.status.status_code.name == expected.status
        failed = expected.status == "ERROR"
        assert (outcome.error is not None) is failed
        assert attributes.get("error.type") == (error_type(outcome.error) if outcome.error else None)
        assert attributes.get("http.response.status_code") == (
            case.provider.refusal().status if case.ending is Ending.REFUSED else None
        )
        reasons = None
        if expected.got is Got.ALL:
            reasons = case.api.finish_reasons
        elif expected.got is Got.PART and failed and case.api.has_choices:
            reasons = ("error",)
        assert attributes.get("gen_ai.response.finish_reasons") == reasons


def test_tokens_only_when_received(case: Case) -> None:
    """On the span and in the counters alike; never for a response that is only fetched."""
    outcome, expected = instrumented(case), expected_of(case)
    tokens = {Got.ALL: case.api.tokens, Got.PART: case.api.part_tokens, Got.NOTHING: (None, None)}[expected.got]
    has_price = tokens != (None, None) or (case.api.by_unit and expected.got is Got.ALL)
    for span in outcome.operations:
        attributes = dict(span.attributes or {})
        assert (attributes.get("gen_ai.usage.input_tokens"), attributes.get("gen_ai.usage.output_tokens")) == tokens
        assert ("gen_ai.usage.cost.amount" in attributes) is has_price
    for kind, count in zip(("input", "output"), tokens, strict=True):
        total = _total(outcome.snapshot, f"gen_ai.client.inference.usage.{kind}_tokens")
        assert total == (count or 0) * expected.operations * case.api.generates
    priced = expected.operations if has_price else 0
    assert _count(outcome.snapshot, "gen_ai.client.operation.cost") == priced


def test_one_duration_per_operation(case: Case) -> None:
    """In the metric of its kind, with the error of the span; no other duration is counted."""
    outcome, expected = instrumented(case), expected_of(case)
    durations = {name: points for name, points in outcome.snapshot["metrics"].items() if name.endswith(".duration")}
    assert list(durations) == [case.api.duration]
    assert _count(outcome.snapshot, case.api.duration) == expected.operations
    for point in durations[case.api.duration]:
        assert point["attributes"].get("error.type") == (error_type(outcome.error) if outcome.error else None)


def test_content_only_when_asked_for(case: Case) -> None:
    """The prompt, and what quotes it, is nowhere with content off; with it on, it is where it belongs."""
    outcome = instrumented(case)
    told = str(outcome.snapshot)
    assert KEY not in told
    if not case.content:
        assert PROMPT not in told
        assert ANSWER not in told
        return
    generates = case.api.generates
    got_all = expected_of(case).got is Got.ALL
    for span in outcome.operations:
        attributes: dict[str, Any] = dict(span.attributes or {})
        assert (PROMPT in attributes.get("gen_ai.input.messages", "")) is (generates or case.api.has_prompt)
        answered = got_all and case.api.has_text
        assert (ANSWER in attributes.get("gen_ai.output.messages", "")) is answered
    details = [event for event in outcome.snapshot["events"] if event["name"].endswith(".details")]
    assert len(details) == (len(outcome.operations) if generates else 0)
    for event in details:
        assert (ANSWER in str(event["attributes"].get("gen_ai.output.messages"))) is got_all


def test_sync_and_async_tell_the_same(twin: Case) -> None:
    """One story, one telemetry; only the stack traces, which content brings with it, name other functions."""
    assert _comparable(twin) == _comparable(replace(twin, is_async=True))


def test_every_hole_has_a_reason(provider: UnderTest, capsys: pytest.CaptureFixture[str]) -> None:
    """Every cell is either lived through or listed here."""
    cells, cases = every_cell(provider), cases_of(provider)
    holes = Counter(hole.reason for cell in cells if (hole := hole_of(cell)) is not None)
    for hole in (*provider.holes, *HOLES):
        assert any(map(hole.covers, cells)), f"covers nothing: {hole.reason}"
    assert len(cases) + holes.total() == len(cells) == len(provider.apis) * 2 * len(Form) * len(Ending) * 2
    assert len(cases) == provider.cells
    assert {case.form for case in cases} == set(provider.forms)
    with capsys.disabled():
        how = "lived through" if provider.is_instrumented else "told without us only"
        print(f"\n{provider}: {len(cases)} cells {how}, {holes.total()} empty:")
        for reason, count in holes.items():
            print(f"{count:5} {reason}")


def test_a_selection_keeps_every_pair(provider: UnderTest) -> None:
    """What ``--pairs`` leaves out is seen elsewhere in the same company, two values at a time."""
    cases = cases_of(provider)
    chosen = pairs_of(cases)
    assert chosen == pairs_of(cases)
    assert len(chosen) < len(cases) / 2
    for axes in combinations(range(5), 2):
        assert _together(chosen, *axes) == _together(cases, *axes)


def _together(cases: list[Case], *axes: int) -> set[tuple[object, ...]]:
    rows = [(case.api.name, case.is_async, case.form, case.ending, case.content) for case in cases]
    return {tuple(row[axis] for axis in axes) for row in rows}


def _sent(requests: list[Received], case: Case) -> list[Received]:
    """The requests without what the SDK writes into them of the current span; that it writes it, remains."""
    following = case.provider.headers_that_follow_the_span
    return [
        replace(sent, headers={name: "" if name in following else text for name, text in sent.headers.items()})
        for sent in requests
    ]


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
