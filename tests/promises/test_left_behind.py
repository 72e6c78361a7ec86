"""Streams that nobody reads to the end: left by a closed generator, found by the garbage collector, or by nobody."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

import otel_genai_instr

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, sse_reply
from ..support.sdk import chat_stream
from ..support.settling import settle
from .either import run

CALL: dict[str, Any] = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}


def _client(capture: Capture, *, is_async: bool = False) -> Any:
    provider = FakeProvider(capture.clock).then(sse_reply(*answers.chat_chunks()))
    return provider.async_client() if is_async else provider.client()


def _in_a_block(client: Any) -> Iterator[Any]:
    with client.chat.completions.create(**CALL, stream=True) as stream:
        yield from stream


def _closed_at_last(client: Any) -> Iterator[Any]:
    stream = client.chat.completions.create(**CALL, stream=True)
    try:
        yield from stream
    finally:
        stream.close()


def _in_a_manager(client: Any) -> Iterator[Any]:
    with chat_stream(client)(**CALL) as stream:
        yield from stream


def _lines(client: Any) -> Iterator[Any]:
    with client.chat.completions.with_streaming_response.create(**CALL, stream=True) as raw:
        yield from raw.iter_lines()


async def _in_an_async_block(client: Any) -> AsyncIterator[Any]:
    async with await client.chat.completions.create(**CALL, stream=True) as stream:
        async for chunk in stream:
            yield chunk


async def _closed_at_last_async(client: Any) -> AsyncIterator[Any]:
    stream = await client.chat.completions.create(**CALL, stream=True)
    try:
        async for chunk in stream:
            yield chunk
    finally:
        await stream.close()


async def _in_an_async_manager(client: Any) -> AsyncIterator[Any]:
    async with chat_stream(client)(**CALL) as stream:
        async for event in stream:
            yield event


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("generator", [_in_a_block, _closed_at_last, _in_a_manager, _lines])
def test_a_generator_that_is_closed_ends_the_stream_that_it_closes(
    generator: Callable[[Any], Iterator[Any]], capture: Capture
) -> None:
    """As a web server closes one whose client has gone: ``GeneratorExit`` in the app's own generator."""
    capture.instrument()
    chunks: Any = generator(_client(capture))
    next(chunks)
    chunks.close()
    assert capture.span().status.status_code.name == "UNSET"
    assert capture.count("gen_ai.client.inference.duration") == 1


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("generator", [_in_an_async_block, _closed_at_last_async, _in_an_async_manager])
def test_an_asynchronous_one_too(generator: Callable[[Any], AsyncIterator[Any]], capture: Capture) -> None:
    capture.instrument()
    client = _client(capture, is_async=True)

    async def body() -> None:
        chunks: Any = generator(client)
        await anext(chunks)
        await chunks.aclose()

    run(body(), is_async=True)
    assert capture.span().status.status_code.name == "UNSET"
    assert capture.count("gen_ai.client.inference.duration") == 1


class _Locking(SpanProcessor):
    """Ends a span under a lock, as exporters and the SDK's own metrics do."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.free: list[bool] = []

    def on_end(self, span: ReadableSpan) -> None:
        taken = self.lock.acquire(timeout=5)
        self.free.append(taken)
        if taken:
            self.lock.release()


def _stream(capture: Capture) -> Iterator[Any]:
    return _client(capture).chat.completions.create(**CALL, stream=True)


@otel_genai_instr.workflow("w")
def _workflow(_capture: Capture) -> Iterator[Any]:
    yield 1


@otel_genai_instr.inference("openai", "m")
def _inference(_capture: Capture) -> Iterator[Any]:
    yield 1


@pytest.mark.parametrize("make", [_stream, _workflow, _inference])
def test_a_collection_inside_a_lock_waits_for_nothing(
    make: Callable[[Capture], Iterator[Any]], capture: Capture
) -> None:
    """The collector runs at any allocation; an end that takes the lock around it would wait for itself forever."""
    processor = _Locking()
    capture.tracer_provider.add_span_processor(processor)
    capture.instrument()
    held: list[Any] = [make(capture)]
    next(held[0])
    held.append(held)  # a cycle: only the collector finds it
    del held
    with processor.lock:
        gc.collect()
        capture.clock.advance(60)
    settle()
    assert processor.free == [True]
    span = capture.span()
    seconds = ((span.end_time or 0) - (span.start_time or 0)) / 1e9
    assert seconds < 60, "it ended when it was found, not when the lock was free"


APP = """
    import atexit, gc, os, sys
    sys.path.insert(0, {root!r})
    gc.disable()
    # Called last. What comes after it makes Python 3.13.0 crash over the SDK's open generators, without us too.
    atexit.register(lambda: (sys.stdout.flush(), os._exit(0)))
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
    import otel_genai_instr
    from tests.support import answers
    from tests.support.provider import FakeProvider, sse_reply

    tracers = TracerProvider()
    tracers.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter(formatter=lambda span: f"SPAN {{span.name}}\\n")))
    reader = PeriodicExportingMetricReader(ConsoleMetricExporter(), export_interval_millis=60_000)
    otel_genai_instr.instrument(tracer_provider=tracers, meter_provider=MeterProvider([reader]))
    reply = lambda: sse_reply(*answers.chat_chunks())
    client = FakeProvider(None, reply(), reply()).client()

    def ask():
        return client.chat.completions.create(model="m", messages=[], stream=True)

    for chunk in ask():
        break  # nobody closes it, and nobody collects it
    held = ask()
    next(held)
"""


def test_what_is_open_at_the_end_of_a_process_ends_there() -> None:
    root = __file__.rsplit("/tests/", 1)[0]
    program = textwrap.dedent(APP.format(root=root))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.count("SPAN chat m") == 2, done.stderr
    assert '"count": 2' in done.stdout, "two durations"


def _broken_after(capture: Capture, *before: Any) -> None:
    client = (
        FakeProvider(capture.clock).then(sse_reply(*before, ConnectionError("gone"), done=False)).client(max_retries=0)
    )
    with pytest.raises(Exception, match=r".*"):
        list(client.chat.completions.create(**CALL, stream=True))


def test_what_was_answered_before_a_failure_has_a_reason_instead_of_a_price(capture: Capture) -> None:
    """The provider charges it, and nobody said how many tokens it was."""
    capture.instrument()
    _broken_after(capture, *answers.chat_chunks()[:2])
    assert capture.attributes()["error.type"]
    assert capture.attributes()["otel_genai.cost.unpriced_reason"] == "no_usage"


def test_what_failed_before_an_answer_has_neither(capture: Capture) -> None:
    capture.instrument()
    _broken_after(capture)
    assert capture.attributes()["error.type"]
    assert "otel_genai.cost.unpriced_reason" not in capture.attributes()
