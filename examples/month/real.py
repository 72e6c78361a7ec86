"""Planned calls, played through the real package: the real SDKs over a transport in memory, on the story's clock.

The package reads the time from a clock that the transport moves, and the ids come from the story. So a span says
exactly what was planned, and nothing of it is changed afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from types import ModuleType, TracebackType
from typing import Any, Final, Self

import anthropic
import anthropic._base_client
import openai
import openai._base_client
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

from . import answers
from .planned import PlannedCall, PlannedRequest

_RULES: Final = "Be brief. Answer from what you are given. "
_FASTAPI: Final = ("opentelemetry.instrumentation.fastapi", "0.66b1")
_SQLITE: Final = ("opentelemetry.instrumentation.sqlite3", "0.66b1")
_FAILURES: Final = (openai.APIError, anthropic.APIError)


class _StoryIds(IdGenerator):
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

    def as_clock(self) -> Clock:
        return Clock(wall_ns=lambda: self.now_ns, monotonic=lambda: (self.now_ns - self.begin_ns) / 1e9)


class RealPackage:
    """The package at work. A context manager: afterwards nothing is instrumented.

    Metrics go nowhere, messages are short, and their content isn't recorded; that of searches is.
    """

    def __init__(self) -> None:
        self._clock = _StoryClock()
        self._ids = _StoryIds()
        self._spans = InMemorySpanExporter()
        self._logs = InMemoryLogRecordExporter()
        resource = Resource.get_empty()
        self._tracers = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self._loggers = LoggerProvider(resource=resource, shutdown_on_exit=False)
        self._loggers.add_log_record_processor(SimpleLogRecordProcessor(self._logs))
        self._app = self._tracers.get_tracer(*_FASTAPI)
        self._database = self._tracers.get_tracer(*_SQLITE)
        self._call: PlannedCall
        self._attempts = 0

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
        genai.uninstrument()

    def play(self, request: PlannedRequest) -> tuple[Sequence[ReadableSpan], Sequence[ReadableLogRecord]]:
        """Live through a request; returns its spans as they began, and its events as they came."""
        self._ids.request, self._ids.made = request, 0
        self._clock.begin_ns = request.start_ns
        self._serve(request)
        numbers = {request.span_id(number): number for number in range(self._ids.made)}
        spans = sorted(self._spans.get_finished_spans(), key=lambda span: numbers[span.context.span_id])
        logs = self._logs.get_finished_logs()
        self._spans.clear()
        self._logs.clear()
        return spans, logs

    def _serve(self, request: PlannedRequest) -> None:
        attributes = {
            "http.request.method": "POST",
            "url.scheme": "https",
            "http.route": request.feature.route,
            "server.address": "assistant.example.com",
            "network.protocol.version": "1.1",
        }
        name = f"POST {request.feature.route}"
        root = self._app.start_span(name, kind=SpanKind.SERVER, attributes=attributes, start_time=request.start_ns)
        status = 200
        with ExitStack() as stack:
            stack.enter_context(_current(root))
            stack.enter_context(
                genai.attribute(
                    user_id=request.user,
                    session_id=request.session,
                    conversation_id=request.session if request.feature.has_conversation else None,
                    feature=request.feature.name,
                    tenant=request.tenant,
                )
            )
            try:
                self._run(request)
            except _FAILURES:
                status = 502
                root.set_status(StatusCode.ERROR)
                root.set_attribute("error.type", "502")
        root.set_attribute("http.response.status_code", status)
        root.end(request.end_ns)

    def _run(self, request: PlannedRequest) -> None:
        self._clock.now_ns = request.frame_start_ns
        with ExitStack() as stack:
            if request.feature.frame is not None:
                block = genai.agent if request.feature.frame == "agent" else genai.workflow
                stack.enter_context(block(request.feature.name))
            # At once after the last call, also when that raises: the block ends then.
            stack.callback(self._move_to, request.frame_end_ns)
            for call in request.calls:
                self._turn(call)

    def _move_to(self, moment_ns: int) -> None:
        self._clock.now_ns = moment_ns

    def _turn(self, call: PlannedCall) -> None:
        self._look_up(call)
        self._clock.now_ns = call.start_ns
        before = len(self._spans.get_finished_spans())
        feature = call.feature
        with genai.prompt(feature.prompt, call.prompt_version, template=_template(feature.prompt, call.prompt_version)):
            self._ask(call)
        span = self._spans.get_finished_spans()[before]
        if call.scores:
            self._clock.now_ns = call.judged_ns
            for name, score in call.scores:
                genai.evaluate(span, name, score=score, label="pass" if score >= 0.5 else "fail", evaluator="judge")
        if call.feedback is not None:
            self._clock.now_ns = call.end_ns
            token = genai.feedback_token(span)
            self._clock.now_ns = call.felt_ns
            genai.feedback(token, call.feedback)
        if call.tool is not None:
            self._clock.now_ns = call.tool_start_ns
            with genai.tool(call.tool):
                self._clock.now_ns = call.over_ns

    def _look_up(self, call: PlannedCall) -> None:
        if not call.lookup_ns:
            return
        end_ns = call.lookup_start_ns + call.lookup_ns
        if call.documents:
            self._clock.now_ns = call.lookup_start_ns
            with genai.content("full"), genai.retrieval("handbook", top_k=len(call.documents)) as search:
                search.documents = [{"id": page, "score": score} for page, score in call.documents]
                self._clock.now_ns = end_ns
        else:
            attributes = {"db.system": "sqlite", "db.name": "reviews", "db.statement": "SELECT rules FROM guidelines"}
            span = self._database.start_span(
                "SELECT", kind=SpanKind.CLIENT, attributes=attributes, start_time=call.lookup_start_ns
            )
            span.end(end_ns)

    def _ask(self, call: PlannedCall) -> None:
        self._call, self._attempts = call, 0
        client = self._client(call)
        messages = [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}] * (call.messages // 2)
        more: dict[str, Any] = {"model": call.model.asked, "messages": messages[1:] + messages[:1]}
        if call.model.provider == "anthropic":
            answer = client.messages.create(max_tokens=call.feature.max_tokens, stream=call.feature.streamed, **more)
        else:
            if call.feature.streamed:
                more |= {"stream": True, "stream_options": {"include_usage": True}}
            answer = client.chat.completions.create(max_completion_tokens=call.feature.max_tokens, **more)
        if call.feature.streamed:
            for _ in answer:
                pass

    @cache  # noqa: B019 - there is one of us in a run
    def _client_of(self, provider: str, base_url: str | None, retries: int) -> Any:
        if provider == "anthropic":
            http = _http_of(anthropic._base_client)
            return anthropic.Anthropic(api_key="none", max_retries=retries, http_client=self._http_client(http))
        http = _http_of(openai._base_client)
        return openai.OpenAI(
            api_key="none",
            base_url=base_url or "https://api.openai.com/v1",
            max_retries=retries,
            http_client=self._http_client(http),
        )

    def _client(self, call: PlannedCall) -> Any:
        return self._client_of(call.model.provider, call.model.base_url, call.attempts - 1)

    def _http_client(self, http: Any) -> Any:
        def answer(request: Any) -> Any:
            return self._answer(http, request)

        return http.Client(transport=http.MockTransport(answer))

    def _answer(self, http: Any, request: Any) -> Any:
        call = self._call
        self._attempts += 1
        if call.outcome == "timeout":
            self._clock.now_ns = call.end_ns
            raise http.ReadTimeout("no answer", request=request)
        if call.failed or self._attempts < call.attempts:
            status, body = answers.refusal(call)
            if self._attempts == call.attempts:
                self._clock.now_ns = call.end_ns
            headers = {"content-type": "application/json", "retry-after-ms": "1"}
            return http.Response(status, headers=headers, content=body, request=request)
        if call.first_chunk_ns is None:
            self._clock.now_ns = call.end_ns
            headers = {"content-type": "application/json"}
            return http.Response(200, headers=headers, content=answers.whole(call), request=request)
        headers = {"content-type": "text/event-stream"}
        return http.Response(200, headers=headers, stream=_body_class(http)(self._pieces(call)), request=request)

    def _pieces(self, call: PlannedCall) -> Iterator[bytes]:
        begin, rest = answers.streamed(call)
        self._clock.now_ns = call.start_ns + (call.first_chunk_ns or 0)
        yield begin
        self._clock.now_ns = call.end_ns
        yield rest


@contextmanager
def _current(span: Any) -> Iterator[None]:
    from opentelemetry.trace import use_span

    with use_span(span, end_on_exit=False, record_exception=False, set_status_on_exception=False):
        yield


def _template(prompt: str, version: str) -> str:
    """The text of a prompt template; its tokens are the provider's to count."""
    from .events import TEMPLATE_DOUBLES
    from .features import FEATURES

    doubled = FEATURES[TEMPLATE_DOUBLES.feature].prompt == prompt and version == TEMPLATE_DOUBLES.version
    return f"You are asked for a {prompt}. " + _RULES * (40 if doubled else 20) + "{question}"


def _http_of(base_client: ModuleType) -> Any:
    """The HTTP client's module that an SDK uses."""
    return getattr(base_client, "httpx2", None) or getattr(base_client, "httpx")  # noqa: B009


@cache
def _body_class(http: Any) -> Any:
    class Body(http.SyncByteStream):
        def __init__(self, pieces: Iterator[bytes]) -> None:
            self._pieces = pieces

        def __iter__(self) -> Iterator[bytes]:
            return self._pieces

    return Body
