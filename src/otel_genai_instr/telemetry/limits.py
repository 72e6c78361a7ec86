"""What the SDK's limits leave for the attributes of a span.

At its count limit the SDK drops the oldest attribute, and it cuts long texts, JSON in its middle: so content goes
first, and is cut here. https://opentelemetry.io/docs/specs/otel/common/#attribute-limits
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry import trace

from ..semconv import attributes as names
from ..semconv import own
from .attributes import Attributes

FEW: Final = 50
"""More attributes than a call without content has, but for the app's own."""
_IMPORTANT: Final = (
    own.CONTENT_WITHHELD,
    own.CONTENT_CUT_BYTES,
    own.CONTENT_REFERENCE,
    own.COST_UNPRICED_REASON,
    names.USAGE_REASONING_OUTPUT_TOKENS,
    names.USAGE_CACHE_WRITE_INPUT_TOKENS,
    names.USAGE_CACHE_READ_INPUT_TOKENS,
    names.USAGE_COST_SOURCE,
    names.CONVERSATION_ID,
    names.TOOL_CALL_ID,
    names.TOOL_NAME,
    names.AGENT_NAME,
    names.RESPONSE_ID,
    own.ERROR_CODE,
    names.HTTP_RESPONSE_STATUS_CODE,
    names.USAGE_COST_CURRENCY,
    names.USAGE_COST_AMOUNT,
    names.RESPONSE_MODEL,
    names.USAGE_OUTPUT_TOKENS,
    names.USAGE_INPUT_TOKENS,
    names.REQUEST_MODEL,
    names.PROVIDER_NAME,
    names.OPERATION_NAME,
    names.ERROR_TYPE,
)
"""What a span is for; the most important last, because that is dropped last."""


def longest(span: trace.Span, most: int) -> int:
    """``most`` bytes, or as many characters as an attribute of ``span`` may have."""
    limit: object = getattr(getattr(span, "_limits", None), "max_span_attribute_length", None)
    return min(most, limit) if isinstance(limit, int) else most


def overflows(span: trace.Span, more: int) -> bool:
    """Whether ``more`` attributes may be more than ``span`` has room for."""
    known: Any = span
    try:
        limit: int | None = known._limits.max_span_attributes  # nothing public says what a span is bound to
        return limit is not None and len(known.attributes) + more > limit
    except Exception:  # it isn't the SDK's
        return False


def places(span: trace.Span, others: Mapping[str, object]) -> int:
    """How many attributes there is room for, besides those that ``span`` has and ``others``, where it overflows."""
    known: Any = span
    return max(0, known._limits.max_span_attributes - len({*known.attributes, *others}))


def write(span: trace.Span, started: Attributes, written: Attributes) -> None:
    """Put attributes onto ``span``. Where there are too many, the important ones are the last to be dropped, and those
    that it already has, or has lost since it ``started`` with them, are written again."""
    if overflows(span, len(written)):
        known: Any = span
        both: Attributes = {**started, **known.attributes, **written}
        important: Attributes = {name: both[name] for name in _IMPORTANT if name in both}
        written = {name: value for name, value in written.items() if name not in important}
        written.update(important)
    span.set_attributes(written)


def are_tight(tracer: trace.Tracer) -> bool:
    """Whether spans of ``tracer`` may be too small for a call without content; not known before the SDK is there."""
    limits: object = getattr(tracer, "_span_limits", None)
    limit: object = getattr(limits, "max_span_attributes", 0)
    return isinstance(limit, int) and limit < 2 * FEW
