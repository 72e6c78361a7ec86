"""Work, counted instead of timed: the bytecodes that one call executes. The same on any machine, however busy.

What the interpreter and its C code do for a bytecode isn't seen, so a ratio of bytecodes is not one of times; but
code that does more executes more.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

from .arms import Arms
from .measuring import blocks_of

_WARM_UP: Final = 20  # calls: caches are filled, prices loaded


@dataclass(frozen=True, slots=True)
class Work:
    """Bytecodes per call."""

    floor: int
    """Added by the floor."""
    ours: int
    """Added by the instrumentation."""

    @property
    def ratio(self) -> float:
        """What ours adds, in floors."""
        return self.ours / self.floor


def count(arms: Arms) -> Work:
    """Count one call of each arm."""
    with blocks_of(arms, "plain", "floor", "ours") as blocks:
        plain, floor, ours = (bytecodes(blocks[arm]) for arm in ("plain", "floor", "ours"))
    return Work(floor - plain, ours - plain)


def bytecodes(block: Callable[[int], object]) -> int:
    """What one call of ``block`` executes, after it has warmed up."""
    block(_WARM_UP)
    # Two calls less one: what a block does around its calls is the same. An event loop has other things to do at times.
    one, two = (min(_executed(block, calls) for _ in range(3)) for calls in (1, 2))
    return two - one


def _executed(block: Callable[[int], object], calls: int) -> int:
    with _counting() as counter:
        block(calls)
    return counter.executed


@dataclass(slots=True)
class _Counter:
    executed: int = 0


@contextmanager
def _counting() -> Generator[_Counter]:
    counter = _Counter()

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        counter.executed += event == "opcode"
        return trace

    before = sys.gettrace()
    gc.disable()  # finalisers and callbacks of the collector are bytecodes too
    sys.settrace(trace)
    try:
        yield counter
    finally:
        sys.settrace(before)
        gc.enable()
