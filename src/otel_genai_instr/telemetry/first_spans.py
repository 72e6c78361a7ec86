"""The first spans are looked at: whether anything records them, and whether somebody else makes the same ones.

That is asked at a call and not when instrumentation is turned on, since apps may set up the SDK, or turn on others,
after that. Once it is known, the tracer itself takes the place of what looks: no later call pays for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.context import Context

from .. import guard, log
from ..semconv import SCOPE
from ..semconv import attributes as names
from ..semconv.values import PRICED_OPERATIONS
from . import set_up

LOOKED_AT: Final = 10
"""How many spans, from when something records them: frameworks may begin to call later than the app does."""
_BY_CONVENTION: Final = re.compile(r"(?:opentelemetry|openinference)\.instrumentation\.(?:.*\.)?([a-z]\w+?)(?:\.v\d+)?")
_CALLS_ELSEWHERE: Final = {
    "openinference.span.kind": ("LLM", "EMBEDDING"),
    "langfuse.observation.type": ("generation", "embedding"),
    "llm.request.type": ("chat", "completion", "embedding"),
}
"""What others' conventions say of the span of a call to a model: OpenInference, Langfuse, older OpenLLMetry."""

Look = Callable[[], bool]
"""Says what there is to say about others, and returns whether that was anything."""


class FirstSpans:
    """Stands in for the tracer."""

    def __init__(self, tracer: trace.Tracer, is_silent: bool, over: Callable[[], None], looks: Sequence[Look]) -> None:
        """Look at the next spans.

        Args:
            tracer: what makes the spans.
            is_silent: say nothing where nothing records them.
            over: called when enough was seen: has the tracer take this place.
            looks: asked about others of the same SDK, at each span of a call to a model.
        """
        self._tracer = tracer
        self._is_silent = is_silent
        self._over = over
        self._looks = looks
        self._left = LOOKED_AT

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: trace.SpanKind = trace.SpanKind.INTERNAL,
        attributes: Any = None,
        *,
        start_time: int | None = None,
    ) -> trace.Span:
        """The span of the tracer."""
        guard.run("first_spans", self._look, context, attributes or {})
        return self._tracer.start_span(name, context, kind, attributes, start_time=start_time)

    def _look(self, context: Context | None, attributes: Mapping[str, object]) -> None:
        if isinstance(self._tracer, trace.ProxyTracer) and set_up.has_no_sdk():
            if not self._is_silent:
                self._is_silent = True
                set_up.say_no_sdk()
            return
        self._left -= 1
        if self._left <= 0:
            self._over()
        if not _is_call(attributes):
            return
        others = [look() for look in self._looks]
        if not any(others):
            _say_whose_is(trace.get_current_span(context))


def _say_whose_is(span: trace.Span) -> None:
    """A call inside the span of the same call: a framework's, most often, or that of its instrumentation."""
    scope: object = getattr(getattr(span, "instrumentation_scope", None), "name", None)
    attributes: Mapping[str, object] = getattr(span, "attributes", None) or {}
    if not isinstance(scope, str) or scope == SCOPE or not _is_call(attributes):
        return
    known = _BY_CONVENTION.fullmatch(scope)
    cure = "turn it off where the app turns it on"
    if known:
        cure = f"turn it off under opentelemetry-instrument by OTEL_PYTHON_DISABLED_INSTRUMENTATIONS={known[1]}"
    log.warning_once(
        (FirstSpans, scope),
        "%s makes a span of the same call, around ours. The waterfall, reports and our metrics count it once; for sums "
        "over all spans of a backend leave out its spans there, or %s. This is said once.",
        scope,
        cure,
    )


def _is_call(attributes: Mapping[str, object]) -> bool:
    """Whether they say that a span is that of a call to a model."""
    if attributes.get(names.OPERATION_NAME) in PRICED_OPERATIONS:
        return True
    return any(attributes.get(name) in said for name, said in _CALLS_ELSEWHERE.items())
