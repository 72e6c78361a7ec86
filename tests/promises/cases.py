"""The cells of the matrix, its holes with their reasons, and which of them a run looks at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import Final

from ..support.under_test import Case, Ending, Form, Hole, UnderTest

_AFTER_THE_CALL: Final = (Ending.CLOSED, Ending.ABANDONED, Ending.ELSEWHERE)
_IN_A_BLOCK: Final = (Ending.BROKEN_OFF, Ending.GENERATOR_CLOSED, Ending.USER_ERROR, Ending.CALL_INSIDE)

HOLES: Final = (
    Hole("a synchronous call can't be cancelled", lambda c: c.ending is Ending.CANCELLED and not c.is_async),
    Hole(
        "an event loop turns an interrupt into a cancellation",
        lambda c: c.ending is Ending.INTERRUPTED and c.is_async,
    ),
    Hole(
        "the call returns when everything was read: nothing is left to close, drop or hand over",
        lambda c: not c.form.lazy and c.ending in _AFTER_THE_CALL,
    ),
    Hole("there is neither a block nor a loop", lambda c: not c.form.lazy and c.ending in _IN_A_BLOCK),
    Hole("the SDK itself reads the answer", lambda c: c.form is Form.PLAIN and c.ending is Ending.NEVER_READ),
    Hole(
        "a blocking call leaves its thread no room for another one",
        lambda c: not c.form.lazy and not c.is_async and c.ending is Ending.INTERLEAVED,
    ),
)
"""Those of every provider."""


def every_cell(provider: UnderTest) -> list[Case]:
    """The whole product, holes and all."""
    axes = product(provider.apis, (False, True), Form, Ending, (False, True))
    return [Case(provider, *axis) for axis in axes]


def hole_of(case: Case) -> Hole | None:
    """Why a cell is empty; ``None`` when it is not."""
    return next((hole for hole in (*case.provider.holes, *HOLES) if hole.covers(case)), None)


def cases_of(provider: UnderTest) -> list[Case]:
    """Every cell that isn't empty."""
    return [cell for cell in every_cell(provider) if hole_of(cell) is None]


def pairs_of(cases: Sequence[Case]) -> list[Case]:
    """A part of them in which any two values of any two axes meet, if they do so at all."""
    meetings = {case: _meetings(case) for case in cases}
    missing = set[object]().union(*meetings.values())
    chosen: list[Case] = []
    while missing:
        best = max(meetings, key=lambda case: len(meetings[case] & missing))
        chosen.append(best)
        missing -= meetings.pop(best)
    return chosen


def _meetings(case: Case) -> set[object]:
    values = (case.api.name, case.is_async, case.form, case.ending, case.content)
    return set(combinations(enumerate(values), 2))
