"""Which spans of different instrumentations tell of the same call. What they say decides, not who they are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from .traces import SpanRecord


def told_again(spans: Sequence[SpanRecord]) -> dict[int, int]:
    """The id of a call's span, and that of the span around it in time that tells of the same call.

    An instrumentation that stands above another one in the SDK starts earlier and ends later. Its span isn't always the
    parent: not everyone makes theirs current. Of one call each has one span, and where several could be meant none is
    matched: no call is lost for looking like another.
    """
    calls = sorted((span for span in spans if span.is_call), key=lambda span: span.start_ns)
    if len({span.scope for span in calls}) < 2:
        return {}
    starts = [span.start_ns for span in calls]
    matched: dict[int, int] = {}
    telling = {span.span_id: {span.scope} for span in calls}  # who tells of the call of a span, as far as is known
    for outer in reversed(calls):  # the innermost first: what it takes, the ones around it don't
        within = calls[bisect_left(starts, outer.start_ns) : bisect_right(starts, outer.end_ns)]
        inner = [
            span.span_id
            for span in within
            if span.span_id not in matched and outer.scope not in telling[span.span_id] and _is_same_call(outer, span)
        ]
        if len(inner) == 1:
            matched[inner[0]] = outer.span_id
            telling[outer.span_id] |= telling[inner[0]]
    return matched


def _is_same_call(outer: SpanRecord, inner: SpanRecord) -> bool:
    if not outer.models & inner.models:
        return False
    if outer.response_id is not None and inner.response_id is not None:
        return outer.response_id == inner.response_id
    if inner.end_ns > outer.end_ns:
        return False
    if not _may_be_equal(outer.input_tokens, inner.input_tokens):
        return False
    if not _may_be_equal(outer.output_tokens, inner.output_tokens):
        return False
    return inner.parent_id in (outer.span_id, outer.parent_id)


def _may_be_equal(one: int | None, other: int | None) -> bool:
    return one is None or other is None or one == other
