"""What is usual: what checks compare with."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol

from ..traces.trace import Trace, TraceSpan

ENOUGH: Final = 20
"""Calls, from which on it can be told what is usual."""
DAYS: Final = 7
"""Before the trace, that are looked at."""


@dataclass(frozen=True)
class Spread:
    """How some figure is spread."""

    calls: int
    median: float
    high: float
    """What 95 % of them are not above."""


@dataclass(frozen=True)
class Usual:
    """Calls like one call: the same operation, provider, model, prompt and feature; none that failed."""

    calls: int
    duration_ms: Spread | None = None
    cost: Spread | None = None
    """In the currency of the call."""
    input_tokens: Spread | None = None
    output_tokens: Spread | None = None
    answered: Counter[str] = field(default_factory=Counter[str])
    """By which model, how many of them."""


class History(Protocol):
    """What was there before. ``None`` where nobody knows."""

    def usual(self, call: TraceSpan) -> Usual | None:
        """Calls like this one."""
        ...

    def prompt_versions(self, prompt: str, day: date) -> Counter[str] | None:
        """Calls of a prompt on a day (UTC) by its version; one without a version is empty text."""
        ...

    def retrievals(self, trace: Trace) -> tuple[int, int] | None:
        """Of traces with the same root: how many there were, and how many had a retrieval."""
        ...

    def earlier(self, retrieval: TraceSpan) -> list[TraceSpan] | None:
        """The last retrievals from the same data source before this one, with what they found."""
        ...


class NoHistory:
    """Where one trace is all there is to ask for."""

    def usual(self, call: TraceSpan) -> Usual | None:
        """Nobody knows."""
        return None

    def prompt_versions(self, prompt: str, day: date) -> Counter[str] | None:
        """Nobody knows."""
        return None

    def retrievals(self, trace: Trace) -> tuple[int, int] | None:
        """Nobody knows."""
        return None

    def earlier(self, retrieval: TraceSpan) -> list[TraceSpan] | None:
        """Nobody knows."""
        return None
