"""Helpers of the SDK that read a stream to its end: one operation, whose content is complete, whichever is asked."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, sse_reply
from ..support.sdk import chat_stream, needs_responses
from .either import Block, Chunks, call, run

both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
Helper = Callable[[Any], Awaitable[str]]


async def _final_completion(stream: Any) -> str:
    return (await call(stream.get_final_completion)).choices[0].message.content


async def _final_response(stream: Any) -> str:
    return (await call(stream.get_final_response)).output_text


async def _until_done(stream: Any) -> str:
    assert await call(stream.until_done) is stream
    return "Hello"


async def _pieces_of_chat(stream: Any) -> str:
    events = [event async for event in Chunks(stream)]
    (done,) = [event for event in events if event.type == "content.done"]
    assert "".join(event.delta for event in events if event.type == "content.delta") == done.content
    return done.content


async def _pieces_of_response(stream: Any) -> str:
    events = [event async for event in Chunks(stream)]
    return "".join(event.delta for event in events if event.type == "response.output_text.delta")


async def _one_after_another(stream: Any) -> str:
    await call(stream.until_done)
    await call(stream.until_done)
    final = stream.get_final_completion if hasattr(stream, "get_final_completion") else stream.get_final_response
    told = await call(final)
    return told.choices[0].message.content if hasattr(told, "choices") else told.output_text


def _check(capture: Capture) -> None:
    attributes: dict[str, Any] = capture.attributes()
    (message,) = json.loads(attributes["gen_ai.output.messages"])
    assert message["parts"] == [{"type": "text", "content": "Hello"}]
    assert message["finish_reason"] == "stop"
    assert attributes["gen_ai.response.finish_reasons"] == ("stop",)
    assert (attributes["gen_ai.usage.input_tokens"], attributes["gen_ai.usage.output_tokens"]) == (1000, 200)
    assert capture.count("gen_ai.client.inference.duration") == 1


async def _ask(manager: Any, helper: Helper) -> str:
    async with Block(manager) as stream:
        return await helper(stream)


def _client(capture: Capture, is_async: bool, events: list[Any], done: bool) -> Any:
    capture.instrument(capture_content="span_only")
    provider = FakeProvider(capture.clock).then(sse_reply(*events, done=done))
    return provider.async_client() if is_async else provider.client()


@both_modes
@pytest.mark.parametrize("helper", [_final_completion, _until_done, _pieces_of_chat, _one_after_another])
def test_helpers_of_a_chat(helper: Helper, is_async: bool, capture: Capture) -> None:
    client = _client(capture, is_async, answers.chat_chunks(), done=True)
    manager = chat_stream(client)(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}])
    assert run(_ask(manager, helper), is_async=is_async) == "Hello"
    _check(capture)


@needs_responses
@both_modes
@pytest.mark.parametrize("helper", [_final_response, _until_done, _pieces_of_response, _one_after_another])
def test_helpers_of_a_response(helper: Helper, is_async: bool, capture: Capture) -> None:
    client = _client(capture, is_async, answers.response_events(), done=False)
    manager = client.responses.stream(model="gpt-4o-mini", input="hi")
    assert run(_ask(manager, helper), is_async=is_async) == "Hello"
    _check(capture)
