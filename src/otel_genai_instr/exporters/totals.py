"""Sums over the spans of a piece, without counting a roll-up and its parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..same_calls import below_ours, told_again
from .traces import SpanRecord


@dataclass(slots=True)
class Totals:
    """What the total line says."""

    spans: int = 0
    calls: int = 0
    errors: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost: dict[str, float] = field(default_factory=dict[str, float])
    """By currency."""


def totals_of(spans: Sequence[SpanRecord]) -> Totals:
    """Calls, tokens and money count where they are deepest in the tree; inside a call of ours, nobody else's do.

    An agent's span, or a framework's around the SDK's, repeats the numbers of the calls below it; and so does one
    beside it that tells of the same call.
    """
    totals = Totals(spans=len(spans), errors=sum(span.error is not None for span in spans))
    again = below_ours(span for span in spans if span.is_call)
    spans = [span for span in spans if span.span_id not in again]
    above = _Above(spans)
    calls = above.those_of(span.span_id for span in spans if span.is_call)
    tokens = above.those_of(span.span_id for span in spans if _has_tokens(span))
    money = above.those_of(span.span_id for span in spans if span.cost is not None or span.unpriced_reason)
    for span in spans:
        totals.calls += span.is_call and span.span_id not in calls
        if span.span_id not in tokens:
            totals.input_tokens += span.input_tokens or 0
            totals.output_tokens += span.output_tokens or 0
            totals.cache_read_tokens += span.cache_read_tokens or 0
            totals.cache_write_tokens += span.cache_write_tokens or 0
            totals.reasoning_tokens += span.reasoning_tokens or 0
        if span.span_id in money:
            continue
        if span.cost is not None:
            totals.cost[span.currency] = totals.cost.get(span.currency, 0.0) + span.cost
        else:
            totals.unpriced += span.unpriced_reason is not None
    return totals


def _has_tokens(span: SpanRecord) -> bool:
    return span.input_tokens is not None or span.output_tokens is not None


class _Above:
    """Who is above whom: the parent, and who tells of the same call."""

    def __init__(self, spans: Sequence[SpanRecord]) -> None:
        self._parents = {span.span_id: span.parent_id for span in spans}
        pairs = told_again(span for span in spans if span.is_call)
        self._told_again = {inner.span_id: outer.span_id for outer, inner in pairs}

    def those_of(self, marked: Iterable[int]) -> set[int]:
        """Ids of all that are above the marked spans."""
        above: set[int] = set()
        waiting = list(marked)
        while waiting:
            span_id = waiting.pop()
            for upper in (self._parents.get(span_id), self._told_again.get(span_id)):
                if upper is not None and upper in self._parents and upper not in above:
                    above.add(upper)
                    waiting.append(upper)
        return above
