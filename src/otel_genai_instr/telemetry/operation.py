"""The life of one operation: start, first chunk, and exactly one ending."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, Protocol

from opentelemetry import baggage, context, trace

from .. import guard, pricing
from ..model import Content, Details, Endpoint, Failure, Message, Request, Response
from ..semconv import attributes as names
from ..semconv import own, values
from ..settings import CaptureContent
from . import attributes, content, events, later
from .current import current as current_context
from .current import inside
from .endings import ENDINGS, Ending, EndingRule
from .scope import NO_SCOPE, scope_in
from .series import Series
from .tally import count_call
from .telemetry import Telemetry

_CURRENT: Final = context.create_key("otel-genai-operation")
_PRICED_OPERATIONS: Final = values.INFERENCE_OPERATIONS | {values.EMBEDDINGS}


_CLIENT: Final = trace.SpanKind.CLIENT
_ENDED: Final = context.Context()
_COMPLETE: Final = ENDINGS[Ending.COMPLETE]
_STOPPED: Final = ENDINGS[Ending.STOPPED]
_FAILED: Final = ENDINGS[Ending.FAILED]


class Reading(Protocol):
    """What can be read of the outcome when the operation ends."""

    def response(self) -> Response:
        """The response, or what has come of it."""
        ...

    def details(self) -> Details:
        """What else came; only asked for when it is recorded."""
        ...

    def output(self) -> list[Message]:
        """The messages that came; only asked for when content is captured."""
        ...


class Operation:
    """One call to a model, from issuing the request until its end.

    ``finish``, ``stop`` and ``fail`` may be called from any thread and more than once: the first one
    ends the operation, the others do nothing.
    """

    __slots__ = (
        "_attributes",
        "_chunks",
        "_content",
        "_first_chunk",
        "_inference",
        "_open",
        "_read_error",
        "_scope",
        "_sent",
        "_start_ns",
        "_started",
        "_telemetry",
        "attempts",
        "context",
        "endpoint",
        "read_content",
        "request",
        "span",
        "unparsed",
        "wants_content",
        "wants_text",
    )

    def __init__(
        self,
        telemetry: Telemetry,
        request: Request,
        endpoint: Endpoint,
        read_error: Callable[[BaseException], Failure],
        read_content: Callable[[Mapping[str, object]], Content] | None = None,
    ) -> None:
        """Start the operation and its span, in the current context; the request is about to be issued."""
        settings = telemetry.settings
        if settings.cost:
            telemetry.pricer.warm_up()
        self._telemetry = telemetry
        self._read_error = read_error
        self._open = threading.Lock()
        self._content: content.Structure | None = None
        self._sent: Content | None = None
        self._first_chunk: float | None = None
        self._chunks: list[float] | None = [] if settings.time_per_output_chunk else None
        parent = current_context()
        operation, model = request.operation, request.model
        self._inference = inference = operation in values.INFERENCE_OPERATIONS
        self._attributes = attributes.of_request(request, endpoint)
        self._scope = scope = scope_in(parent) or NO_SCOPE
        if scope is not NO_SCOPE:
            attributes.add_scope(self._attributes, scope, inference)
        self.request = request
        self.endpoint = endpoint
        self.attempts = 0
        self.unparsed: object = None  # the answer that the SDK could not parse
        self.read_content = read_content
        self.wants_content = self.wants_text = False
        name = f"{operation} {model}" if model and operation != values.FETCH_RESPONSE else operation
        clock = telemetry.clock
        self._start_ns = clock.wall_ns()
        self._started = clock.monotonic()
        try:
            span = shown = telemetry.tracer.start_span(
                name, parent, _CLIENT, self._attributes, start_time=self._start_ns
            )
        except Exception as fault:  # of a sampler or a processor of the app's: metrics are owed all the same
            guard.report("span.start", fault)
            span, shown = trace.INVALID_SPAN, trace.get_current_span(parent)
        self.span = span
        try:
            if telemetry.reads_messages:
                self._choose_content(settings.capture_content)
            if parent and not settings.propagate_baggage and baggage.get_all(parent):
                parent = baggage.clear(parent)
            self.context = inside(parent, shown, _CURRENT, self)
        except BaseException:  # an interrupt, too
            span.end()  # nobody else will
            raise
        """Current while the SDK works on this operation, and only then. Carries no baggage by default."""

    def _choose_content(self, mode: CaptureContent) -> None:
        on_event = mode.on_event and self._inference
        self.wants_content = on_event or (mode.on_span and self.span.is_recording())
        """Whether messages are to be recorded."""
        self.wants_text = self.wants_content or (self._inference and self._telemetry.estimator is not None)
        """Whether messages are to be read: to be recorded, or to count the tokens that the provider doesn't report."""

    def sent(self, sent: Content) -> None:
        """Note what was sent; the content is copied at once, because the caller may change it later."""
        self._sent = sent
        if self.wants_content:
            self._content = content.of_request(sent)

    def chunk(self) -> bool:
        """A chunk arrived whose time matters: the first one's does. Return whether that of the next one does."""
        now = self._telemetry.clock.monotonic()
        if self._first_chunk is None:
            self._first_chunk = now
        if self._chunks is None:
            return False
        self._chunks.append(now)
        return True

    def finish(self, reading: Reading | None) -> None:
        """The call returned or the stream was drained."""
        self._end(_COMPLETE, reading, None)

    def stop(self, reading: Reading | None) -> None:
        """The caller wanted no more."""
        self._end(_STOPPED, reading, None)

    def drop(self, reading: Reading | None) -> None:
        """Nobody holds it any more. Where the garbage collector found that, it ends now, but another thread says so."""
        if not later.in_collection():
            self.stop(reading)
        elif not self._open.locked():
            now = self._telemetry.clock.monotonic()
            later.do(partial(self._end, _STOPPED, reading, None, now))

    def fail(self, error: BaseException, reading: Reading | None = None) -> None:
        """``error`` is on its way to the caller. ``GeneratorExit`` is an early stop, not a failure."""
        if isinstance(error, GeneratorExit):
            self.drop(reading)
        else:
            self._end(_FAILED, reading, error)

    def _end(
        self, rule: EndingRule, reading: Reading | None, error: BaseException | None, at: float | None = None
    ) -> None:
        if not self._open.acquire(blocking=False):
            return
        end_ns: int | None = None
        try:
            seconds = (self._telemetry.clock.monotonic() if at is None else at) - self._started
            end_ns = self._start_ns + round(seconds * 1e9)
            self._describe(rule, reading, error, seconds, end_ns)
        except Exception as fault:
            guard.report("operation.end", fault)
        finally:
            # It holds this operation: without the cycle, all that was captured is freed at once.
            self.context = _ENDED
            if self.wants_text:  # a caller who keeps the exception keeps our frame, and this operation with it
                self._content = self._sent = None
            self.span.end(end_ns)

    def _describe(
        self,
        rule: EndingRule,
        reading: Reading | None,
        error: BaseException | None,
        seconds: float,
        end_ns: int,
    ) -> None:
        try:
            response = reading.response() if reading is not None else Response()
        except Exception as fault:
            response = Response()
            guard.report("read.response", fault)
        if self.wants_text and response.usage is None and reading is not None:
            try:
                self._estimate(response, reading)
            except Exception as fault:
                guard.report("estimate", fault)
        failure: Failure | None = None
        if error is not None or response.error_code is not None:
            rule = _FAILED  # a generation can also fail inside a call that returned
            try:
                failure = self._failure(response, error)
            except Exception as fault:
                failure = Failure(type(error).__qualname__ if error is not None else values.ERROR_OTHER)
                guard.report("read.error", fault)
        outcome: pricing.Cost | pricing.Unpriced | None = None
        try:
            outcome = self._price(response, failure)
        except Exception as fault:
            guard.report("pricing", fault)
        telemetry, inference = self._telemetry, self._inference
        metrics, compat = telemetry.metrics, telemetry.settings.metrics_compat
        series: Series | None = None
        try:
            # Kept, should what follows fail: tokens and money are owed all the same.
            series = metrics.table.find(self.request, self.endpoint, response, self._scope.dimensions_of(inference))
            metrics.record_duration(series, inference, failure, seconds, compat, self.context)
            if self._first_chunk is not None and inference:
                first_chunk = self._first_chunk - self._started
                metrics.record_stream(series, first_chunk, self._chunks or (), compat, self.context)
        except Exception as fault:
            guard.report("metrics.timing", fault)
        usage = response.usage
        if usage is not None and series is not None:
            try:
                metrics.record_usage(series, inference, usage, outcome, compat, self.context)
            except Exception as fault:
                guard.report("metrics.usage", fault)
        if self._scope.tallies:
            try:
                self._count(response, outcome, failure)
            except Exception as fault:
                guard.report("tally", fault)
        message = self._message(failure, error) if failure is not None else None
        if self.wants_content or self.span.is_recording():
            self._write(rule, reading, response, failure, outcome, message, end_ns)
        if error is not None and failure is not None:
            try:
                stacktrace = "".join(traceback.format_exception(error)) if message is not None else None
                events.emit_exception(self._telemetry.logger, failure, message, stacktrace, end_ns, self.context)
            except Exception as fault:
                guard.report("events.exception", fault)

    def _estimate(self, response: Response, reading: Reading) -> None:
        """Usage of a call that was answered, at least in part, without a word about tokens."""
        estimator = self._telemetry.estimator
        received = reading.output() if estimator is not None else None
        if estimator is not None and received:
            response.usage = estimator.estimate(response.model or self.request.model, self._sent, received)

    def _failure(self, response: Response, error: BaseException | None) -> Failure:
        if error is not None or response.error_code is None:
            return self._read_error(error or Exception())
        return Failure(response.error_code, code=response.error_code, message=response.error_message)

    def _count(
        self,
        response: Response,
        outcome: pricing.Cost | pricing.Unpriced | None,
        failure: Failure | None,
    ) -> None:
        model = response.model or self.request.model
        scope = self._scope
        failed = failure is not None
        count_call(scope.tallies, scope.agent, self.request.operation, model, response.usage, outcome, failed)

    def _message(self, failure: Failure, error: BaseException | None) -> str | None:
        if not self._telemetry.settings.records_messages_of_errors:
            return None
        try:
            return failure.message if failure.message is not None else str(error)
        except Exception as fault:
            guard.report("read.error", fault)
            return None

    def _price(self, response: Response, failure: Failure | None) -> pricing.Cost | pricing.Unpriced | None:
        request, telemetry = self.request, self._telemetry
        usage = response.usage
        if not telemetry.settings.cost or request.operation not in _PRICED_OPERATIONS:
            return None
        if usage is None and failure is not None and response.model is None and self._first_chunk is None:
            return None  # nothing was answered, nothing is owed
        return telemetry.pricer.price(
            self.endpoint.provider,
            request.model,
            response.model,
            usage,
            service_tier=response.service_tier or request.service_tier,
            region=self.endpoint.region,
            at=self._start_ns / 1e9,
        )

    def _write(
        self,
        rule: EndingRule,
        reading: Reading | None,
        response: Response,
        failure: Failure | None,
        outcome: pricing.Cost | pricing.Unpriced | None,
        message: str | None,
        end_ns: int,
    ) -> None:
        """Attributes, status and content."""
        written: attributes.Attributes = {}
        try:
            self._fill(written, response, failure, outcome)
        except Exception as fault:
            guard.report("attributes", fault)
        if reading is not None:
            try:
                attributes.add_details(written, reading.details(), rule.open_choice)
            except Exception as fault:
                guard.report("read.details", fault)
        if rule.is_error:
            self.span.set_status(trace.StatusCode.ERROR, message)
        if self.wants_content:
            written = self._write_content(written, reading, end_ns)
        self.span.set_attributes(written)

    def _write_content(
        self, written: attributes.Attributes, reading: Reading | None, end_ns: int
    ) -> attributes.Attributes:
        """``written`` after the content: limits drop what was said first. The event is emitted here too."""
        structure: content.Structure = dict(self._content or {})
        variables: Mapping[str, str] = self._scope.prompt_variables if self._inference else {}
        try:
            if reading is not None:
                structure.update(content.of_output(reading.output()))
        except Exception as fault:
            guard.report("read.output", fault)
        mode = self._telemetry.settings.capture_content
        if mode.on_event and self._inference:
            try:
                said = {**self._attributes, **written, **variables}
                events.emit_details(self._telemetry.logger, said, structure, end_ns, self.context)
            except Exception as fault:
                guard.report("events.details", fault)
        try:
            if mode.on_span and self.span.is_recording():
                return {**content.as_json(structure), **variables, **written}
        except Exception as fault:
            guard.report("content", fault)
        return written

    def _fill(
        self,
        written: attributes.Attributes,
        response: Response,
        failure: Failure | None,
        outcome: pricing.Cost | pricing.Unpriced | None,
    ) -> None:
        if failure is not None:
            attributes.add_failure(written, failure)
        if self.attempts > 1:
            written[own.REQUEST_ATTEMPTS] = self.attempts
        if self._first_chunk is not None:
            written[names.RESPONSE_TIME_TO_FIRST_CHUNK] = self._first_chunk - self._started
        if isinstance(outcome, pricing.Cost):
            attributes.add_cost(written, outcome)
        elif outcome is not None:
            written[own.COST_UNPRICED_REASON] = outcome.value
        attributes.add_response(written, response)
        if response.usage is not None:
            attributes.add_usage(written, response.usage)


def current() -> Operation | None:
    """The operation that the SDK is working on in this context."""
    return current_context().get(_CURRENT)  # type: ignore[return-value]  # only `Operation` puts something there
