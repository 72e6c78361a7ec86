"""Spans in the order of a tree, each with the lines that lead to it; what only repeats itself shares a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from ..drawn_trace import tree_of
from .traces import SpanRecord

_ALIKE: Final = 4
"""From so many on, spans that are alike and follow each other share a row."""


@dataclass(frozen=True, slots=True)
class Branches:
    """Drawing of one step of the tree; each as wide as the others."""

    child: str
    last_child: str
    passing: str
    nothing: str


@dataclass(slots=True)
class Row:
    """A span, or several that are alike, and what stands before the name."""

    spans: Sequence[SpanRecord]
    prefix: str
    folded: int = 0
    """Messages of an ASGI server right below, which have no row."""

    @property
    def span(self) -> SpanRecord:
        """The first one; what it says besides its times, the others say too."""
        return self.spans[0]

    @property
    def duration_ns(self) -> int:
        """Of all of them together."""
        return sum(span.duration_ns for span in self.spans)


def folded_messages(spans: Sequence[SpanRecord]) -> list[SpanRecord]:
    """Messages of an ASGI server that need no row: they did not fail, nothing is below, and their request is here."""
    parents = {span.parent_id for span in spans}
    known = {span.span_id for span in spans}
    return [
        span
        for span in spans
        if span.is_http_message and span.error is None and span.span_id not in parents and span.parent_id in known
    ]


def arrange(
    spans: Sequence[SpanRecord], branches: Branches, deepest: int, ellipsis: str, *, folds: bool = True
) -> list[Row]:
    """Parents before children, siblings by start time.

    With ``folds``, messages of an ASGI server are counted in the row of their request.

    A web server makes a span for each piece of a streamed answer, and a loop one for each query: a run of them with
    nothing below, no error and no GenAI figures is one row.

    A prefix is at most ``deepest`` characters: of deeper levels only the right end is drawn, after ``ellipsis``.
    """
    folded = folded_messages(spans) if folds else []
    hidden = {span.span_id for span in folded}
    folded_below = Counter(span.parent_id for span in folded)
    tree = tree_of(span for span in spans if span.span_id not in hidden)
    rows: list[Row] = []
    # Own stack: traces may be deeper than Python's.
    stack = [(run, "", "") for run in reversed(_runs(tree.tops, tree.below))]
    while stack:
        run, prefix, passed_on = stack.pop()
        rows.append(Row(run, prefix, sum(folded_below[span.span_id] for span in run)))
        below = _runs(tree.below.get(run[0].span_id, ()), tree.below)
        for child in reversed(below):
            last = child is below[-1]
            drawn = passed_on + (branches.last_child if last else branches.child)
            handed = passed_on + (branches.nothing if last else branches.passing)
            stack.append((child, _right_end(drawn, deepest, ellipsis), _right_end(handed, deepest, ellipsis)))
    return rows


def _runs(siblings: Sequence[SpanRecord], parents: Collection[int]) -> list[list[SpanRecord]]:
    """What is shown in a row each."""

    def kind(span: SpanRecord) -> object:
        plain = span.operation is None and span.error is None and not span.scores and span.span_id not in parents
        return (span.name, span.detail) if plain else span.span_id

    runs: list[list[SpanRecord]] = []
    for _, group in groupby(siblings, kind):
        run = list(group)
        runs.extend([run] if len(run) >= _ALIKE else [[span] for span in run])
    return runs


def _right_end(prefix: str, deepest: int, ellipsis: str) -> str:
    return prefix if len(prefix) <= deepest else ellipsis + prefix[len(prefix) - deepest + 1 :]
