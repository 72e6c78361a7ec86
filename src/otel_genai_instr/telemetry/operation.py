"""The life of one call to a model: start, first chunk, and exactly one ending."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from typing import Any, ClassVar, Final

from opentelemetry import baggage, context, trace
from opentelemetry.context import Context

from .. import guard, pricing
from ..model import Content, Endpoint, Failure, Request, Response, Usage
from ..semconv import attributes as names
from ..semconv import own
from ..semconv.values import INFERENCE_OPERATIONS, PRICED_OPERATIONS
from ..settings import CallSeen, Tier
from . import attributes, events, limits
from .captured import Captured
from .current import current as current_context
from .current import inside
from .life import Ended, Life, Parts
from .price_wait import PriceWait
from .record import emit_record
from .scope import NO_SCOPE, scope_in
from .tally import count_call
from .telemetry import Telemetry

_CURRENT: Final = context.create_key("otel-genai-operation")

_CLIENT: Final = trace.SpanKind.CLIENT


def tables(
    rows: Mapping[Callable[[Any, Ended], object], tuple[str, str]],
) -> Mapping[tuple[bool, bool, bool, bool], Parts]:
    """The parts of an end that failed or not, is recorded or not, has content or not, is in a block or not."""
    tables: dict[tuple[bool, bool, bool, bool], Parts] = {}
    for kind in product((False, True), (False, True), (False, True), (False, True)):
        wanted: Mapping[str, bool] = dict(zip(("failed", "recorded", "content", "scoped"), kind, strict=True))
        tables[kind] = {part: place for part, (place, only) in rows.items() if wanted.get(only, True)}
    return tables


class Operation(Life):
    """One call to a model, from issuing the request until its end."""

    uses_body = False
    """Whether anything is done with the body that isn't done for every call."""
    wants_text = False
    """Whether messages are to be read: to be recorded, or to count the tokens that the provider doesn't report."""
    client: object = None
    """The SDK's object whose call it is."""
    attempts = 0
    """HTTP requests that were sent for it."""
    unparsed: object = None
    """The answer that the SDK could not make into a result: it was given, and is billed."""
    _sent: Content | None = None
    _first_chunk: float | None = None
    _chunks: list[float] | None = None

    def __init__(
        self,
        telemetry: Telemetry,
        request: Request,
        endpoint: Endpoint,
        read_error: Callable[[BaseException], Failure],
    ) -> None:
        """Start the operation and its span, in the current context; the request is about to be issued."""
        settings = telemetry.settings
        if settings.cost:
            telemetry.pricer.warm_up()
        self._telemetry = telemetry
        self._read_error = read_error
        self._open = threading.Lock()
        parent = current_context()
        operation, model = request.operation, request.model
        self._inference = inference = operation in INFERENCE_OPERATIONS
        self._attributes = attributes.of_request(request, endpoint)
        uses_body = telemetry.uses_bodies
        if parent and (scope := scope_in(parent)):
            self._scope = scope
            uses_body = uses_body or scope.content is not None
            attributes.add_scope(self._attributes, scope, inference)
        self.request = request
        self.endpoint = endpoint
        clock = telemetry.clock
        self._start_ns = clock.wall_ns()
        self._started = clock.monotonic()
        try:
            self.span = shown = telemetry.tracer.start_span(
                request.span_name or (f"{operation} {model}" if model else operation),
                parent,
                _CLIENT,
                self._attributes,
                start_time=self._start_ns,
            )
        except Exception as fault:  # of a sampler or a processor of the app's: metrics are owed all the same
            guard.report("span.start", fault)
            self.span, shown = trace.INVALID_SPAN, trace.get_current_span(parent)
        try:
            if uses_body:
                guard.run("content.start", self._choose_content)
            if parent and not settings.propagate_baggage and baggage.get_all(parent):
                parent = baggage.clear(parent)
            self.context = inside(parent, shown, _CURRENT, self)
        except BaseException:  # an interrupt, too
            self.span.end()  # nobody else will
            raise

    def _choose_content(self) -> None:
        self.uses_body = True
        self.wants_text = self._inference and self._telemetry.estimator is not None
        self._captured = captured = Captured(self._telemetry, self._scope.content, self.span, self._inference)
        if captured.reads:
            self.wants_text = True

    def sent(self, read: Callable[[], Content]) -> None:
        """Note what was sent; what is recorded, or counted, is read at once, because the caller may change it later."""
        if self._telemetry.estimator is not None:
            sent = self._sent = read()
            read = partial(_same, sent)
        if self._captured is not None:
            self._captured.sent(read)

    def chunk(self) -> bool:
        """A chunk arrived whose time matters: the first one's does. Return whether that of the next one does."""
        now = self._telemetry.clock.monotonic()
        if self._first_chunk is None:
            self._first_chunk = now
            if self._telemetry.settings.time_per_output_chunk:
                self._chunks = []
        if self._chunks is None:
            return False
        self._chunks.append(now)
        return True

    def _waits_for_prices(self, wait: PriceWait) -> bool:
        return self._telemetry.settings.cost and not self._telemetry.pricer.is_loaded

    def _parts(self, ended: Ended) -> Parts:
        try:
            answer = ended.answer
            reading = ended.reading = answer() if answer is not None else None
            response = ended.response = reading.response() if reading is not None else Response()
        except Exception as fault:
            response = ended.response = Response()
            guard.report("read.response", fault)
        failed = ended.error is not None or response.error_code is not None
        used = self.uses_body
        return self._PARTS[failed, used or self.span.is_recording(), used, self._scope is not NO_SCOPE]

    def _estimate(self, ended: Ended) -> None:
        """Usage of a call that was answered, at least in part, without a word about tokens."""
        estimator, response, reading = self._telemetry.estimator, ended.response, ended.reading
        if estimator is None or reading is None or response.usage is not None:
            return
        if received := reading.output():
            response.usage = estimator.estimate(response.model or self.request.model, self._sent, received)

    def _find_failure(self, ended: Ended) -> None:
        error, response = ended.error, ended.response
        if error is not None:
            ended.fail_of(Failure(type(error).__qualname__))  # should the provider's reader fail
            ended.failure = self._read_error(error)
        elif response.error_code is not None:
            ended.fail_of(Failure(response.error_code, code=response.error_code, message=response.error_message))

    def _account(self, ended: Ended) -> None:
        """Price it, and record times, tokens and money. One of them may fail, and the others are owed all the same."""
        telemetry, request, response = self._telemetry, self.request, ended.response
        if request.units is not None and ended.failure is None:
            response.usage = response.usage or Usage()
            response.usage.units = response.usage.units or request.units
        settings, usage, inference = telemetry.settings, response.usage, self._inference
        if (
            settings.cost
            and (inference or request.operation in PRICED_OPERATIONS)
            and (
                usage is not None
                or ended.failure is None
                or response.model is not None
                or self._first_chunk is not None
            )
        ):  # something was answered, something is owed
            try:
                ended.cost = telemetry.pricer.price(
                    self.endpoint.seller,
                    request.model,
                    response.model,
                    usage,
                    service_tier=response.service_tier or request.service_tier,
                    region=response.region or self.endpoint.region,
                    at=self._start_ns / 1e9,
                )
            except Exception as fault:
                guard.report("pricing", fault)
        metrics, compat, here = telemetry.metrics, settings.metrics_compat, self.context
        dimensions = () if self._scope is NO_SCOPE else self._scope.dimensions_of(inference)
        series = metrics.table.find(request, self.endpoint, response, dimensions)
        try:
            times = series.of_prompt(usage) if settings.prompt_length and inference else series.attributes
            metrics.record_duration(times, inference, ended.failure, ended.seconds, compat, here)
            if self._first_chunk is not None and inference:
                first_chunk = self._first_chunk - self._started
                metrics.record_stream(times, first_chunk, self._chunks or (), compat, here)
        except Exception as fault:
            guard.report("metrics.timing", fault)
        if usage is not None:
            metrics.record_usage(series, inference, usage, ended.cost, compat, here)

    def _count(self, ended: Ended) -> None:
        scope, response, request = self._scope, ended.response, self.request
        if not scope.tallies:
            return
        model, failed = response.model or request.model, ended.failure is not None
        count_call(scope.tallies, scope.agent, request.operation, model, response.usage, ended.cost, failed, self.span)

    def _describe(self, ended: Ended) -> None:
        """What is known of any call, and then what the provider has besides."""
        written = ended.written = attributes.Attributes()
        response, cost, reading = ended.response, ended.cost, ended.reading
        try:
            if ended.failure is not None:
                attributes.add_failure(written, ended.failure)
            if self.attempts > 1:
                written[own.REQUEST_ATTEMPTS] = self.attempts
            if self._first_chunk is not None:
                written[names.RESPONSE_TIME_TO_FIRST_CHUNK] = self._first_chunk - self._started
            if isinstance(cost, pricing.Cost):
                attributes.add_cost(written, cost)
            elif cost is not None:
                written[own.COST_UNPRICED_REASON] = cost.value
            attributes.add_response(written, response)
            if response.usage is not None:
                attributes.add_usage(written, response.usage)
        except Exception as fault:
            guard.report("attributes", fault)
        if reading is not None:
            details = reading.details()
            ended.said = details.content
            attributes.add_details(written, details, ended.rule.open_choice)

    def _seen(self, ended: Ended) -> CallSeen:
        return CallSeen(
            operation=self.request.operation,
            model=ended.response.model or self.request.model,
            attributes={**self._attributes, **ended.written},
            error=ended.error,
        )

    def _read_content(self, ended: Ended) -> None:
        if (captured := self._captured) is not None:
            reading = ended.reading
            captured.read(ended.said, None if reading is None else reading.output)
            if self._inference and self.tier is Tier.FULL:
                captured.structure.update(self._scope.prompt_variables)

    def _place_content(self, ended: Ended) -> None:
        if (captured := self._captured) is not None:
            written = ended.written
            captured.describe(written)
            captured.redact(written)
            captured.store(written, self._start_ns, self._attributes, written)
            ended.texts = captured.fit(written)
            ended.structure = captured.structure

    def _emit_details(self, ended: Ended) -> None:
        if self._inference and self._telemetry.policy.on_event:
            said: dict[str, object] = {**self._attributes, **ended.written}
            if self._telemetry.policy.content_on_event:
                said.update(ended.structure)
            events.emit_details(self._telemetry.logger, said, ended.end_ns, self.context)

    def _write_content(self, ended: Ended) -> None:
        """Before all else: limits drop what was said first."""
        if ended.texts:
            ended.written = {**ended.texts, **ended.written}

    def _emit_record(self, ended: Ended) -> None:
        """Of every call, sampled or not."""
        to = self._telemetry.settings.record
        if to.is_anywhere:
            where = self.span.get_span_context()
            said = {**self._attributes, **ended.written}
            ids = where.trace_id, where.span_id
            emit_record(self._telemetry.logger, to, said, *ids, self._start_ns, ended.seconds, self.context)

    def _write(self, ended: Ended) -> None:
        captured = self._captured
        if (
            self._telemetry.spans_are_tight
            or len(self._attributes) > limits.FEW
            or (captured is not None and captured.overflows)
        ):
            limits.write(self.span, self._attributes, ended.written)
        else:
            self.span.set_attributes(ended.written)

    def _write_status(self, ended: Ended) -> None:
        self.span.set_status(trace.StatusCode.ERROR, ended.message)

    def _forget(self, _ended: Ended) -> None:
        """A caller who keeps the exception keeps our frame, and this operation with it: but not what was captured."""
        self._captured = self._sent = None

    _ROWS: ClassVar[Mapping[Callable[[Any, Ended], object], tuple[str, str]]] = {
        _estimate: ("estimate", "content"),
        _find_failure: ("read.error", "failed"),
        _account: ("metrics.usage", ""),
        _count: ("tally", "scoped"),
        _describe: ("read.details", "recorded"),
        Life._settle_content: ("content.settle", "content"),
        Life._read_message: ("read.error", "failed"),
        _read_content: ("read.content", "content"),
        _place_content: ("content.place", "content"),
        _emit_details: ("events.details", "content"),
        _emit_record: ("events.record", "content"),
        _write_content: ("content", "content"),
        _write: ("attributes", "recorded"),
        _write_status: ("attributes", "failed"),
        Life._emit_exception: ("events.exception", "failed"),
        _forget: ("forget", "content"),
    }
    """What is to be done at the end, in this order, always or only for some."""
    _PARTS: ClassVar = tables(_ROWS)


def _same(sent: Content) -> Content:
    return sent


def current() -> Operation | None:
    """The operation that the SDK is working on in this context."""
    return current_context().get(_CURRENT)  # type: ignore[return-value]


def operation_in(where: Context) -> Operation | None:
    """The operation that the SDK is working on in ``where``."""
    return where.get(_CURRENT)  # type: ignore[return-value]  # only `Operation` puts something there
