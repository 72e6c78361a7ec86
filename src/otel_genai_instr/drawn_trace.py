"""A trace as every drawing of it has it: which span stands below which, and where it lies in the trace's time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

NARROWEST: Final = 0.4
"""Percent of the trace's time that a bar takes at least, so that it is seen."""


class Drawn(Protocol):
    """A span."""

    @property
    def span_id(self) -> Any:
        """Its own id, of any type that has an order."""
        ...

    @property
    def parent_id(self) -> Any:
        """Of the span around it; ``None`` for none."""
        ...

    @property
    def start_ns(self) -> int:
        """Nanoseconds since 1970."""
        ...

    @property
    def end_ns(self) -> int:
        """The same; one before the start is taken for the start."""
        ...


_Span = TypeVar("_Span", bound=Drawn)


@dataclass(frozen=True, slots=True)
class Tree(Generic[_Span]):
    """Every span once: at the top, or below another one. Siblings stand in the order in which they began."""

    tops: list[_Span]
    """Spans whose parent isn't here, and one of each circle of parents."""
    below: Mapping[Any, list[_Span]]
    """By the id of the parent."""

    def in_order(self) -> Iterator[tuple[_Span, int]]:
        """Parents before children, each with the number of those that it is in."""
        waiting = [(top, 0) for top in reversed(self.tops)]  # own stack: traces may be deeper than Python's
        while waiting:
            span, depth = waiting.pop()
            yield span, depth
            waiting += [(each, depth + 1) for each in reversed(self.below.get(span.span_id, ()))]


def tree_of(spans: Iterable[_Span]) -> Tree[_Span]:
    """Lay spans out. A span that says the id of another one again is left out."""
    known: dict[Any, _Span] = {}
    for span in sorted(spans, key=_order):
        known.setdefault(span.span_id, span)
    tops: list[_Span] = []
    below: dict[Any, list[_Span]] = {}
    for span in known.values():
        (below.setdefault(span.parent_id, []) if span.parent_id in known else tops).append(span)
    tree = Tree(tops, below)
    reached = {span.span_id for span, _ in tree.in_order()}
    for span in known.values():
        if span.span_id not in reached:
            first = _first_of_circle(span, known)
            below[first.parent_id].remove(first)
            reached.update(each.span_id for each, _ in Tree([first], below).in_order())
            tops.append(first)
    return tree


def _first_of_circle(span: _Span, known: Mapping[Any, _Span]) -> _Span:
    """Of the spans above this one, which have no top: the first of those that are above themselves."""
    passed: dict[Any, _Span] = {}
    while span.span_id not in passed:
        passed[span.span_id] = span
        span = known[span.parent_id]
    around = list(passed)
    return min((passed[each] for each in around[around.index(span.span_id) :]), key=_order)


def _order(span: Drawn) -> tuple[int, int, Any]:
    return (span.start_ns, -span.end_ns, span.span_id)


class Extent(NamedTuple):
    """Where a bar lies, in percent of the trace's time."""

    begin: float
    working: float
    """Where the first chunk of a stream came; where the bar begins, for what is none."""
    end: float


def extent(span: Drawn, first_chunk_ns: int | None, start_ns: int, end_ns: int) -> Extent:
    """Where a span lies in the time from ``start_ns`` to ``end_ns``. What lies outside is drawn at the edge.

    Args:
        span: The span.
        first_chunk_ns: From its start.
        start_ns: Where the time begins.
        end_ns: Where it ends; a time of no length has all bars at its beginning.
    """

    def percent(moment: int) -> float:
        return min(max(100 * (moment - start_ns) / (end_ns - start_ns), 0.0), 100.0) if end_ns > start_ns else 0.0

    begin = min(percent(span.start_ns), 100 - NARROWEST)
    end = max(percent(span.end_ns), begin + NARROWEST)
    working = begin
    if first_chunk_ns is not None:  # something came, and is seen
        working = min(max(percent(span.start_ns + first_chunk_ns), begin), end - NARROWEST)
    return Extent(begin, working, end)
