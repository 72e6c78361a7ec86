"""Calls of which only the answer tells whether they are an operation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from copy import copy
from typing import Final, TypeVar

from opentelemetry.context import Context

from .. import guard
from ..model import Endpoint, Failure, Request, Response
from .clock import Clock
from .current import current as current_context
from .current import enter, leave
from .endings import ENDINGS, Ending, EndingRule
from .life import Answer, Reading
from .operation import Operation
from .telemetry import Telemetry

_COMPLETE: Final = ENDINGS[Ending.COMPLETE]
_OVER: Final = Context()

_O = TypeVar("_O", bound=Operation)


class Late(Operation):
    """A call that goes by without a span: nothing is current meanwhile, and nothing is recorded of one that fails.

    It ends as operations do, exactly once. If it came to its end, its answer is looked at.
    """

    def __init__(
        self,
        telemetry: Telemetry,
        request: Request,
        endpoint: Endpoint,
        read_error: Callable[[BaseException], Failure],
    ) -> None:
        """Note what an operation would have to know that is made of it later."""
        self._telemetry = telemetry
        self._read_error = read_error
        self._open = threading.Lock()
        self.request = request
        self.endpoint = endpoint
        self.context = current_context()
        self._start_ns = telemetry.clock.wall_ns()
        self._started = telemetry.clock.monotonic()

    def look(self, response: Response, at: float) -> None:
        """It was answered, ``at`` this moment of the monotonic clock."""
        raise NotImplementedError

    def _end(
        self, rule: EndingRule, answer: Answer | None, error: BaseException | None, at: float | None = None
    ) -> None:
        if not self._open.acquire(blocking=False):
            return
        try:
            reading = answer() if answer is not None and rule is _COMPLETE else None
            if reading is not None:
                self.look(reading.response(), self._telemetry.clock.monotonic() if at is None else at)
        except Exception as fault:
            guard.report("late", fault)
        finally:
            self.context = _OVER

    def start_after_all(self, kind: type[_O], request: Request) -> _O:
        """The operation that it was: started when the call was made, where it was made."""
        telemetry = copy(self._telemetry)
        start_ns, started = self._start_ns, self._started
        telemetry.clock = Clock(lambda: start_ns, lambda: started)
        token = enter(self.context)
        try:
            return kind(telemetry, request, self.endpoint, self._read_error)
        finally:
            leave(token)

    def end_after_all(self, operation: Operation, reading: Reading, at: float) -> None:
        """End it at the moment when the call was over."""
        operation._end(_COMPLETE, lambda: reading, None, at)
