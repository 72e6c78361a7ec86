"""Iterators in the request are the SDK's to consume: they reach the server whole, and their faults the user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ..support import answers
from ..support.capture import Capture
from ..support.marking import names
from ..support.provider import FakeProvider, json_reply, sse_reply
from ..support.sdk import IS_BEFORE_3, chat_stream, needs_responses
from .either import Block, Chunks, call, run

TURNS: list[Any] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is the weather?"},
]
TOOLS: list[Any] = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("weather", "tide")
]
FLAT_TOOLS: list[Any] = [{"type": "function", **tool["function"]} for tool in TOOLS]


class OutOfTurns(Exception):
    """Raised by the user's iterator."""


def once(items: list[Any]) -> Iterator[Any]:
    """A generator, which gives its items a single time."""
    yield from items


def failing(items: list[Any]) -> Iterator[Any]:
    """A generator that breaks after its first item."""
    yield items[0]
    raise OutOfTurns("no more", 7)


class Iterable:
    """An object that is no list, and whose every iterator is a new one."""

    def __init__(self, items: list[Any]) -> None:
        self._items = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)


Given = Callable[[list[Any]], Any]


async def _chat(client: Any, given: Given) -> None:
    await call(client.chat.completions.create, model="m", messages=given(TURNS), tools=given(TOOLS))


async def _chat_stream(client: Any, given: Given) -> None:
    stream = await call(
        client.chat.completions.create, model="m", messages=given(TURNS), tools=given(TOOLS), stream=True
    )
    assert [chunk async for chunk in Chunks(stream)]


async def _chat_raw(client: Any, given: Given) -> None:
    await call(client.chat.completions.with_raw_response.create, model="m", messages=given(TURNS), tools=given(TOOLS))


async def _chat_streaming_raw(client: Any, given: Given) -> None:
    create = client.chat.completions.with_streaming_response.create
    async with Block(create(model="m", messages=given(TURNS), tools=given(TOOLS))) as response:
        await call(response.parse)


async def _chat_manager(client: Any, given: Given) -> None:
    # Its own code reads the tools twice, so only the messages can be a generator.
    async with Block(chat_stream(client)(model="m", messages=given(TURNS), tools=TOOLS)) as stream:
        assert [event async for event in Chunks(stream)]


async def _responses(client: Any, given: Given) -> None:
    await call(client.responses.create, model="m", input=given(TURNS), tools=given(FLAT_TOOLS))


async def _responses_stream(client: Any, given: Given) -> None:
    stream = await call(client.responses.create, model="m", input=given(TURNS), tools=given(FLAT_TOOLS), stream=True)
    assert [event async for event in Chunks(stream)]


async def _embeddings(client: Any, given: Given) -> None:
    await call(client.embeddings.create, model="m", input=given([[1, 2], [3, 4]]), encoding_format="float")


CALLS = {
    "chat": (_chat, lambda: json_reply(answers.chat())),
    "chat_stream": (_chat_stream, lambda: sse_reply(*answers.chat_chunks())),
    "chat_raw": (_chat_raw, lambda: json_reply(answers.chat())),
    "chat_streaming_raw": (_chat_streaming_raw, lambda: json_reply(answers.chat())),
    "chat_manager": (_chat_manager, lambda: sse_reply(*answers.chat_chunks())),
    "responses": (_responses, lambda: json_reply(answers.response())),
    "responses_stream": (_responses_stream, lambda: sse_reply(*answers.response_events(), done=False)),
    "embeddings": (_embeddings, lambda: json_reply(answers.embeddings())),
}
every_call = pytest.mark.parametrize(
    "name", names(CALLS, {"responses": needs_responses, "responses_stream": needs_responses})
)
both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
both_contents = pytest.mark.parametrize("content", ["no_content", "span_and_event"])


def _sent(name: str, is_async: bool, given: Given) -> tuple[Any, BaseException | None]:
    """The body that reached the server, and what reached the user."""
    story, reply = CALLS[name]
    provider = FakeProvider().then(reply())
    client = provider.async_client() if is_async else provider.client()
    error = None
    try:
        run(story(client, given), is_async=is_async)
    except Exception as raised:
        error = raised
    return [received.body for received in provider.received], error


@pytest.mark.parametrize("given", [list, tuple, once, iter, Iterable], ids=lambda given: given.__name__)
@both_contents
@both_modes
@every_call
def test_iterators_reach_the_server_whole(
    name: str, is_async: bool, content: str, given: Given, capture: Capture
) -> None:
    alone = _sent(name, is_async, given)
    capture.instrument(capture_content=content)
    with_us = _sent(name, is_async, given)
    assert repr(with_us) == repr(alone)
    if alone[1] is None:
        (body,) = with_us[0]
        assert len(body["messages"] if "messages" in body else body["input"]) == 2
        assert len(capture.spans()) == 1


def test_content_of_a_generator_is_recorded_whole(capture: Capture) -> None:
    capture.instrument(capture_content="span_only")
    _sent("chat", False, once)
    attributes = capture.attributes()
    assert attributes["gen_ai.input.messages"] == (
        '[{"role":"system","parts":[{"type":"text","content":"Be brief."}]},'
        '{"role":"user","parts":[{"type":"text","content":"What is the weather?"}]}]'
    )
    assert attributes["gen_ai.tool.definitions"] == (
        '[{"type":"function","name":"weather","parameters":{"type":"object","properties":{}}},'
        '{"type":"function","name":"tide","parameters":{"type":"object","properties":{}}}]'
    )


@both_contents
@both_modes
@every_call
def test_a_failing_iterator_fails_as_without_us(name: str, is_async: bool, content: str, capture: Capture) -> None:
    if IS_BEFORE_3 and is_async and name == "chat_manager":
        pytest.skip("this openai streams strict tools only")
    alone = _sent(name, is_async, failing)
    capture.instrument(capture_content=content)
    bodies, error = _sent(name, is_async, failing)
    assert bodies == alone[0] == []
    assert isinstance(error, OutOfTurns)
    assert error.args == ("no more", 7)
    assert repr(error) == repr(alone[1])
    assert capture.snapshot() == {"spans": [], "metrics": {}, "events": []}, "no request, no operation"


@both_modes
def test_the_users_own_lists_stay_as_they_are(is_async: bool, capture: Capture) -> None:
    capture.instrument(capture_content="span_and_event")
    before = repr((TURNS, TOOLS))
    _sent("chat", is_async, lambda items: items)
    assert repr((TURNS, TOOLS)) == before
