"""From a finished span, of the SDK or stored, to the record that is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, cast

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from ..semconv import attributes as names
from ..semconv import own, values
from ..trace_words import attempts_said, endings_said, prompt_said
from .hints import usage_not_asked
from .traces import SpanRecord

_CALLS: Final = values.PRICED_OPERATIONS | {values.FETCH_RESPONSE}
_PROMPT: Final = (names.PROMPT_NAME, names.PROMPT_VERSION)
_ASGI_EVENT: Final = "asgi.event.type"
_HTTP_MESSAGES: Final = (" http receive", " http send")

# Attributes of other instrumentations that are worth a word, newest name first: one word of each row is shown.
_DETAILS: Final = (
    (names.HTTP_RESPONSE_STATUS_CODE, "http.status_code"),
    ("db.system.name", "db.system"),
    ("db.collection.name", "db.sql.table"),
    ("rpc.system.name", "rpc.system"),
    ("messaging.system",),
)

Attributes = Mapping[str, object]


def read_span(span: ReadableSpan) -> SpanRecord | None:
    """What is shown of ``span``; ``None`` for one without identity. Nothing of it is kept alive."""
    context = span.get_span_context()
    if context is None or not context.is_valid:
        return None
    parent = span.parent
    has_parent = parent is not None and parent.is_valid
    start_ns = next((moment for moment in (span.start_time, span.end_time) if moment is not None), 0)
    return record_of(
        trace_id=context.trace_id,
        span_id=context.span_id,
        parent_id=parent.span_id if parent is not None and has_parent else None,
        local_root=parent is None or not has_parent or parent.is_remote,
        name=span.name,
        start_ns=start_ns,
        end_ns=start_ns if span.end_time is None else span.end_time,
        service=_text(span.resource.attributes, "service.name"),
        scope=span.instrumentation_scope.name if span.instrumentation_scope is not None else "",
        is_internal=span.kind is SpanKind.INTERNAL,
        attributes=span.attributes or {},
        failed=span.status.status_code is StatusCode.ERROR,
        events=[event.attributes or {} for event in span.events],
    )


def record_of(
    *,
    trace_id: int,
    span_id: int,
    parent_id: int | None,
    local_root: bool,
    name: str,
    start_ns: int,
    end_ns: int,
    service: str | None,
    scope: str,
    is_internal: bool = True,
    attributes: Attributes,
    failed: bool,
    events: Sequence[Attributes],
) -> SpanRecord:
    """What is shown of a span, from wherever it comes. ``events`` are the attributes of each."""
    operation = _text(attributes, names.OPERATION_NAME)
    error = _error(attributes, events) if failed else None
    return SpanRecord(
        trace_id=trace_id,
        span_id=span_id,
        parent_id=parent_id,
        local_root=local_root,
        name=name[:256],
        start_ns=start_ns,
        end_ns=max(end_ns, start_ns),
        service=service,
        scope=scope,
        operation=operation,
        is_call=operation in _CALLS,
        models=frozenset(
            filter(None, (_text(attributes, name) for name in (names.REQUEST_MODEL, names.RESPONSE_MODEL)))
        ),
        response_id=_text(attributes, names.RESPONSE_ID),
        is_http_message=_is_http_message(name, is_internal, attributes),
        input_tokens=_count(attributes, names.USAGE_INPUT_TOKENS),
        output_tokens=_count(attributes, names.USAGE_OUTPUT_TOKENS),
        cache_read_tokens=_count(attributes, names.USAGE_CACHE_READ_INPUT_TOKENS),
        cache_write_tokens=_count(attributes, names.USAGE_CACHE_WRITE_INPUT_TOKENS),
        reasoning_tokens=_count(attributes, names.USAGE_REASONING_OUTPUT_TOKENS),
        first_chunk_ns=_nanoseconds(attributes, names.RESPONSE_TIME_TO_FIRST_CHUNK),
        cost=_number(attributes, names.USAGE_COST_AMOUNT),
        currency=_text(attributes, names.USAGE_COST_CURRENCY) or "USD",
        unpriced_reason=_text(attributes, own.COST_UNPRICED_REASON),
        error=error,
        detail=_detail(attributes, error),
        user=_text(attributes, names.USER_ID),
        session=_text(attributes, names.SESSION_ID) or _text(attributes, names.CONVERSATION_ID),
        prompt=prompt_said(*(_text(attributes, name) for name in _PROMPT)) if operation in _CALLS else "",
        usage_not_asked=usage_not_asked(attributes, has_ended=bool(_finish_reasons(attributes))),
    )


def _is_http_message(name: str, is_internal: bool, attributes: Attributes) -> bool:
    """As OpenTelemetry's ASGI instrumentation makes them; one that was broken off has no attribute."""
    if not is_internal or not name.endswith(_HTTP_MESSAGES):
        return False
    return not attributes or (_text(attributes, _ASGI_EVENT) or "").startswith("http.")


def _error(attributes: Attributes, events: Sequence[Attributes]) -> str:
    """The kind of error, never its message: that may quote what the user wrote."""
    if kind := _text(attributes, names.ERROR_TYPE):
        return kind
    for event in reversed(events):
        if kind := _text(event, names.EXCEPTION_TYPE):
            return kind
    return "error"


def _detail(attributes: Attributes, error: str | None) -> str:
    attempts = attempts_said(_count(attributes, own.REQUEST_ATTEMPTS))
    words = [*([attempts] if attempts else ()), *endings_said(_finish_reasons(attributes))]
    for row in _DETAILS:
        word = next((word for name in row if (word := _text(attributes, name))), None)
        if word is not None and word != error:
            words.append(word)
    return " ".join(words)


def _finish_reasons(attributes: Attributes) -> list[str]:
    reasons = attributes.get(names.RESPONSE_FINISH_REASONS)
    if not isinstance(reasons, tuple | list):
        return []
    texts = cast("Sequence[object]", reasons)
    return [reason for reason in texts if isinstance(reason, str)]


def _text(attributes: Attributes, name: str) -> str | None:
    value = attributes.get(name)
    return str(value)[:256] if isinstance(value, str | int) and value != "" else None


def _number(attributes: Attributes, name: str) -> float | None:
    value = attributes.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _count(attributes: Attributes, name: str) -> int | None:
    value = _number(attributes, name)
    return None if value is None else int(value)


def _nanoseconds(attributes: Attributes, name: str) -> int | None:
    seconds = _number(attributes, name)
    return None if seconds is None else int(seconds * 1e9)
