"""What the model server sees, over a real socket and with the HTTP client's own instrumentation on."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace import ReadableSpan

from examples.openai_server import INSTANT, Fault, OpenAIServer

from ..support.capture import Capture
from ..support.errors import error_type
from ..support.marking import names
from ..support.provider import http
from ..support.sdk import chat_stream, needs_responses
from .either import Block, Chunks, call, run

import openai  # isort: skip

MESSAGES = [{"role": "user", "content": "How long is the warranty?"}]
BAGGAGE = {"user.id": "u-42", "session.id": "s-7"}

both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(INSTANT) as server:
        yield server


@pytest.fixture(autouse=True)
def http_spans(capture: Capture) -> Iterator[None]:
    """The contrib instrumentation of the HTTP client that this openai uses."""
    module = importlib.import_module("opentelemetry.instrumentation.httpx")
    instrumentor = getattr(
        module, "HTTPX2ClientInstrumentor" if http.__name__ == "httpx2" else "HTTPXClientInstrumentor"
    )()
    instrumentor.instrument(tracer_provider=capture.tracer_provider, meter_provider=capture.meter_provider)
    yield
    instrumentor.uninstrument()


async def _chat(client: Any) -> None:
    await call(client.chat.completions.create, model="gpt-4o-mini", messages=MESSAGES)


async def _chat_stream(client: Any) -> None:
    stream = await call(client.chat.completions.create, model="gpt-4o-mini", messages=MESSAGES, stream=True)
    assert [chunk async for chunk in Chunks(stream)]


async def _chat_manager(client: Any) -> None:
    async with Block(chat_stream(client)(model="gpt-4o-mini", messages=MESSAGES)) as stream:
        assert [event async for event in Chunks(stream)]


async def _chat_streaming_raw(client: Any) -> None:
    create = client.chat.completions.with_streaming_response.create
    async with Block(create(model="gpt-4o-mini", messages=MESSAGES, stream=True)) as response:
        assert [chunk async for chunk in Chunks(await call(response.parse))]


async def _responses(client: Any) -> None:
    await call(client.responses.create, model="gpt-4o-mini", input="How long is the warranty?")


async def _responses_stream(client: Any) -> None:
    stream = await call(client.responses.create, model="gpt-4o-mini", input="How long?", stream=True)
    assert [event async for event in Chunks(stream)]


async def _embeddings(client: Any) -> None:
    await call(client.embeddings.create, model="text-embedding-3-small", input=["a"])


CALLS = {
    "chat": _chat,
    "chat_stream": _chat_stream,
    "chat_manager": _chat_manager,
    "chat_streaming_raw": _chat_streaming_raw,
    "responses": _responses,
    "responses_stream": _responses_stream,
    "embeddings": _embeddings,
}
every_call = pytest.mark.parametrize(
    "name", names(CALLS, {"responses": needs_responses, "responses_stream": needs_responses})
)


def _ask(server: OpenAIServer, name: str, is_async: bool, tracer: trace.Tracer | None = None) -> None:
    """One call by a user whose context carries baggage, and whose context stays as it is."""

    async def body() -> None:
        kind: Any = openai.AsyncOpenAI if is_async else openai.OpenAI
        carrying = context.get_current()
        for key, value in BAGGAGE.items():
            carrying = baggage.set_baggage(key, value, carrying)
        token = context.attach(carrying)
        try:
            async with Block(kind(base_url=server.url, api_key="sk-secret", max_retries=2)) as client:
                with (tracer or trace.NoOpTracer()).start_as_current_span("user"):
                    before = context.get_current()
                    await CALLS[name](client)
                    assert context.get_current() == before
                    assert baggage.get_all() == BAGGAGE
        finally:
            context.detach(token)

    run(body(), is_async=is_async)


def _by_scope(capture: Capture) -> tuple[list[ReadableSpan], list[ReadableSpan]]:
    spans = capture.spans()
    ours = [
        span for span in spans if span.instrumentation_scope and span.instrumentation_scope.name == "otel_genai_instr"
    ]
    theirs = [span for span in spans if span.instrumentation_scope and "httpx" in span.instrumentation_scope.name]
    return ours, theirs


def _id(span: ReadableSpan) -> int:
    assert span.context is not None
    return span.context.span_id


@both_modes
def test_without_us_the_baggage_goes_out(is_async: bool, server: OpenAIServer) -> None:
    """The danger is real: this is what the HTTP instrumentation does by itself."""
    _ask(server, "chat", is_async)
    assert server.received[0].headers["baggage"] == "user.id=u-42,session.id=s-7"


@every_call
@both_modes
def test_no_baggage_reaches_the_provider(name: str, is_async: bool, server: OpenAIServer, capture: Capture) -> None:
    server.faults.add(Fault("rate_limit", retry_after=0.01))
    capture.instrument(real_clock=True)
    _ask(server, name, is_async)
    assert len(server.received) == 2
    for received in server.received:
        assert "baggage" not in received.headers
        assert "u-42" not in str(received)


@every_call
@both_modes
def test_baggage_goes_out_when_asked_for(name: str, is_async: bool, server: OpenAIServer, capture: Capture) -> None:
    server.faults.add(Fault("rate_limit", retry_after=0.01))
    capture.instrument(real_clock=True, propagate_baggage=True)
    _ask(server, name, is_async)
    assert [received.headers["baggage"] for received in server.received] == ["user.id=u-42,session.id=s-7"] * 2


@every_call
@both_modes
def test_attempts_are_http_spans_below_one_operation(
    name: str, is_async: bool, server: OpenAIServer, capture: Capture
) -> None:
    """The trace goes on at the server from the HTTP span, as the HTTP instrumentation wants it."""
    server.faults.add(Fault("rate_limit", retry_after=0.01))
    capture.instrument(real_clock=True)
    _ask(server, name, is_async, capture.tracer_provider.get_tracer("user"))
    (ours,), theirs = _by_scope(capture)
    (user,) = [span for span in capture.spans() if span.name == "user"]
    attributes = dict(ours.attributes or {})
    assert attributes["otel_genai.request.attempts"] == 2
    assert ours.status.status_code.name == "UNSET"
    assert ours.parent is not None
    assert ours.parent.span_id == _id(user)
    assert [span.parent.span_id for span in theirs if span.parent] == [_id(ours)] * 2
    assert [dict(span.attributes or {}).get("http.status_code") for span in theirs] == [429, 200]
    trace_id = ours.context.trace_id if ours.context else 0
    assert [received.headers["traceparent"] for received in server.received] == [
        f"00-{trace_id:032x}-{_id(span):016x}-01" for span in theirs
    ]


@both_modes
def test_one_attempt_is_not_counted(is_async: bool, server: OpenAIServer, capture: Capture) -> None:
    capture.instrument(real_clock=True)
    _ask(server, "chat", is_async)
    (ours,), theirs = _by_scope(capture)
    assert "otel_genai.request.attempts" not in dict(ours.attributes or {})
    assert len(theirs) == 1


@both_modes
def test_attempts_that_all_fail(is_async: bool, server: OpenAIServer, capture: Capture) -> None:
    server.faults.add(Fault("rate_limit", retry_after=0.01, times=3))
    capture.instrument(real_clock=True)
    with pytest.raises(openai.RateLimitError):
        _ask(server, "chat", is_async)
    (ours,), theirs = _by_scope(capture)
    attributes = dict(ours.attributes or {})
    assert attributes["otel_genai.request.attempts"] == len(theirs) == len(server.received) == 3
    assert attributes["error.type"] == "openai.RateLimitError"
    assert attributes["http.response.status_code"] == 429
    assert attributes["otel_genai.error.code"] == "rate_limit_exceeded"


@both_modes
def test_a_stream_that_hangs_up(is_async: bool, server: OpenAIServer, capture: Capture) -> None:
    """A real connection that ends half way through a chunked body."""
    server.faults.add(Fault("hang_up", after=3))
    capture.instrument(real_clock=True)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is the SDK's business
        _ask(server, "chat_stream", is_async)
    (ours,), _ = _by_scope(capture)
    attributes = dict(ours.attributes or {})
    assert attributes["error.type"] == error_type(type(caught.value))
    assert attributes["gen_ai.response.finish_reasons"] == ("error",)
    assert "gen_ai.usage.input_tokens" not in attributes
