"""The exporters: spans and log records to files, as lines of OTLP JSON."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Sequence
from dataclasses import replace
from errno import errorcode
from typing import Final, Generic, TypeVar

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from .. import file_settings, guard
from ..file_settings import FileSettings
from ..text import class_name
from .encoding import Lines
from .folder import LOGS, TRACES
from .lines import LineFile
from .losses import Losses

_NO_ENCODER: Final = "no_encoder"
_INSTALL: Final = "nothing is written without the extra \"file\": pip install 'otel-genai-instr[file]'"

_T = TypeVar("_T")


class GenAIFileSpanExporter(SpanExporter):
    """Writes spans to files, for ``OTEL_TRACES_EXPORTER=genai_file`` or a ``BatchSpanProcessor``.

    ``settings`` say where and how much; by default the environment does. Needs the extra ``file``.
    """

    def __init__(self, settings: FileSettings | None = None) -> None:
        self._output: Final = _Output[ReadableSpan](TRACES, "trace_encoder", "encode_spans", settings)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write them. ``FAILURE`` when some are lost, and after :meth:`shutdown`."""
        return SpanExportResult.SUCCESS if self._output.export(spans) else SpanExportResult.FAILURE

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Nothing waits here."""
        del timeout_millis
        return True

    def shutdown(self) -> None:
        """Refuse anything later."""
        self._output.shutdown()


class GenAIFileLogExporter(LogRecordExporter):
    """Writes log records, events among them, to files, for ``OTEL_LOGS_EXPORTER=genai_file`` or a processor of batches.

    ``settings`` say where and how much; by default the environment does. Needs the extra ``file``.
    """

    def __init__(self, settings: FileSettings | None = None) -> None:
        self._output: Final = _Output[ReadableLogRecord](LOGS, "_log_encoder", "encode_logs", settings)

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Write them. ``FAILURE`` when some are lost, and after :meth:`shutdown`."""
        return LogRecordExportResult.SUCCESS if self._output.export(batch) else LogRecordExportResult.FAILURE

    def force_flush(self, timeout_millis: int = 10000) -> bool:
        """Nothing waits here."""
        del timeout_millis
        return True

    def shutdown(self) -> None:
        """Refuse anything later."""
        self._output.shutdown()


class _Output(Generic[_T]):
    """What both do: make lines and write them."""

    def __init__(self, kind: str, module: str, encoder: str, settings: FileSettings | None) -> None:
        settings = settings or file_settings.from_environ()
        settings = replace(settings, folder=file_settings.absolute(settings.folder))  # the app may go elsewhere
        self._file: Final = LineFile(kind, settings)
        self._losses: Final = Losses(kind, settings.folder)
        self._is_over = False
        self._begin()
        if hasattr(os, "register_at_fork"):
            begin = weakref.WeakMethod(self._begin)
            os.register_at_fork(after_in_child=lambda: (method := begin()) and method())
        try:
            self._encoder: Lines[_T] | None = Lines(module, encoder)
        except ImportError as error:
            self._encoder = None
            self._losses.say(_NO_ENCODER, f"{_INSTALL} ({error})")

    def _begin(self) -> None:
        """With a file of one's own: at first, and in a forked child, where nobody is left to release a lock."""
        self._lock = threading.RLock()
        self._file.begin()

    def export(self, items: Sequence[_T]) -> bool:
        """Whether all are written."""
        if self._is_over:
            return False
        try:
            with self._lock:
                return self._write(items)
        except Exception as error:
            guard.report("exporters.files", error)
            return False

    def shutdown(self) -> None:
        """Whatever comes later is refused."""
        self._is_over = True
        self._losses.sum_up()

    def _write(self, items: Sequence[_T]) -> bool:
        if self._encoder is None:
            self._losses.add(len(items), _NO_ENCODER, _INSTALL)
            return False
        faults = [self._fault(*each) for each in self._encoder.of(items)]
        try:
            self._file.tidy()
        except OSError as error:
            if not any(faults):  # else the reason was said
                self._losses.say("tidy", f"what is too old or too much can't be removed: {error}")
        return not any(faults)

    def _fault(self, count: int, line: bytes | Exception) -> bool:
        """Write a line of so many items; whether it is lost."""
        if isinstance(line, Exception):  # its text may quote what was said
            reason = class_name(type(line))
            self._losses.add(count, reason, f"what can't be encoded is lost: {reason}")
            return True
        try:
            self._file.write(line)
        except OSError as error:
            reason = errorcode.get(error.errno or 0, class_name(type(error)))
            hint = f"{file_settings.FILE_DIR} can name another folder"
            self._losses.add(count, reason, f"what can't be written is lost: {error}; {hint}")
            return True
        return False
