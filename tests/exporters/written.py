"""Spans and log records to write, and what stands in the files that came of it."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any, Final

from google.protobuf.json_format import ParseDict
from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState

RESOURCE: Final = Resource({"service.name": "shöp", "replicas": 3})
FAR: Final = SpanContext(
    0xABC, 0xDEF, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED), trace_state=TraceState([("a", "b")])
)
EVERYTHING: Final[dict[str, Any]] = {
    "text": 'ünï\u2028cödé "quoted" \\ \x00\x7f 天気 😀\n\r',
    "empty": "",
    "yes": True,
    "no": False,
    "zero": 0,
    "large": 2**63 - 1,
    "small": -(2**63),
    "share": 0.1,
    "endless": math.inf,
    "bytes": b"\x00\xff",
    "texts": ["a", "", "天"],
    "numbers": [1, 2**40],
    "shares": [0.5, -math.inf],
    "switches": [True, False],
    "nothing": [],
}
"""Attributes of all types."""


def some_spans(count: int = 3, **attributes: Any) -> list[ReadableSpan]:
    """Spans with everything that a span may have; with ``attributes``, those instead."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("tests", "1.2", schema_url="https://example.com/schema", attributes={"of": "scope"})
    parent = trace.set_span_in_context(trace.NonRecordingSpan(FAR))
    for number in range(count):
        kind = list(SpanKind)[number % len(SpanKind)]
        link = Link(SpanContext(number + 1, number + 2, is_remote=False), attributes or EVERYTHING)
        span = tracer.start_span(f"span {number} 天", parent, kind, attributes or EVERYTHING, [link])
        span.add_event("said", attributes or EVERYTHING)
        span.set_status(list(StatusCode)[number % len(StatusCode)])
        span.end()
    failed = provider.get_tracer("others").start_span("failed")
    failed.set_status(StatusCode.ERROR, "it was refused: ünï")
    failed.end()
    return list(memory.get_finished_spans())


def some_records() -> list[ReadableLogRecord]:
    """An event inside a span and a line of a log."""
    memory = InMemoryLogRecordExporter()
    provider = LoggerProvider(RESOURCE, shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(memory))
    inside = trace.set_span_in_context(trace.NonRecordingSpan(FAR))
    body: Any = {"parts": [{"text": "天", "count": 2, "nothing": None}], "is_last": True}
    logger = provider.get_logger("tests", "1.2", "https://example.com/schema", {"of": "scope"})
    event = LogRecord(
        timestamp=5,
        observed_timestamp=6,
        context=inside,
        severity_number=SeverityNumber.WARN,
        severity_text="WARN",
        body=body,
        attributes=EVERYTHING,
        event_name="gen_ai.evaluation.result",
    )
    logger.emit(event)
    provider.get_logger("others").emit(LogRecord(timestamp=7, body="a line"))
    return list(memory.get_finished_logs())


def files(folder: Path, kind: str = "traces") -> list[Path]:
    """By name, and so by when they were begun."""
    return sorted(folder.glob(f"{kind}-*.jsonl"))


def lines(*paths: Path) -> list[dict[str, Any]]:
    """What stands in files, all of which is whole."""
    texts = b"".join(path.read_bytes() for path in paths).split(b"\n")
    assert texts.pop() == b"", "the last line has no end"
    return [json.loads(text) for text in texts]


def names(*paths: Path) -> list[str]:
    """Of all spans in files."""
    return [
        span["name"]
        for line in lines(*paths)
        for resource in line["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def spans_in(line: dict[str, Any]) -> ExportTraceServiceRequest:
    """A line as the message that an OTLP exporter would send."""
    return ParseDict(_with_base64(line), ExportTraceServiceRequest())


def records_in(line: dict[str, Any]) -> ExportLogsServiceRequest:
    """A line as the message that an OTLP exporter would send."""
    return ParseDict(_with_base64(line), ExportLogsServiceRequest())


def _with_base64(line: dict[str, Any]) -> Any:
    """OTLP's JSON writes ids as hex, protobuf's as base64."""
    return json.loads(json.dumps(line), object_hook=_ids_as_base64)


def _ids_as_base64(message: dict[str, Any]) -> dict[str, Any]:
    ids = {name: message[name] for name in ("traceId", "spanId", "parentSpanId") if name in message}
    return {**message, **{name: base64.b64encode(bytes.fromhex(hex)).decode() for name, hex in ids.items()}}
