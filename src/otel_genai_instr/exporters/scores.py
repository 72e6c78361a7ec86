"""What was thought of operations: it stands in the waterfall of its trace, or on a line of its own.

Rules of this file
- A verdict waits for its trace, which is shown when its root has ended. After some seconds it is said on a line of its
  own: its span may be another process's, or its root runs on. It stays, should the waterfall come after all.
- Said at once is what no waterfall will show: the trace was shown already, isn't sampled, or nobody shows traces.
- What is pushed out by the bound, or still waits at the end, is said, unless it was.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakSet

from .traces import Piece

_MAX_TRACES: Final = 500
"""Shown ones that are remembered, for the names of their spans."""
_MAX_NAMES: Final = 100
"""Of one trace."""
_MAX_WAITING: Final = 1000
PATIENCE_SECONDS: Final = 10.0
"""Twice as long as finished spans wait in the SDK's default processor."""


@dataclass(frozen=True, slots=True)
class Score:
    """A verdict on one span."""

    trace_id: int
    span_id: int
    said: str
    """Such as ``relevance 0.92 pass``."""
    evaluator: str = ""
    is_sampled: bool = True
    span_name: str = ""
    """Where it is known."""

    def parts(self) -> list[str]:
        """All of it, for a line of its own."""
        by = f"by {self.evaluator}" if self.evaluator else ""
        return [part for part in (f"score {self.said}", by, self.span_name, f"trace {self.trace_id:032x}") if part]


@dataclass(slots=True)
class _Waiting:
    score: Score
    until: float
    """When it is said alone; forever, once it was."""


class ScoreBoard:
    """Where the exporters of spans and of logs of one process meet."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._displays = WeakSet[object]()
        self.start_empty()

    def start_empty(self) -> None:
        """Also in a forked child, where nobody is left to release a lock."""
        self._lock = threading.RLock()  # the garbage collector may end a span in here
        self._waiting: OrderedDict[int, list[_Waiting]] = OrderedDict()
        self._names: OrderedDict[int, dict[int, str]] = OrderedDict()
        """Of spans, by the traces that were shown."""

    def add_display(self, display: object) -> None:
        """It shows traces from now on."""
        self._displays.add(display)

    def remove_display(self, display: object) -> list[Score]:
        """And no longer; what waited for the last one."""
        self._displays.discard(display)
        return [] if self._displays else self.rest()

    def add(self, scores: Iterable[Score]) -> list[Score]:
        """Keep those that a waterfall may show; return those to be said now."""
        alone: list[Score] = []
        with self._lock:
            until = self._clock() + PATIENCE_SECONDS
            for score in scores:
                names = self._names.get(score.trace_id)
                if names is not None:
                    alone.append(replace(score, span_name=names.get(score.span_id, "")))
                elif not score.is_sampled or not self._displays:
                    alone.append(score)
                else:
                    self._waiting.setdefault(score.span_id, []).append(_Waiting(score, until))
            while len(self._waiting) > _MAX_WAITING:
                alone += _unsaid(self._waiting.popitem(last=False)[1])
            return alone + self._overdue()

    def put_into(self, pieces: Iterable[Piece]) -> list[Score]:
        """Write down with the spans of what is about to be shown what was thought of them; return what is overdue."""
        with self._lock:
            for piece in pieces:
                names = self._names.pop(piece.trace_id, {})
                for span in piece.spans:
                    if (span.operation or span.local_root) and len(names) < _MAX_NAMES:
                        names[span.span_id] = span.name
                    said = (each.score.said for each in self._waiting.pop(span.span_id, ()))
                    span.scores = (*span.scores, *said)
                self._names[piece.trace_id] = names
            while len(self._names) > _MAX_TRACES:
                self._names.popitem(last=False)
            return self._overdue()

    def rest(self) -> list[Score]:
        """Take out all that waits; return what was never said."""
        with self._lock:
            waiting, self._waiting = self._waiting, OrderedDict()
        return [score for each in waiting.values() for score in _unsaid(each)]

    def _overdue(self) -> list[Score]:
        now = self._clock()
        overdue: list[Score] = []
        for waiting in self._waiting.values():
            for each in waiting:
                if each.until <= now:
                    each.until = float("inf")
                    overdue.append(each.score)
        return overdue


def _unsaid(waiting: Iterable[_Waiting]) -> list[Score]:
    return [each.score for each in waiting if each.until != float("inf")]


BOARD: Final = ScoreBoard()
"""That of this process: who prints logs and who prints spans don't know each other."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=BOARD.start_empty)
