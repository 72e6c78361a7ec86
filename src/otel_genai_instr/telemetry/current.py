"""The current context, without the call layers of OpenTelemetry's own functions.

A call makes a context current and the one before it again, and a stream does so for each chunk; the context variable
itself takes half as long. OpenTelemetry's functions stand in where it keeps the context or its keys elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any, Final, cast

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.instrumentation import utils
from opentelemetry.trace import propagation

_runtime: object = getattr(context, "_RUNTIME_CONTEXT", None)
_variable: object = getattr(_runtime, "_current_context", None)

enter: Callable[[Context], Token[Context]]
leave: Callable[[Token[Context]], None]
current: Callable[[], Context]

if isinstance(_variable, ContextVar):
    _known = cast("ContextVar[Any]", _variable)
    enter, leave, current = _known.set, _known.reset, _known.get
else:
    enter, leave, current = context.attach, context.detach, context.get_current

_SUPPRESSED: Final[object] = getattr(utils, "_SUPPRESS_INSTRUMENTATION_KEY", None)
_SUPPRESSED_PLAIN: Final[object] = getattr(utils, "_SUPPRESS_INSTRUMENTATION_KEY_PLAIN", None)
_span_key: object = getattr(propagation, "_SPAN_KEY", None)
_SPAN: Final = _span_key if isinstance(_span_key, str) else None

_SUPPRESSING: Final = frozenset({"logfire.openai", "logfire.anthropic"})
"""Scopes of spans around a call to a model that turn instrumentation off inside: ``instrument_openai`` and
``instrument_anthropic`` of Logfire do, by their default ``suppress_other_instrumentation``."""


def is_observed(where: Context) -> bool:
    """Whether instrumentation is on in ``where``, which is the current context."""
    if not where:
        return True
    if not isinstance(_SUPPRESSED, str) or not isinstance(_SUPPRESSED_PLAIN, str):
        return utils.is_instrumentation_enabled()
    return not (where.get(_SUPPRESSED) or where.get(_SUPPRESSED_PLAIN))


def is_suppressed_by_another(where: Context) -> bool:
    """Whether it is off in ``where`` because somebody else observes this call. Where the app turned it off, they make
    no span. One that isn't sampled has no scope: then it can't be told, and it stays off."""
    scope: object = getattr(trace.get_current_span(where), "instrumentation_scope", None)
    return getattr(scope, "name", None) in _SUPPRESSING


def unsuppressed(where: Context) -> Context:
    """``where`` with instrumentation on."""
    return Context({key: value for key, value in where.items() if key not in (_SUPPRESSED, _SUPPRESSED_PLAIN)})


def inside(where: Context, span: trace.Span, key: str, value: object) -> Context:
    """``where`` with ``span`` as the current span and ``value`` under ``key``."""
    if _SPAN is None:
        return context.set_value(key, value, trace.set_span_in_context(span, where))
    return Context({**where, _SPAN: span, key: value})
