"""A place where evaluations go, with the whole log record: the ids of the trace matter here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from opentelemetry import trace
from opentelemetry._logs import LogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from otel_genai_instr.settings import Settings
from otel_genai_instr.telemetry.clock import Clock
from otel_genai_instr.telemetry.telemetry import Telemetry, share

from ..support.capture import Capture

KEY: Final = "a-secret-of-the-tests"


@dataclass(frozen=True)
class SomeBlock:
    """What the blocks of the package look like to an evaluation."""

    span: trace.Span
    response_id: str | None = None


class Judging:
    """The telemetry in force, and what it emitted."""

    def __init__(self, capture: Capture) -> None:
        self.capture: Final = capture
        self._records = InMemoryLogRecordExporter()
        capture.logger_provider.add_log_record_processor(SimpleLogRecordProcessor(self._records))
        self.use(Settings(feedback_key=KEY))

    def use(self, settings: Settings, clock: Clock | None = None) -> None:
        """Put other settings in force, and perhaps another clock."""
        share(
            Telemetry(
                settings,
                self.capture.tracer_provider,
                self.capture.meter_provider,
                self.capture.logger_provider,
                clock=clock or self.capture.clock.as_clock(),
            )
        )

    def span(self, **attributes: str) -> trace.Span:
        """A span that is over."""
        span = self.capture.tracer_provider.get_tracer("app").start_span("chat", attributes=attributes)
        span.end()
        return span

    def records(self) -> list[LogRecord]:
        """The log records, in their order."""
        return [log.log_record for log in self._records.get_finished_logs()]

    def record(self) -> LogRecord:
        """The only log record."""
        (record,) = self.records()
        return record

    def said(self) -> dict[str, Any]:
        """The attributes of the only log record."""
        return dict(self.record().attributes or {})

    def scores(self) -> list[dict[str, Any]]:
        """The points of the histogram."""
        return self.capture.metrics().get("gen_ai.evaluation.score", [])


def ids(context: trace.SpanContext) -> tuple[int, int, int]:
    """Trace id, span id and flags."""
    return context.trace_id, context.span_id, int(context.trace_flags)


def ids_of_record(record: LogRecord) -> tuple[int | None, int | None, int]:
    """The same, of a log record."""
    return record.trace_id, record.span_id, int(record.trace_flags or 0)
