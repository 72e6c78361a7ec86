"""What can be evaluated, and the span behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from opentelemetry import trace

from ..semconv import attributes as names


@runtime_checkable
class HasSpan(Protocol):
    """A block of ours: a workflow, an agent, an inference, ..., open or over."""

    @property
    def span(self) -> trace.Span:
        """The span of the block."""
        ...

    @property
    def response_id(self) -> str | None:
        """The provider's id of the response, when there is one."""
        ...


@runtime_checkable
class HasSpanContext(Protocol):
    """A span, or a finished one as exporters get it."""

    def get_span_context(self) -> trace.SpanContext | None:
        """Its ids."""
        ...


Subject: TypeAlias = HasSpan | HasSpanContext | trace.SpanContext


@dataclass(frozen=True, slots=True)
class Target:
    """The operation that is judged."""

    span_context: trace.SpanContext
    response_id: str | None = None


def target_of(subject: object) -> Target:
    """The operation behind ``subject``. Without an SDK its span context is invalid, and that is no error.

    Raises:
        ValueError: for an object that has no span.
    """
    if isinstance(subject, trace.SpanContext):
        return Target(subject)
    if isinstance(subject, HasSpanContext):
        return Target(_context_of(subject), _recorded_response_id(subject))
    span = getattr(subject, "span", None)
    if isinstance(span, HasSpanContext):
        response_id = getattr(subject, "response_id", None)
        return Target(_context_of(span), response_id if isinstance(response_id, str) else _recorded_response_id(span))
    what = f"of {len(subject)} characters is no feedback token" if isinstance(subject, str) else "can't be evaluated"
    raise ValueError(
        f"subject of type {type(subject).__name__} {what}; "
        "allowed: a block of this package, a span, a span context; for evaluate() also a feedback token"
    )


def _context_of(span: HasSpanContext) -> trace.SpanContext:
    return span.get_span_context() or trace.INVALID_SPAN_CONTEXT


def _recorded_response_id(span: HasSpanContext) -> str | None:
    """Spans of the SDK can be read; those that weren't sampled can't."""
    attributes = getattr(span, "attributes", None)
    response_id = attributes.get(names.RESPONSE_ID) if attributes else None
    return response_id if isinstance(response_id, str) else None
