"""OTLP JSON lines, as the Collector's file exporter writes them: ids in hex, whole numbers of 64 bits as strings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import INVALID_SPAN_CONTEXT, StatusCode

_KINDS: Final = {"INTERNAL": 1, "SERVER": 2, "CLIENT": 3, "PRODUCER": 4, "CONSUMER": 5}
_IS_REMOTE_IS_KNOWN: Final = 256

Item = tuple[str, str]
"""Scope and record, each as JSON."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between the files of spans and those of logs."""

    name: str
    resources: str
    scopes: str
    records: str


SPANS: Final = Kind("traces", "resourceSpans", "scopeSpans", "spans")
LOGS: Final = Kind("logs", "resourceLogs", "scopeLogs", "logRecords")


def dumped(value: object) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def scope_json(scope: InstrumentationScope | None) -> str:
    """A scope."""
    said = {} if scope is None else {"name": scope.name, "version": scope.version}
    return dumped({name: value for name, value in said.items() if value})


def span_data(span: ReadableSpan) -> dict[str, Any]:
    """A span. It has no events, links and descriptions: content isn't recorded here."""
    context = span.get_span_context() or INVALID_SPAN_CONTEXT
    return {
        "traceId": f"{context.trace_id:032x}",
        "spanId": f"{context.span_id:016x}",
        "parentSpanId": f"{span.parent.span_id:016x}" if span.parent else "",
        "flags": _IS_REMOTE_IS_KNOWN | int(context.trace_flags),
        "name": span.name,
        "kind": _KINDS[span.kind.name],
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
        "attributes": attributes_data(span.attributes or {}),
        "status": {"code": 2} if span.status.status_code is StatusCode.ERROR else {},
    }


def log_data(log: ReadableLogRecord) -> dict[str, Any]:
    """A log record that is an event."""
    record = log.log_record
    severity = record.severity_number
    said: dict[str, Any] = {
        "timeUnixNano": str(record.timestamp),
        "observedTimeUnixNano": str(record.observed_timestamp),
        "severityNumber": severity.value if severity else 0,
        "severityText": record.severity_text,
        "eventName": record.event_name,
        "body": {},
        "attributes": attributes_data(record.attributes or {}),
        "flags": int(record.trace_flags or 0),
        "traceId": f"{record.trace_id:032x}",
        "spanId": f"{record.span_id:016x}",
    }
    return {name: value for name, value in said.items() if value is not None and value != 0}


def attributes_data(attributes: Mapping[str, object]) -> list[dict[str, Any]]:
    """Attributes as OTLP has them."""
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def _value(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [_value(each) for each in cast("Sequence[object]", value)]}}
    return {"stringValue": str(value)}


class Lines:
    """Files of one kind: a request of so many records on each line. A context manager, which closes them.

    With ``file_bytes`` a file that would grow beyond that gets a number, and another is begun: the oldest spans stand
    in ``traces-0001.jsonl``, the newest in ``traces.jsonl``, as with the Collector.
    """

    def __init__(
        self, folder: Path, kind: Kind, resource: Mapping[str, str], batch: int, file_bytes: int | None = None
    ) -> None:
        self._folder, self._kind, self._batch, self._file_bytes = folder, kind, batch, file_bytes
        self._resource = dumped({"attributes": attributes_data(resource)})
        self._by_scope: dict[str, list[str]] = {}
        self._waiting = 0
        self._full = 0
        for old in folder.glob(f"{kind.name}-[0-9][0-9][0-9][0-9].jsonl"):
            old.unlink()
        self._path = folder / f"{kind.name}.jsonl"
        self._file = self._path.open("wb")
        self.records = 0
        """Written so far."""
        self.bytes = 0
        """Written so far."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            self._flush()
        self._file.close()

    def write(self, items: Iterable[Item]) -> None:
        """Take records; they are in the file at the latest when it is closed."""
        for scope, record in items:
            known = self._by_scope.get(scope)
            if known is None:
                known = self._by_scope[scope] = []
            known.append(record)
            self._waiting += 1
            if self._waiting >= self._batch:
                self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        kind = self._kind
        scopes = ",".join(
            f'{{"scope":{scope},"{kind.records}":[{",".join(records)}]}}' for scope, records in self._by_scope.items()
        )
        line = f'{{"{kind.resources}":[{{"resource":{self._resource},"{kind.scopes}":[{scopes}]}}]}}\n'.encode()
        size = self._file.tell()
        if size and self._file_bytes and size + len(line) > self._file_bytes:
            self._begin_another()
        self._file.write(line)
        self.bytes += len(line)
        self.records += self._waiting
        self._by_scope, self._waiting = {}, 0

    def _begin_another(self) -> None:
        self._file.close()
        self._full += 1
        self._path.rename(self._folder / f"{self._kind.name}-{self._full:04d}.jsonl")
        self._file = self._path.open("wb")
