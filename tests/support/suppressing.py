"""Another instrumentation that observes a call and turns all others off meanwhile, as Logfire does by its default.

``make neighbours-test`` has the real one.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from opentelemetry.instrumentation.utils import is_instrumentation_enabled, suppress_instrumentation
from opentelemetry.sdk._logs import LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider


@contextmanager
def logfires_span(scope: str = "logfire.openai") -> Generator[None]:
    """Its span around a call, or, by another scope, one of the app's."""
    tracer = TracerProvider(resource=Resource.get_empty(), shutdown_on_exit=False).get_tracer(scope)
    with tracer.start_as_current_span("Chat Completion"), suppress_instrumentation():
        yield


class ForgetsWhileOff(SpanProcessor, LogRecordProcessor):
    """Like the roots of Logfire's processors: what comes while instrumentation is off never happened."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def on_start(self, span: ReadableSpan, parent_context: object = None) -> None:
        self._note("start")

    def on_end(self, span: ReadableSpan) -> None:
        self._note("end")

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        self._note("event")

    def _note(self, what: str) -> None:
        if is_instrumentation_enabled():
            self.seen.append(what)
