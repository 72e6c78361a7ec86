"""Spans in the order of a tree, each with the lines that lead to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .traces import SpanRecord


@dataclass(frozen=True, slots=True)
class Branches:
    """Drawing of one step of the tree; each as wide as the others."""

    child: str
    last_child: str
    passing: str
    nothing: str


@dataclass(slots=True)
class Row:
    """A span and what stands before its name."""

    span: SpanRecord
    prefix: str


def arrange(spans: Sequence[SpanRecord], branches: Branches, deepest: int, ellipsis: str) -> list[Row]:
    """Parents before children, siblings by start time.

    A prefix is at most ``deepest`` characters: of deeper levels only the right end is drawn, after ``ellipsis``.
    """
    known = {span.span_id for span in spans}
    children: dict[int | None, list[SpanRecord]] = {}
    for span in sorted(spans, key=lambda span: (span.start_ns, -span.end_ns, span.span_id)):
        children.setdefault(span.parent_id if span.parent_id in known else None, []).append(span)
    rows: list[Row] = []
    reached: set[int] = set()

    def walk(tops: list[SpanRecord]) -> None:
        # Own stack: traces may be deeper than Python's.
        stack = [(span, "", "") for span in reversed(tops)]
        while stack:
            span, prefix, passed_on = stack.pop()
            if span.span_id in reached:
                continue
            reached.add(span.span_id)
            rows.append(Row(span, prefix))
            below = children.get(span.span_id, [])
            for child in reversed(below):
                last = child is below[-1]
                drawn = passed_on + (branches.last_child if last else branches.child)
                handed = passed_on + (branches.nothing if last else branches.passing)
                stack.append((child, _right_end(drawn, deepest, ellipsis), _right_end(handed, deepest, ellipsis)))

    walk(children.get(None, []))
    for span in spans:
        if span.span_id not in reached:  # parents in a circle: no span leads to them
            walk([span])
    return rows


def _right_end(prefix: str, deepest: int, ellipsis: str) -> str:
    return prefix if len(prefix) <= deepest else ellipsis + prefix[len(prefix) - deepest + 1 :]
