"""The telemetry behind the pages: one thread asks it, and reads what is new."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ..page.waterfall import Said
from ..reports.asked import Window
from ..reports.tables import Tables
from ..reports.traces.trace import Trace, TraceSource

_PATIENCE: Final = 60.0
"""Seconds that a page waits at most."""
_FRESH: Final = 2.0
"""Seconds in which what was read is new enough."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class Opened:
    """What there is at one moment."""

    tables: Callable[[Window], Tables]
    """Its tables, for questions about a time and what it is compared with."""
    traces: TraceSource
    """Its traces, with all that their spans say."""
    said: Callable[[Trace], Mapping[str, Said]]
    """What was said in the spans of a trace, by their ids."""
    notes: list[str] = field(default_factory=list[str])
    """What of it doesn't count."""


class Busy(Exception):
    """The answer takes longer than a page waits; the work goes on."""


class Source:
    """Asked by one thread: a connection of DuckDB is not for several, and nobody reads what another one replaces."""

    def __init__(self, open_now: Callable[[], Opened]) -> None:
        self._open = open_now
        self._worker = ThreadPoolExecutor(1, "otel-genai-ui")
        self._opened: Opened | None = None
        self._opened_at = 0.0

    async def ask(self, question: Callable[[Opened], _T]) -> _T:
        """Answer a question from what there is now.

        Raises:
            Busy: if that takes too long, as after many new files.
        """
        try:
            answer = asyncio.get_running_loop().run_in_executor(self._worker, self._answer, question)
            return await asyncio.wait_for(answer, _PATIENCE)
        except TimeoutError:
            raise Busy from None

    def close(self) -> None:
        """Forget the questions that wait."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _answer(self, question: Callable[[Opened], _T]) -> _T:
        if self._opened is None or time.monotonic() - self._opened_at > _FRESH:
            self._opened = self._open()
            self._opened_at = time.monotonic()
        return question(self._opened)
