"""What the instrumentation adds to a call, in bytecodes: no clock, so no noise, and a reason to fail.

Times are measured by ``python -m benchmarks``, over the same cases and the same hand-written floor.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks import cases, work
from benchmarks.arms import Setup, arms_of

from ..support.marking import COUNTS_BYTECODES
from ..support.sdk import needs_responses

pytestmark = [
    COUNTS_BYTECODES,
    needs_responses,  # the benchmark's client has all APIs
]

CALLS = {case.name: case for case in cases.all_cases() if not case.is_stream}
both_kinds = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@both_kinds
@pytest.mark.parametrize("name", CALLS)
def test_a_call(name: str, is_async: bool) -> None:
    assert _ratio(Setup(CALLS[name], "stub", is_async)) <= 1.3


@both_kinds
@pytest.mark.parametrize("name", [name for name, case in CALLS.items() if case.has_content])
def test_a_call_with_content(name: str, is_async: bool) -> None:
    assert _ratio(Setup(CALLS[name], "stub", is_async, capture=True)) <= 1.5


@both_kinds
@pytest.mark.parametrize("name", [name for name, case in CALLS.items() if case.has_content])
def test_a_call_with_a_digest(name: str, is_async: bool) -> None:
    assert _ratio(Setup(CALLS[name], "stub", is_async, digest=True)) <= 1.6


@both_kinds
@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_is_not_sampled(name: str, is_async: bool) -> None:
    # Two histogram points are nearly all that the floor of embeddings does then.
    assert _ratio(Setup(CALLS[name], "stub", is_async, sampled=False)) <= (1.35 if name == "embeddings" else 1.3)


@both_kinds
@pytest.mark.parametrize(
    ("stream", "capture", "limit"),
    [
        (cases.chat_stream, False, 70),
        (cases.responses_stream, False, 65),
        (cases.chat_stream, True, 140),
        (cases.responses_stream, True, 100),
    ],
    ids=["chat", "responses", "chat-content", "responses-content"],
)
def test_one_more_chunk(stream: Callable[[int], cases.Case], capture: bool, limit: int, is_async: bool) -> None:
    few, many = (_added(Setup(stream(n), "stub", is_async, capture)) for n in (100, 200))
    assert (many - few) / 100 <= limit + (10 if is_async else 0)  # whose context it is, is asked again after waiting


@both_kinds
def test_no_message_is_looked_at_without_content(is_async: bool) -> None:
    few, many = (_added(Setup(cases.chat(messages), "stub", is_async)) for messages in (1, 1000))
    assert few == many


def _ratio(setup: Setup) -> float:
    with arms_of(setup) as arms:
        return work.count(arms).ratio


def _added(setup: Setup) -> int:
    with arms_of(setup) as arms:
        return work.count(arms).ours
