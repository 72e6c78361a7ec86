"""What is current while the SDK works, and calls that are torn down in the middle of it."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import sys
from collections.abc import Coroutine
from typing import Any

import pytest
from opentelemetry import baggage, context, trace

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, Reply, json_reply, sse_reply
from .either import Chunks, call, run

MESSAGES: list[Any] = [{"role": "user", "content": "hi"}]
both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


def _ask(client: Any, **more: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, **more)


@both_modes
@pytest.mark.parametrize("form", ["plain", "stream"])
def test_the_operation_is_current_while_the_sdk_works(form: str, is_async: bool, capture: Capture) -> None:
    """So the spans of the HTTP client nest below it, whenever they are made; without the caller's baggage."""
    capture.instrument()
    seen: list[tuple[trace.Span, object]] = []
    reply = sse_reply(*answers.chat_chunks()) if form == "stream" else json_reply(answers.chat())
    reply.steps.insert(len(reply.steps) // 2, lambda: seen.append((trace.get_current_span(), baggage.get_all())))
    provider = FakeProvider(capture.clock).then(reply)
    client: Any = provider.async_client() if is_async else provider.client()

    async def body() -> None:
        token = context.attach(baggage.set_baggage("user.id", "u-42"))
        answer = await call(_ask, client, stream=form == "stream")
        if form == "stream":
            assert len([chunk async for chunk in Chunks(answer)]) == 5
        assert trace.get_current_span() is trace.INVALID_SPAN
        context.detach(token)

    run(body(), is_async=is_async)
    ((span, carried),) = seen
    assert span.get_span_context() == capture.span().context
    assert carried == {}


def _torn_down(capture: Capture, reply: Reply, reads: int, *, close: bool) -> None:
    """Leave a coroutine of the user's where it waits for the network, after some chunks."""
    provider = FakeProvider(capture.clock).then(json_reply(answers.chat()), reply)
    client = provider.async_client()
    chunks: list[Any] = []

    async def user() -> None:
        stream = await _ask(client, stream=True)
        async for chunk in stream:
            chunks.append(chunk)  # noqa: PERF401 - one by one is the point

    async def body() -> None:
        await _ask(client)  # the first call of a client asks a thread about the platform, which needs the event loop
        capture.instrument()
        before = context.get_current()
        own = contextvars.copy_context()  # as a task has
        coroutine: Coroutine[Any, Any, None] | None = user()
        own.run(coroutine.send, None)
        while len(chunks) < reads:
            own.run(coroutine.send, None)
        if close:
            own.run(coroutine.close)
        coroutine = None
        for _ in range(5):  # Python 3.11 lets go of one suspended generator after the other
            gc.collect()
            await asyncio.sleep(0)
        assert context.get_current() == before

    run(body(), is_async=True)


@pytest.mark.parametrize("close", [True, False], ids=["closed", "dropped"])
@pytest.mark.parametrize("reads", [0, 2])
def test_a_coroutine_that_is_torn_down_stops_early(reads: int, close: bool, capture: Capture) -> None:
    """``GeneratorExit`` where it waits for a chunk: the caller wants no more."""
    _torn_down(capture, sse_reply(*answers.chat_chunks()), reads, close=close)
    span = capture.span()
    assert span.status.status_code.name == "UNSET"
    assert "error.type" not in capture.attributes()
    assert "gen_ai.response.finish_reasons" not in capture.attributes()
    assert capture.count("gen_ai.client.inference.duration") == 1
    (point,) = capture.metrics()["gen_ai.client.inference.duration"]
    assert "error.type" not in point["attributes"]


def _left_to_the_loop(capture: Capture) -> list[str]:
    """The generators of a dropped stream that the event loop has to close."""
    client = FakeProvider(capture.clock).then(sse_reply(*answers.chat_chunks())).async_client()
    left: list[str] = []

    async def body() -> None:
        _, close = sys.get_asyncgen_hooks()
        assert close is not None

        def noted(generator: Any) -> None:
            left.append(generator.__qualname__)
            close(generator)

        sys.set_asyncgen_hooks(finalizer=noted)
        stream = await _ask(client, stream=True)
        async for _ in stream:
            break
        del stream
        for _ in range(5):
            gc.collect()
            await asyncio.sleep(0)

    run(body(), is_async=True)
    return left


def test_a_dropped_stream_leaves_the_event_loop_no_more_to_close_than_without_us(capture: Capture) -> None:
    """A loop may warn of each: trio does."""
    plain = _left_to_the_loop(capture)
    capture.instrument()
    assert _left_to_the_loop(capture) == plain != []
    assert capture.count("gen_ai.client.inference.duration") == 1
