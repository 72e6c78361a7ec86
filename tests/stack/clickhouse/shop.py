"""Two days of a shop that asks models: what the questions of docs/clickhouse.md are asked of.

Prices are OpenAI's, in dollars for a million tokens: gpt-4o-mini 0.15, cached 0.075, output 0.60; gpt-4o 2.50, cached
1.25, output 10; text-embedding-3-small 0.02.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import openai
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

import otel_genai_instr as genai
from otel_genai_instr.semconv import attributes as names

from ...support import answers
from ...support.capture import CountingIds
from ...support.clock import START_NS, FakeClock
from ...support.provider import FakeProvider, json_reply, sse_reply
from ...support.settling import settle

FIRST_TRACE = 0x4BF92F3577B34DA6A3CE929D0E0E4701
THEIR_AGENT: Final = {
    names.OPERATION_NAME: "invoke_agent",
    names.PROVIDER_NAME: "openai",
    names.AGENT_NAME: "theirs",
    names.REQUEST_MODEL: "gpt-4o",
    names.USAGE_INPUT_TOKENS: 4_000,
    names.USAGE_COST_AMOUNT: 9.99,
    names.USAGE_COST_CURRENCY: "USD",
}
"""What other libraries write on the run of an agent: the sum of its calls."""
_DAY = 86_400.0


class Shop:
    """The app: instrumented, and sending to an OTLP/gRPC endpoint."""

    def __init__(self, endpoint: str) -> None:
        to: dict[str, Any] = {"endpoint": endpoint, "insecure": True, "timeout": 30}
        resource = Resource({SERVICE_NAME: "shop", SERVICE_INSTANCE_ID: "shop-1"})
        ids = CountingIds()
        ids.traces = FIRST_TRACE - 1
        self._spans = TracerProvider(resource=resource, id_generator=ids, shutdown_on_exit=False)
        for _ in range(2):  # each span is sent twice
            self._spans.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(**to)))
        # Sent when told to.
        metrics = PeriodicExportingMetricReader(OTLPMetricExporter(**to), export_interval_millis=float("inf"))
        self._metrics = MeterProvider([metrics], resource=resource, shutdown_on_exit=False)
        self._logs = LoggerProvider(resource=resource, shutdown_on_exit=False)
        self._logs.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(**to)))
        self._clock = FakeClock()
        self.noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
        """Of the first day; the second begins 24 hours later."""

    def live(self) -> None:
        """Both days, with every total sent at the end of each."""
        self._clock.elapsed = self.noon.timestamp() - START_NS / 1e9
        options: dict[str, Any] = {
            "tracer_provider": self._spans,
            "meter_provider": self._metrics,
            "logger_provider": self._logs,
            "clock": self._clock.as_clock(),
        }
        genai.instrument(**options)
        try:
            self._first_day()
            self._send()
            self._clock.elapsed = self.noon.timestamp() - START_NS / 1e9 + _DAY
            self._second_day()
            self._send()
        finally:
            genai.uninstrument()
            for provider in (self._spans, self._metrics, self._logs):
                provider.shutdown()

    def _send(self) -> None:
        settle()
        assert self._metrics.force_flush()

    def _first_day(self) -> None:
        with genai.attribute(user_id="ann", feature="search", conversation_id="conv-7"):
            self._ask("gpt-4o-mini", _usage(10_000, 500, cached=4_000), seconds=1.0)
            self._clock.advance(60)
            first, last, usage = (
                answers.chunk({"content": "Hello"}, model="gpt-4o"),
                answers.chunk({}, finish="stop", model="gpt-4o"),
                answers.chunk(usage=_usage(2_000, 300), model="gpt-4o"),
            )
            reply = sse_reply(0.4, first, 1.6, last, usage)
            stream: Any = self._client(reply).chat.completions.create(
                model="gpt-4o",
                messages=[{"role": "user", "content": "Hello"}],
                stream=True,
                stream_options={"include_usage": True},
            )
            assert len(list(stream)) == 3

    def _second_day(self) -> None:
        with genai.attribute(user_id="bob", feature="report", conversation_id="conv-8"):
            with genai.workflow("report") as run, self._later(0.25), genai.agent("writer"):
                self._ask("gpt-4o", _usage(4_000, 1_000, cached=1_000, reasoning=400), seconds=3.0)
                with genai.tool("look"):
                    self._clock.advance(0.5)
                embedded = answers.embeddings() | {"usage": {"prompt_tokens": 9, "total_tokens": 9}}
                client = self._client(json_reply(embedded, after=0.1))
                client.embeddings.create(model="text-embedding-3-small", input="Hello")
            for score, label in ((0.9, "pass"), (0.5, "fail")):
                genai.evaluate(run, "relevance", score=score, label=label)
        with genai.attribute(user_id="bob", feature="search"):
            with contextlib.suppress(openai.RateLimitError):
                self._client(json_reply({}, status=429, after=0.2)).chat.completions.create(
                    model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello"}]
                )
            self._ask("our-own", _usage(100, 20), seconds=2.0)
        theirs = self._spans.get_tracer("their_package").start_span("invoke_agent theirs", attributes=THEIR_AGENT)
        theirs.end()

    @contextlib.contextmanager
    def _later(self, seconds: float) -> Generator[None]:
        self._clock.advance(seconds)
        yield

    def _ask(self, model: str, usage: dict[str, Any], seconds: float) -> None:
        reply = json_reply(answers.chat(model=model, usage=usage), after=seconds)
        self._client(reply).chat.completions.create(model=model, messages=[{"role": "user", "content": "Hello"}])

    def _client(self, *replies: Any) -> openai.OpenAI:
        return FakeProvider(self._clock, *replies).client()


def _usage(prompt: int, completion: int, *, cached: int = 0, reasoning: int = 0) -> dict[str, Any]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
