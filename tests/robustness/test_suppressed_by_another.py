"""Who observes a call, too, and turns all others off inside: we are on, and what the SDK does is as silent as ever."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest
from openai import APIStatusError
from opentelemetry.instrumentation.utils import is_instrumentation_enabled

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, Reply, json_reply, sse_reply
from ..support.suppressing import ForgetsWhileOff, logfires_span

CALL: Final[dict[str, Any]] = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
INPUT_TOKENS: Final = "gen_ai.client.inference.usage.input_tokens"

both_kinds = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@pytest.fixture
def heard(capture: Capture) -> ForgetsWhileOff:
    """What a provider of Logfire's kind has of us."""
    processor = ForgetsWhileOff()
    capture.tracer_provider.add_span_processor(processor)
    capture.logger_provider.add_log_record_processor(processor)
    capture.instrument(capture_content="event_only")
    return processor


def ask(is_async: bool, reply: Reply, **more: Any) -> Any:
    """Inside of Logfire's span; return what the SDK does."""
    provider = FakeProvider(None, reply)
    client: Any = provider.async_client() if is_async else provider.client()

    async def ask_awaited() -> Any:
        with logfires_span():
            answer = await client.chat.completions.create(**CALL, **more)
        return [chunk async for chunk in answer] if more else answer

    if is_async:
        return asyncio.run(ask_awaited())
    with logfires_span():
        answer = client.chat.completions.create(**CALL, **more)
    return list(answer) if more else answer


@both_kinds
def test_a_call_is_observed(capture: Capture, heard: ForgetsWhileOff, is_async: bool) -> None:
    on: list[bool] = []
    reply = json_reply(answers.chat())
    reply.steps.insert(0, lambda: on.append(is_instrumentation_enabled()))
    ask(is_async, reply)
    assert heard.seen == ["start", "event", "end"]
    assert on == [False]
    assert capture.total(INPUT_TOKENS) == 1000
    assert is_instrumentation_enabled()


@both_kinds
def test_a_call_that_fails_is_observed(capture: Capture, heard: ForgetsWhileOff, is_async: bool) -> None:
    with pytest.raises(APIStatusError):
        ask(is_async, json_reply({"error": {"message": "no"}}, 500))
    assert heard.seen == ["start", "event", "event", "end"]  # the messages, and the exception
    assert capture.attributes()["error.type"] == "openai.InternalServerError"


@both_kinds
def test_a_stream_is_observed_until_its_end(capture: Capture, heard: ForgetsWhileOff, is_async: bool) -> None:
    chunks = ask(is_async, sse_reply(*answers.chat_chunks()), stream=True)
    assert len(chunks) == len(answers.chat_chunks())
    assert heard.seen == ["start", "event", "end"]
    assert capture.total(INPUT_TOKENS) == 1000


@pytest.mark.parametrize("scope", ["app", "logfire"])
def test_the_apps_own_wish_is_respected(capture: Capture, heard: ForgetsWhileOff, scope: str) -> None:
    """Logfire makes no span of its own then: the current one is another."""
    client: Any = FakeProvider(None, json_reply(answers.chat())).client()
    with logfires_span(scope):
        client.chat.completions.create(**CALL)
    assert heard.seen == []
    assert capture.snapshot() == {"spans": [], "metrics": {}, "events": []}
