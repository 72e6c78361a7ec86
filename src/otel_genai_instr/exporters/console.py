"""The exporter: takes spans from the SDK, writes finished traces to a stream."""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import TextIO

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from .. import guard, settings
from .hints import say_what_is_missing
from .reading import read_span
from .score_lines import ScoreLines
from .scores import BOARD, Score
from .screen import Screen
from .traces import Piece, SpanRecord, TraceStore
from .waterfall import Waterfall


class GenAIConsoleExporter(SpanExporter):
    """Prints each finished trace as a waterfall, for ``OTEL_TRACES_EXPORTER=genai_console`` or any span processor.

    ``out`` is where to print; by default whatever ``sys.stderr`` is at that moment; anything with a ``write`` will do.
    ``width`` is in terminal cells (default: ``COLUMNS``, else the terminal's, else 100). ``color`` switches colour on
    or off (default: on a terminal only; ``NO_COLOR`` and ``FORCE_COLOR`` decide before that). ``http_messages`` gives
    each message of an ASGI server a row (default: ``OTEL_GENAI_CONSOLE_HTTP_MESSAGES``, else no).

    In a notebook that nobody gave an ``out``, it is shown as HTML, below the cell that runs.

    A trace is printed when its local root has ended and the batch with it is read completely. Later spans follow as
    "late"; spans whose root or parent never came are printed as "orphan" by :meth:`force_flush` and :meth:`shutdown`,
    or when there are too many open traces.
    """

    def __init__(
        self,
        out: TextIO | None = None,
        width: int | None = None,
        color: bool | None = None,
        http_messages: bool | None = None,
    ) -> None:
        http_messages = settings.console_shows_http_messages() if http_messages is None else http_messages
        self._screen = Screen(out, width, color, http_messages)
        self._stopped = False
        self._start_empty()
        BOARD.add_display(self)
        if hasattr(os, "register_at_fork"):
            # The child must neither wait for a lock held by a thread it has not, nor print its parent's traces.
            restart = weakref.WeakMethod(self._start_empty)
            os.register_at_fork(after_in_child=lambda: (method := restart()) and method())

    def _start_empty(self) -> None:
        self._store = TraceStore()
        self._inbox: deque[list[SpanRecord]] = deque()
        self._lock = threading.RLock()
        self._assembling = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Print what these spans complete. ``FAILURE`` when the stream is broken, or after :meth:`shutdown`."""
        if self._stopped:
            return SpanExportResult.FAILURE
        try:
            self._inbox.append([record for span in spans if (record := read_span(span))])
            done = self._print(self._assemble())
        except Exception as error:
            guard.report("exporters.console", error)
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS if done else SpanExportResult.FAILURE

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Print everything that still waits for its root or parent. False when the stream is broken."""
        del timeout_millis  # nothing here can be cut short
        return self._print_rest(BOARD.rest)

    def shutdown(self) -> None:
        """Print the rest and refuse anything later."""
        if not self._stopped:
            self._stopped = True
            self._print_rest(lambda: BOARD.remove_display(self))

    def _print_rest(self, scores_left: Callable[[], list[Score]]) -> bool:
        try:
            done = self._print(self._assemble(flush=True))
            return self._say(scores_left()) and done
        except Exception as error:
            guard.report("exporters.console", error)
            return False

    def _assemble(self, flush: bool = False) -> list[Piece]:
        pieces: list[Piece] = []
        with self._lock:
            # The garbage collector may end an abandoned span right here, and so call us again in this thread:
            # then its batch stays in the inbox for the loop that is already running.
            if self._assembling:
                return pieces
            self._assembling = True
            try:
                while self._inbox:
                    pieces += self._store.add(self._inbox.popleft())
                if flush:
                    pieces += self._store.flush()
            finally:
                self._assembling = False
        return pieces

    def _print(self, pieces: list[Piece]) -> bool:
        """Whether all was written. Foreign code (the stream) runs outside our lock."""
        if not pieces:
            return True
        overdue = BOARD.put_into(pieces)
        is_written = self._screen.show(lambda style: Waterfall(pieces, style))
        say_what_is_missing(pieces)
        return self._say(overdue) and is_written

    def _say(self, scores: list[Score]) -> bool:
        return not scores or self._screen.show(lambda style: ScoreLines(scores, style))
