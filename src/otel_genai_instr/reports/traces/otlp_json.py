"""Whole spans of one document of OTLP JSON: what the tables have of them, and all that they say besides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import msgspec

from ..columns import SPANS
from ..otlp import Span, nanoseconds
from ..rows import Refused, SpanRows
from .trace import SpanEvent, TraceSpan, typed

_COLUMNS: Final = tuple(column.name for column in SPANS[:-2])
_HAS_REMOTE, _IS_REMOTE = 0x100, 0x200
"""Bits of a span's flags: whether it is said, and is so, that its parent lies in another process."""
_DEEPEST: Final = 64
_INTEGER: Final = re.compile("-?[0-9]{1,20}")


class SpanReader:
    """Makes whole spans of documents."""

    def __init__(self, rows: SpanRows) -> None:
        self._rows = rows

    def spans(self, document: object, trace_id: str) -> Iterator[TraceSpan]:
        """Yield the spans of a trace; what is no span, or says no time, is passed over."""
        for resource in _objects(document, "resourceSpans"):
            owner = attributes_of(resource.get("resource"))
            service = owner.get("service.name")
            environment = owner.get("deployment.environment.name") or owner.get("deployment.environment")
            for scope in _objects(resource, "scopeSpans"):
                name = _mapping(scope.get("scope")).get("name")
                for said in _objects(scope, "spans"):
                    if str(said.get("traceId")).lower() == trace_id:
                        yield from self._span(said, _text(name) or "", _text(service), _text(environment))

    def _span(
        self, said: Mapping[str, Any], scope: str, service: str | None, environment: str | None
    ) -> Iterator[TraceSpan]:
        try:
            row = self._rows.row(msgspec.convert(said, Span), scope, service, environment)
        except (msgspec.ValidationError, RecursionError, Refused):
            return
        end = nanoseconds(said.get("endTimeUnixNano"))
        start = nanoseconds(said.get("startTimeUnixNano")) or end or 0
        flags = said.get("flags")
        status = _mapping(said.get("status"))
        yield TraceSpan(
            dict(zip(_COLUMNS, row[:-2], strict=True)),
            start,
            max(end or start, start),
            typed(attributes_of(said)),
            [
                SpanEvent(_text(event.get("name")) or "", nanoseconds(event.get("timeUnixNano")), attributes_of(event))
                for event in _objects(said, "events")
            ],
            _text(status.get("message")) or "",
            isinstance(flags, int) and bool(flags & _HAS_REMOTE) and bool(flags & _IS_REMOTE),
        )


def span_objects(document: object) -> Iterator[dict[str, Any]]:
    """Every span of a document, as it stands there."""
    for resource in _objects(document, "resourceSpans"):
        for scope in _objects(resource, "scopeSpans"):
            yield from _objects(scope, "spans")


def attributes_of(owner: object) -> dict[str, Any]:
    """The attributes of a span, an event or a resource as plain data."""
    found: dict[str, Any] = {}
    for item in _objects(owner, "attributes"):
        key, value = item.get("key"), item.get("value")
        if isinstance(key, str) and isinstance(value, dict):
            found[key] = _plain(cast("dict[str, Any]", value), 0)
    return found


def _plain(value: Mapping[str, Any], depth: int) -> Any:
    for kind, said in value.items():
        if depth > _DEEPEST:
            return None
        if kind == "arrayValue":
            return [_plain(item, depth + 1) for item in _objects(said, "values")]
        if kind == "kvlistValue":
            return {
                str(item.get("key")): _plain(_mapping(item.get("value")), depth + 1)
                for item in _objects(said, "values")
            }
        if kind == "intValue" and isinstance(said, str):
            return int(said) if _INTEGER.fullmatch(said) else said
        if kind in ("stringValue", "boolValue", "intValue", "doubleValue", "bytesValue"):
            return said
    return None


def _objects(owner: object, name: str) -> Iterator[dict[str, Any]]:
    items = _mapping(owner).get(name)
    if isinstance(items, list):
        for item in cast("list[object]", items):
            if isinstance(item, dict):
                yield cast("dict[str, Any]", item)


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
