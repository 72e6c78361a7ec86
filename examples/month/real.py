"""Planned requests, lived through with the real package: the real SDKs, blocks, evaluations, on the story's clock.

The package reads the time from a clock that the transport moves, and the ids come from the story. So a span says
exactly what was planned, and nothing of it is changed afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any, Final, Self

from opentelemetry import trace
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import SpanKind, StatusCode

import otel_genai_instr as genai
from otel_genai_instr.telemetry.clock import Clock

from .events import TEMPLATE_DOUBLES
from .planned import PlannedCall, PlannedRequest
from .provider import FAILURES, Providers

_FASTAPI: Final = ("opentelemetry.instrumentation.fastapi", "0.66b1")
_SQLITE: Final = ("opentelemetry.instrumentation.sqlite3", "0.66b1")
_SERVER: Final = {
    "http.request.method": "POST",
    "url.scheme": "https",
    "server.address": "assistant.example.com",
    "network.protocol.version": "1.1",
}
_QUERY: Final = {"db.system": "sqlite", "db.name": "reviews", "db.statement": "SELECT rule FROM guidelines"}


class _StoryIds(IdGenerator):
    """The ids of the request that is lived through."""

    request: PlannedRequest
    made = 0

    def generate_trace_id(self) -> int:
        return self.request.trace_id

    def generate_span_id(self) -> int:
        self.made += 1
        return self.request.span_id(self.made - 1)


class _StoryClock:
    """Stands still until it is moved."""

    now_ns = 0
    begin_ns = 0

    def move_to(self, moment_ns: int) -> None:
        self.now_ns = moment_ns

    def as_clock(self) -> Clock:
        return Clock(wall_ns=lambda: self.now_ns, monotonic=lambda: (self.now_ns - self.begin_ns) / 1e9)


class RealPackage:
    """The package at work. A context manager: afterwards nothing is instrumented.

    Metrics go nowhere. No content is recorded but what searches find.
    """

    def __init__(self) -> None:
        self._clock = _StoryClock()
        self._ids = _StoryIds()
        self._providers = Providers(self._clock.move_to)
        self._spans = InMemorySpanExporter()
        self._logs = InMemoryLogRecordExporter()
        resource = Resource.get_empty()
        self._tracers = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self._loggers = LoggerProvider(resource=resource, shutdown_on_exit=False)
        self._loggers.add_log_record_processor(SimpleLogRecordProcessor(self._logs))
        self._app = self._tracers.get_tracer(*_FASTAPI)
        self._database = self._tracers.get_tracer(*_SQLITE)

    def __enter__(self) -> Self:
        genai.instrument(
            tracer_provider=self._tracers,
            meter_provider=NoOpMeterProvider(),
            logger_provider=self._loggers,
            clock=self._clock.as_clock(),
            feedback_key="only of this month",
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._providers.__exit__(kind, error, at)
        genai.uninstrument()

    def play(self, request: PlannedRequest) -> tuple[Sequence[ReadableSpan], Sequence[ReadableLogRecord]]:
        """Live through a request; returns its spans as they began, and its events as they came."""
        self._ids.request, self._ids.made = request, 0
        self._clock.begin_ns = request.start_ns
        self._serve(request)
        ids = [request.span_id(number) for number in range(self._ids.made)]
        by_id = {span.context.span_id: span for span in self._spans.get_finished_spans() if span.context}
        logs = self._logs.get_finished_logs()
        self._spans.clear()
        self._logs.clear()
        return [by_id[each] for each in ids], logs

    def _serve(self, request: PlannedRequest) -> None:
        """As FastAPI's instrumentation has it."""
        feature = request.feature
        root = self._app.start_span(
            f"POST {feature.route}",
            kind=SpanKind.SERVER,
            attributes={**_SERVER, "http.route": feature.route},
            start_time=request.start_ns,
        )
        who = genai.attribute(
            user_id=request.user,
            session_id=request.session,
            conversation_id=request.session if feature.has_conversation else None,
            feature=feature.name,
            tenant=request.tenant,
        )
        status = 200
        with trace.use_span(root, record_exception=False, set_status_on_exception=False), who:
            try:
                self._run(request)
            except FAILURES:
                status = 502
                root.set_status(StatusCode.ERROR)
                root.set_attribute("error.type", "502")
        root.set_attribute("http.response.status_code", status)
        root.end(request.end_ns)

    def _run(self, request: PlannedRequest) -> None:
        self._clock.move_to(request.frame_start_ns)
        with ExitStack() as stack:
            if request.feature.frame is not None:
                block = genai.agent if request.feature.frame == "agent" else genai.workflow
                stack.enter_context(block(request.feature.name))
            stack.callback(self._clock.move_to, request.frame_end_ns)  # also of a failure: the block ends then
            for call in request.calls:
                self._turn(call)

    def _turn(self, call: PlannedCall) -> None:
        self._look_up(call)
        self._clock.move_to(call.start_ns)
        before = len(self._spans.get_finished_spans())
        with _prompt(call):
            self._providers.ask(call)
        self._judge(self._spans.get_finished_spans()[before], call)
        if call.tool is not None:
            self._clock.move_to(call.tool_start_ns)
            with genai.tool(call.tool):
                self._clock.move_to(call.over_ns)

    def _look_up(self, call: PlannedCall) -> None:
        end_ns = call.lookup_start_ns + call.lookup_ns
        if call.documents:
            self._clock.move_to(call.lookup_start_ns)
            with genai.content("full"), genai.retrieval("handbook", top_k=len(call.documents)) as search:
                search.documents = [{"id": page, "score": score} for page, score in call.documents]
                self._clock.move_to(end_ns)
        elif call.lookup_ns:
            span = self._database.start_span(
                "SELECT", kind=SpanKind.CLIENT, attributes=_QUERY, start_time=call.lookup_start_ns
            )
            span.end(end_ns)

    def _judge(self, span: ReadableSpan, call: PlannedCall) -> None:
        self._clock.move_to(call.judged_ns)
        for name, score in call.scores:
            genai.evaluate(span, name, score=score, label="pass" if score >= 0.5 else "fail", evaluator="judge")
        if call.feedback is not None:
            token = genai.feedback_token(span)
            self._clock.move_to(call.felt_ns)
            genai.feedback(token, call.feedback)


def _prompt(call: PlannedCall) -> AbstractContextManager[Any]:
    """The text of the template has no more to do with its tokens than that it doubles, too."""
    name, version = call.feature.prompt, call.prompt_version
    doubled = call.feature.name == TEMPLATE_DOUBLES.feature and version == TEMPLATE_DOUBLES.version
    rules = "Be brief, and say only what you are given. " * (40 if doubled else 20)
    return genai.prompt(name, version, template=f"{rules}{{question}}")
