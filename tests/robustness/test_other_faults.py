"""Faults of what stands around us: handlers of the log, samplers, processors. The call goes on, and the rest too."""

from __future__ import annotations

import gc
import logging
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.sdk._logs import LogRecordProcessor
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.sampling import Sampler

from otel_genai_instr import guard
from otel_genai_instr.telemetry.operation import Operation

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply, sse_reply
from ..support.settling import settle

CALL: dict[str, Any] = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}


def _call(capture: Capture, model: str = "gpt-4o-mini") -> Any:
    client: Any = FakeProvider(capture.clock, json_reply(answers.chat(model=model))).client()
    return client.chat.completions.create(**{**CALL, "model": model})


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in production."""
    monkeypatch.setattr(guard, "strict", False)


class _Raising(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise ConnectionError("the log shipper is down")


class _RaisingProcessor(SpanProcessor):
    def on_end(self, span: ReadableSpan) -> None:
        raise RuntimeError("on_end")


@pytest.fixture
def raising_log() -> Iterator[None]:
    handler = _Raising()
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)


@pytest.mark.usefixtures("lenient", "raising_log")
def test_a_handler_of_the_log(capture: Capture) -> None:
    capture.instrument()
    assert _call(capture, "a-model-without-a-price").usage.prompt_tokens
    assert capture.attributes()["otel_genai.cost.unpriced_reason"] == "unknown_model"


@pytest.mark.usefixtures("lenient", "raising_log")
def test_a_handler_of_the_log_that_is_told_of_a_fault(capture: Capture) -> None:
    capture.tracer_provider.add_span_processor(_RaisingProcessor())
    capture.instrument()
    assert _call(capture).usage.prompt_tokens


class _RaisingSampler(Sampler):
    def should_sample(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("sampler")

    def get_description(self) -> str:
        return "raises"


@pytest.mark.usefixtures("lenient")
def test_a_sampler_that_raises_takes_the_span_and_nothing_else() -> None:
    capture = Capture(sampler=_RaisingSampler())
    capture.instrument()
    try:
        assert _call(capture).usage.prompt_tokens
    finally:
        capture.uninstrument()
    assert capture.spans() == []
    assert capture.total("gen_ai.client.inference.usage.input_tokens") == answers.CHAT_USAGE["prompt_tokens"]
    assert capture.count("gen_ai.client.operation.cost") == 1
    assert guard.counts() == {("span.start", "RuntimeError"): 1}


class _RaisingLogs(LogRecordProcessor):
    def on_emit(self, log_record: Any) -> None:
        raise RuntimeError("on_emit")

    def shutdown(self) -> None:
        pass

    def force_flush(self, timeout_millis: int = 0) -> bool:
        return True


@pytest.mark.usefixtures("lenient")
def test_a_log_pipeline_that_raises_leaves_the_content_on_the_span(capture: Capture) -> None:
    capture.logger_provider.add_log_record_processor(_RaisingLogs())
    capture.instrument(capture_content="span_and_event")
    _call(capture)
    assert "gen_ai.output.messages" in capture.attributes()


READERS: dict[str, Callable[[Any], object]] = {
    "read": lambda raw: raw.read(),
    "text": lambda raw: raw.text(),
    "iter_bytes": lambda raw: list(raw.iter_bytes()),
    "iter_lines": lambda raw: list(raw.iter_lines()),
    "parse": lambda raw: raw.parse(),
    "nothing": lambda raw: None,
    "a stream": lambda raw: list(raw.parse()),
}


def _is_freed(how: str, capture: Capture) -> bool:
    """Whether nothing holds the response when it was read, closed and dropped."""
    streams = how == "a stream"
    reply = sse_reply(*answers.chat_chunks()) if streams else json_reply(answers.chat())
    client: Any = FakeProvider(capture.clock, reply).client()
    more: dict[str, Any] = {"stream": True} if streams else {}
    with client.chat.completions.with_streaming_response.create(**CALL, **more) as raw:
        READERS[how](raw)
    body = weakref.ref(raw.http_response)
    del raw
    return body() is None


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("how", READERS)
def test_a_raw_response_is_freed_when_it_is_over(how: str, capture: Capture) -> None:
    """As without us, not only when the collector comes: some services switch it off. (httpx makes cycles itself.)"""
    without_us = _is_freed(how, capture)
    capture.instrument()
    assert _is_freed(how, capture) == without_us
    assert capture.span()


@pytest.mark.usefixtures("no_collection")
def test_an_abandoned_stream_is_freed_by_one_collection(capture: Capture) -> None:
    """What the first one leaves is older then, and waits long for the next."""
    capture.instrument()
    client: Any = FakeProvider(capture.clock, sse_reply(*answers.chat_chunks())).client()
    before = set(_operations())
    for _ in client.chat.completions.create(**CALL, stream=True):
        break
    gc.collect()
    settle()
    assert before.issuperset(_operations())
    assert capture.span()


def _operations() -> list[Operation]:
    return [thing for thing in gc.get_objects() if type(thing) is Operation]
