"""Which spans of different instrumentations tell of the same call: what they say decides. And which of them counts.

``reports/told_again.py`` has the same rule for tables; ``tests/reports/told.py`` has examples for both.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from .semconv import SCOPE


class Told(Protocol):
    """The span of a call; ``None`` means "not said". All that are compared are of one trace."""

    @property
    def span_id(self) -> Any:
        """Its own id, of any type that has an order."""
        ...

    @property
    def parent_id(self) -> Any:
        """Of the span around it."""
        ...

    @property
    def scope(self) -> str:
        """Name of the instrumentation that made it."""
        ...

    @property
    def start_ns(self) -> int:
        """Nanoseconds since 1970."""
        ...

    @property
    def end_ns(self) -> int:
        """Not before the start."""
        ...

    @property
    def models(self) -> frozenset[str]:
        """The model asked for, and the one that answered."""
        ...

    @property
    def response_id(self) -> str | None:
        """The provider's."""
        ...

    @property
    def input_tokens(self) -> int | None:
        """Cached ones included."""
        ...

    @property
    def output_tokens(self) -> int | None:
        """Reasoning included."""
        ...


_Call = TypeVar("_Call", bound=Told)


def uncounted(calls: Iterable[Told]) -> set[Any]:
    """Ids of spans that don't count, so that each call counts once.

    The span of ours counts where it knows what was used: it has the cost, the user and the feature as well. Else the
    innermost does, for it is nearest to the call.
    """
    inside = _inside(calls := list(calls))
    ours = _best_told(calls, inside)
    return set[Any]().union(inside.keys() - ours, *(inside[span_id] for span_id in ours))


def below_ours(calls: Iterable[Told]) -> set[Any]:
    """Of those that don't count, the ones inside a span of ours that does."""
    inside = _inside(calls := list(calls))
    return set[Any]().union(*(inside[span_id] for span_id in _best_told(calls, inside)))


def _inside(calls: Iterable[Told]) -> dict[Any, set[Any]]:
    """For each span that others tell of again, below it or beside it: those, and the ones inside of them."""
    scopes = {call.span_id: call.scope for call in calls}
    inside: dict[Any, set[Any]] = {}
    for call in calls:
        if call.scope != scopes.get(call.parent_id, call.scope):
            inside.setdefault(call.parent_id, set()).add(call.span_id)
    for outer, inner in told_again(calls):
        inside.setdefault(outer.span_id, set()).add(inner.span_id)
    for found in inside.values():
        waiting = list(found)
        while waiting:
            further = inside.get(waiting.pop(), set()) - found
            found |= further
            waiting += further
    return inside


def _best_told(calls: Iterable[Told], inside: Mapping[Any, set[Any]]) -> set[Any]:
    """Spans of ours that know what was used, and hold no other such."""
    ours = {
        call.span_id
        for call in calls
        if call.scope == SCOPE and (call.input_tokens is not None or call.output_tokens is not None)
    }
    return {span_id for span_id in ours & inside.keys() if ours.isdisjoint(inside[span_id])}


def told_again(calls: Iterable[_Call]) -> list[tuple[_Call, _Call]]:
    """Pairs that tell of the same call: the one around the other in time, and that one.

    An instrumentation that stands above another one in the SDK starts earlier and ends later. Its span isn't always the
    parent: not everyone makes theirs current. Of one call each has one span, and where several could be meant none is
    matched: no call is lost for looking like another.
    """
    ordered = sorted(calls, key=lambda call: (call.start_ns, -call.end_ns, call.span_id))
    if len({call.scope for call in ordered}) < 2:
        return []
    starts = [call.start_ns for call in ordered]
    within = [range(place + 1, bisect_right(starts, outer.end_ns)) for place, outer in enumerate(ordered)]
    told = [
        Counter(ordered[at].scope for at in within[place] if _is_alike(outer, ordered[at]))
        for place, outer in enumerate(ordered)
    ]
    inside = [
        [at for at in within[place] if _is_same_call(outer, ordered[at], told[at])]
        for place, outer in enumerate(ordered)
    ]
    nearest = {at: place for place, inner in enumerate(inside) for at in inner}  # the innermost around it is the last
    numbers = Counter(nearest.values())
    clear = {at for at, place in nearest.items() if numbers[place] == 1}
    return [
        (ordered[place], ordered[at])
        for at, place in nearest.items()
        if at in clear and clear.issuperset(inside[place])
    ]


def _is_same_call(outer: Told, inner: Told, told: Counter[str]) -> bool:
    """Whether they may be of one call, where so many calls of each scope look like what is inside ``inner``."""
    if outer.scope == inner.scope:
        return False
    if outer.response_id is not None and inner.response_id is not None:
        return outer.response_id == inner.response_id and bool(outer.models & inner.models)
    # Of two calls at the same time one may be inside the other: then the inner one's other span is in there, too.
    return _is_alike(outer, inner) and told[outer.scope] <= told[inner.scope]


def _is_alike(outer: Told, inner: Told) -> bool:
    return (
        inner.end_ns <= outer.end_ns
        and inner.parent_id in (outer.span_id, outer.parent_id)
        and not outer.models.isdisjoint(inner.models)
        and _may_be_equal(outer.input_tokens, inner.input_tokens)
        and _may_be_equal(outer.output_tokens, inner.output_tokens)
    )


def _may_be_equal(one: int | None, other: int | None) -> bool:
    return one is None or other is None or one == other
