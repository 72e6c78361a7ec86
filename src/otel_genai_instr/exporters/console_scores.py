"""The exporter of log records that shows scores beside the calls that they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO, cast

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.trace import TraceFlags

from .. import guard
from ..semconv import attributes as names
from ..semconv import events, own
from ..trace_words import score_said
from .score_lines import ScoreLines
from .scores import BOARD, Score
from .screen import Screen


class GenAIConsoleLogExporter(LogRecordExporter):
    """Shows evaluations and feedback in the waterfall, for ``OTEL_LOGS_EXPORTER=genai_console`` or any log processor.

    A score on a call of this process stands in the trace's waterfall, if it comes before that; else on a line of its
    own. Other log records are not shown. ``out``, ``width`` and ``color`` are as those of ``GenAIConsoleExporter``.
    """

    def __init__(self, out: TextIO | None = None, width: int | None = None, color: bool | None = None) -> None:
        self._screen = Screen(out, width, color)
        self._is_over = False

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Show them, or keep them for the waterfall. ``FAILURE`` for a broken stream, and after :meth:`shutdown`."""
        if self._is_over:
            return LogRecordExportResult.FAILURE
        try:
            alone = BOARD.add(score for record in batch if (score := _score_of(record)))
            done = not alone or self._screen.show(lambda style: ScoreLines(alone, style))
        except Exception as error:
            guard.report("exporters.console_scores", error)
            return LogRecordExportResult.FAILURE
        return LogRecordExportResult.SUCCESS if done else LogRecordExportResult.FAILURE

    def force_flush(self, timeout_millis: int = 10000) -> bool:
        """Nothing waits here: what waits for its trace is shown by who shows traces."""
        del timeout_millis
        return True

    def shutdown(self) -> None:
        """Refuse anything later."""
        self._is_over = True


def _score_of(record: ReadableLogRecord) -> Score | None:
    """The verdict that a record tells, if it does."""
    said = record.log_record
    if said.event_name != events.EVALUATION_RESULT or not said.trace_id or not said.span_id:
        return None
    attributes = cast("Mapping[str, object]", said.attributes or {})
    score = attributes.get(names.EVALUATION_SCORE_VALUE)
    label = attributes.get(names.EVALUATION_SCORE_LABEL)
    return Score(
        said.trace_id,
        said.span_id,
        score_said(
            str(attributes.get(names.EVALUATION_NAME, "")),
            float(score) if isinstance(score, int | float) else None,
            None if label is None else str(label),
        ),
        str(attributes.get(own.EVALUATION_EVALUATOR, "")),
        is_sampled=bool((said.trace_flags or 0) & TraceFlags.SAMPLED),
    )
