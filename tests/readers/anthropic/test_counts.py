"""Messages, characters and tools of calls, counted without looking into them; right values by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from otel_genai_instr.providers.anthropic.answers import MessageAnswer
from otel_genai_instr.providers.anthropic.requests import read_count_request, read_message_request
from otel_genai_instr.providers.anthropic.streams import open_message_stream

from ...support.capture import Capture
from ...support.replies import json_reply
from . import messages
from .messages import CALL, FOUND, REDACTED, SEARCH, TEXT, THINKING, block_events, end, start

MESSAGES = "otel_genai.input.message_count"
LENGTH = "otel_genai.output.length"
TOOLS = "otel_genai.output.tool_names"

Told = dict[str, Any]
_EMPTY: dict[str, Any] = {}


def _counts(attributes: Mapping[str, Any] | None) -> Told:
    return {name: said for name, said in (attributes or {}).items() if name in (MESSAGES, LENGTH, TOOLS)}


def _text(text: str) -> Told:
    return {"type": "text", "text": text}


def _call(name: str) -> Told:
    return {**CALL, "name": name}


ANSWERS: dict[str, tuple[Any, Told]] = {
    "text": ([_text("Hello, Åsa 👋")], {LENGTH: 12}),
    "texts": ([_text("One"), _text("Three")], {LENGTH: 8}),
    "nothing": ([], {LENGTH: 0}),
    "thinking_and_search": ([THINKING, REDACTED, SEARCH, FOUND, TEXT], {LENGTH: 12}),
    "tools": (
        [_text("Wait"), _call("weather"), _call("tide"), _call("weather")],
        {LENGTH: 4, TOOLS: ("weather", "tide")},
    ),
}


@pytest.mark.parametrize(("blocks", "counts"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer(blocks: list[Any], counts: Told) -> None:
    body = messages.message() | {"content": blocks}
    assert _counts(MessageAnswer(body).details().attributes) == counts


@pytest.mark.parametrize("raw", [False, True], ids=["object", "raw"])
@pytest.mark.parametrize("beta", [False, True], ids=["messages", "beta"])
@pytest.mark.parametrize(("blocks", "counts"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_of_the_sdk(blocks: list[Any], counts: Told, beta: bool, raw: bool, capture: Capture) -> None:
    attributes = _ask(capture, messages.message() | {"content": blocks}, "create", beta, raw, max_tokens=10)
    assert _counts(attributes) == {MESSAGES: 3, **counts}


@pytest.mark.parametrize("raw", [False, True], ids=["object", "raw"])
@pytest.mark.parametrize("beta", [False, True], ids=["messages", "beta"])
def test_a_count(beta: bool, raw: bool, capture: Capture) -> None:
    attributes = _ask(capture, {"input_tokens": 42}, "count_tokens", beta, raw)
    assert _counts(attributes) == {MESSAGES: 3}


def _ask(capture: Capture, body: Any, method: str, beta: bool, raw: bool, **more: Any) -> Told:
    pytest.importorskip("anthropic")
    from ...providers.anthropic import UNDER_TEST

    capture.instrument()
    with UNDER_TEST.transport(capture.clock) as provider:
        provider.then(json_reply(body))
        client = UNDER_TEST.connect(provider, False)
        resource = client.beta.messages if beta else client.messages
        turns: list[Any] = [{"role": "user", "content": "Hello?"}] * 3
        getattr(resource.with_raw_response if raw else resource, method)(model="m", messages=turns, **more)
    return capture.attributes()


@pytest.mark.parametrize(
    ("content", "counts"),
    [
        (None, {}),
        (7, {}),
        ("Hello", {LENGTH: 5}),
        (["Hello", None, 7, _EMPTY], {LENGTH: 5}),
        ([{"type": "text"}], {}),
        ([{"type": "text", "text": 7}, {"type": "tool_use", "name": 7}], {}),
        ([{"type": "tool_use", "name": "\ud800"}], {LENGTH: 0, TOOLS: ("?",)}),
    ],
)
def test_odd_answers(content: Any, counts: Told) -> None:
    assert _counts(MessageAnswer({"content": content}).details().attributes) == counts


def _once(items: list[Any]) -> Iterator[Any]:
    yield from items


@pytest.mark.parametrize(
    ("given", "count"),
    [([_EMPTY, _EMPTY], 2), ((), 0), (_once([_EMPTY]), None), ("Hello?", None), ({"role": "user"}, None), (None, None)],
)
def test_what_is_sent(given: object, count: int | None) -> None:
    for read in (read_message_request, read_count_request):
        assert read({"model": "m", "messages": given}).attributes.get(MESSAGES) == count
    if isinstance(given, Iterator):
        assert list(cast("Iterator[object]", given)) == [{}], "it is still the SDK's"


@pytest.mark.parametrize("capture_content", [False, True])
def test_a_stream_has_the_tools_that_were_called_to_their_end(capture_content: bool) -> None:
    whole = messages.message(TEXT, _call("weather"), SEARCH, _call("tide"), stop_reason="tool_use")
    events = [start(whole)]
    for at, block in enumerate(whole["content"]):
        events += block_events(at, block, "{}" if "input" in block else None)
    events += end(whole)
    reader = open_message_stream(capture_content)
    names: list[Any] = []
    for event in events:
        reader.feed(event)
        names.append(_counts(reader.details().attributes).get(TOOLS))
    stops = [at for at, event in enumerate(events) if event["type"] == "content_block_stop"]
    called = [(*range(stops[1]),), (*range(stops[1], stops[3]),), (*range(stops[3], len(events)),)]
    expected = [None] * len(called[0]) + [("weather",)] * len(called[1]) + [("weather", "tide")] * len(called[2])
    assert names == expected
    assert LENGTH not in (reader.details().attributes or {})
