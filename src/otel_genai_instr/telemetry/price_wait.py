"""Waiting for the price list, which the first calls of a process may have to do, takes no time of the app's blocks.

A call inside a block doesn't wait there: the blocks around it would seem to have taken that long. It is over at its own
moment, and :mod:`~otel_genai_instr.telemetry.later` ends its span, then those of the blocks inside in their order. The
outermost block waits for all of them, after its own time is taken: whoever leaves it finds every span and sum in place.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context

from ..pricing import Pricer
from . import later


class PriceWait:
    """What an outermost block has to wait for."""

    __slots__ = ("_waiting", "is_over")

    def __init__(self) -> None:
        self._waiting: set[object] = set()
        self.is_over = False
        """The block has ended, and waits for nothing more."""

    def put_off(self, end: Callable[[], object]) -> None:
        """Have ``end`` called soon, in a thread that may wait, in a copy of this context."""
        here = copy_context()
        self._waiting.add(end)
        try:
            later.do(lambda: here.run(self._do, end))
        except BaseException:  # an interrupt, too
            self._waiting.discard(end)
            raise

    def _do(self, end: Callable[[], object]) -> None:
        try:
            end()
        finally:
            self._waiting.discard(end)

    @property
    def is_pending(self) -> bool:
        """Whether anything is put off now."""
        return bool(self._waiting)

    def settle(self) -> None:
        """Return when all that was put off has ended, or takes too long."""
        if self.is_pending:
            later.settle()

    def close(self) -> None:
        """The block has ended: settle, and put off nothing more."""
        self.is_over = True
        self.settle()


def wait_for(pricer: Pricer) -> PriceWait | None:
    """What an outermost block needs; nothing once prices are there, which is nearly always."""
    return None if pricer.is_loaded else PriceWait()
