"""Spans as OTLP carries them, in a form in which what was sent and what was read back can be compared."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan

JSON = Mapping[str, Any]
"""An object of OTLP's JSON form."""

INTERNAL, SERVER, CLIENT = 1, 2, 3
"""Span kinds by their OTLP numbers."""
STATUS_ERROR = 2


@dataclass(frozen=True, slots=True)
class SpanRecord:
    """One span. Attribute values keep OTLP's types, so that 1 and 1.0 and "1" are three different things."""

    trace_id: str
    span_id: str
    parent_id: str
    """Empty for a root."""
    name: str
    kind: int
    start: int
    """Nanoseconds since 1970, as ``end``."""
    end: int
    status: tuple[int, str]
    attributes: JSON
    events: tuple[tuple[str, int, JSON], ...]
    resource: JSON
    scope: str

    def value(self, attribute: str) -> Any:
        """The attribute as a Python value; ``None`` when the span does not have it."""
        typed = self.attributes.get(attribute)
        return None if typed is None else _plain(typed)


def sent_spans(spans: Sequence[ReadableSpan]) -> dict[str, SpanRecord]:
    """What an OTLP exporter makes of the SDK's spans, by span id."""
    return spans_of_request(encode_spans(spans))


def spans_of_request(request: ExportTraceServiceRequest) -> dict[str, SpanRecord]:
    """The spans of one OTLP export, by span id."""
    message: JSON = MessageToDict(request, use_integers_for_enums=True)
    resource_spans: list[dict[str, Any]] = message.get("resourceSpans", [])
    for span in _spans(resource_spans):
        # Protobuf's JSON writes bytes as base64, OTLP's JSON writes ids as hex.
        for name in ("traceId", "spanId", "parentSpanId"):
            if name in span:
                span[name] = base64.b64decode(span[name]).hex()
    return spans_of_json(resource_spans)


def spans_of_json(resource_spans: Iterable[JSON]) -> dict[str, SpanRecord]:
    """The spans in a ``resourceSpans`` list of OTLP's JSON form, by span id."""
    found: dict[str, SpanRecord] = {}
    for resource in resource_spans:
        about = _attributes(resource.get("resource", {}))
        for scope in resource.get("scopeSpans", []):
            for span in scope.get("spans", []):
                status: JSON = span.get("status", {})
                found[span["spanId"]] = SpanRecord(
                    trace_id=span["traceId"],
                    span_id=span["spanId"],
                    parent_id=span.get("parentSpanId", ""),
                    name=span["name"],
                    kind=span.get("kind", 0),
                    start=int(span["startTimeUnixNano"]),
                    end=int(span["endTimeUnixNano"]),
                    status=(status.get("code", 0), status.get("message", "")),
                    attributes=_attributes(span),
                    events=tuple(
                        (event["name"], int(event["timeUnixNano"]), _attributes(event))
                        for event in span.get("events", [])
                    ),
                    resource=about,
                    scope=scope.get("scope", {}).get("name", ""),
                )
    return found


def _spans(resource_spans: Iterable[JSON]) -> Iterable[dict[str, Any]]:
    for resource in resource_spans:
        for scope in resource.get("scopeSpans", []):
            yield from scope.get("spans", [])


def _attributes(owner: JSON) -> JSON:
    return {attribute["key"]: attribute["value"] for attribute in owner.get("attributes", [])}


def _plain(typed: JSON) -> Any:
    ((kind, value),) = typed.items()
    match kind:
        case "intValue":
            return int(value)
        case "doubleValue":
            return float(value)
        case "arrayValue":
            return [_plain(item) for item in value.get("values", [])]
        case _:
            return value
