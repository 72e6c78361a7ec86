"""A call that is observed although another instrumentation, which observes it too, has turned all others off.

That is meant for the HTTP requests inside, and those stay as silent as without us. Start and end are told with
instrumentation on: Logfire's providers look at the current context, and drop what comes while it is off.
"""

from __future__ import annotations

from collections.abc import Callable

from opentelemetry.context import Context

from ..model import Endpoint, Failure, Request
from .current import current, enter, leave, unsuppressed
from .endings import EndingRule
from .life import Answer
from .operation import Operation
from .telemetry import Telemetry


class UnsuppressedOperation(Operation):
    """As ``Operation``; the context that is current when it starts and ends has instrumentation off."""

    def __init__(
        self,
        telemetry: Telemetry,
        request: Request,
        endpoint: Endpoint,
        read_error: Callable[[BaseException], Failure],
    ) -> None:
        suppressed = current()
        token = enter(unsuppressed(suppressed))
        try:
            super().__init__(telemetry, request, endpoint, read_error)
        finally:
            leave(token)
        self.context = Context({**suppressed, **self.context})

    def _end(
        self, rule: EndingRule, answer: Answer | None, error: BaseException | None, at: float | None = None
    ) -> None:
        token = enter(unsuppressed(current()))
        try:
            super()._end(rule, answer, error, at)
        finally:
            leave(token)
