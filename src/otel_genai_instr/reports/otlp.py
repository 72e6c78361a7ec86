"""OTLP JSON as it lies in files: one request for each line. What it says, in the protocol's words, and nothing else.

The fields are those of the protocol (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding); a field that
nobody asks for is skipped by the decoder. Numbers of 64 bits are text there, and plain numbers with some writers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import msgspec


class AnyValue(msgspec.Struct, gc=False):
    """The value of an attribute: one of the fields is set."""

    stringValue: str | None = None  # noqa: N815 - the protocol's name, here and below
    intValue: int | str | None = None  # noqa: N815
    doubleValue: float | str | None = None  # noqa: N815
    boolValue: bool | None = None  # noqa: N815
    arrayValue: ArrayValue | None = None  # noqa: N815


class ArrayValue(msgspec.Struct, gc=False):
    """A list of values."""

    values: list[AnyValue] | None = None


class KeyValue(msgspec.Struct, gc=False):
    """An attribute."""

    key: str
    value: AnyValue | None = None


class Owner(msgspec.Struct, gc=False):
    """A resource or a scope."""

    name: str = ""
    attributes: list[KeyValue] | None = None


class Status(msgspec.Struct, gc=False):
    """How a span ended."""

    code: int | str | None = None


class Span(msgspec.Struct, gc=False):
    """A span."""

    traceId: str  # noqa: N815
    spanId: str  # noqa: N815
    parentSpanId: str | None = None  # noqa: N815
    name: str = ""
    startTimeUnixNano: int | str | None = None  # noqa: N815
    endTimeUnixNano: int | str | None = None  # noqa: N815
    attributes: list[KeyValue] | None = None
    status: Status | None = None


class LogRecord(msgspec.Struct, gc=False):
    """A log record; an event, if it has a name."""

    traceId: str | None = None  # noqa: N815
    spanId: str | None = None  # noqa: N815
    timeUnixNano: int | str | None = None  # noqa: N815
    observedTimeUnixNano: int | str | None = None  # noqa: N815
    eventName: str | None = None  # noqa: N815
    attributes: list[KeyValue] | None = None


class _ScopeSpans(msgspec.Struct, gc=False):
    scope: Owner | None = None
    spans: list[Span] | None = None


class _ScopeLogs(msgspec.Struct, gc=False):
    scope: Owner | None = None
    logRecords: list[LogRecord] | None = None  # noqa: N815


class _ResourceSpans(msgspec.Struct, gc=False):
    resource: Owner | None = None
    scopeSpans: list[_ScopeSpans] | None = None  # noqa: N815


class _ResourceLogs(msgspec.Struct, gc=False):
    resource: Owner | None = None
    scopeLogs: list[_ScopeLogs] | None = None  # noqa: N815


class _Document(msgspec.Struct, gc=False):
    resourceSpans: list[_ResourceSpans] | None = None  # noqa: N815
    resourceLogs: list[_ResourceLogs] | None = None  # noqa: N815
    resourceMetrics: msgspec.Raw | None = None  # noqa: N815 - metrics are not ours to read


@dataclass(slots=True)
class Batch:
    """What one scope of one resource sent."""

    resource: dict[str, AnyValue]
    scope: str
    spans: list[Span]
    logs: list[LogRecord]
    refused: int = 0
    """Spans and log records that are not as the protocol says."""


class NotOtlp(ValueError):
    """The text is no OTLP JSON."""


_Kind = TypeVar("_Kind")
_DOCUMENT: Final = msgspec.json.Decoder(_Document)


def batches(text: bytes | bytearray | memoryview) -> list[Batch]:
    """Read one request.

    Nearly every line is as the protocol says, and is decoded in one go. One that isn't is read once more, span by span,
    so that one wrong field costs one span.

    Raises:
        NotOtlp: if it is no JSON, or not of OTLP.
    """
    try:
        return list(_read(_DOCUMENT.decode(text)))
    except (msgspec.DecodeError, RecursionError):
        return list(_read_leniently(bytes(text)))


def _read(document: _Document) -> Iterator[Batch]:
    if document.resourceSpans is None and document.resourceLogs is None and document.resourceMetrics is None:
        raise NotOtlp("no resourceSpans, resourceLogs or resourceMetrics")
    for spans in document.resourceSpans or ():
        resource = by_name(spans.resource and spans.resource.attributes)
        for each in spans.scopeSpans or ():
            yield Batch(resource, each.scope.name if each.scope else "", each.spans or [], [])
    for logs in document.resourceLogs or ():
        resource = by_name(logs.resource and logs.resource.attributes)
        for each in logs.scopeLogs or ():
            yield Batch(resource, each.scope.name if each.scope else "", [], each.logRecords or [])


def _read_leniently(text: bytes) -> Iterator[Batch]:
    try:
        document: object = json.loads(text.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise NotOtlp(f"no JSON: {str(error)[:200]}") from None
    if not isinstance(document, dict) or not {"resourceSpans", "resourceLogs", "resourceMetrics"} & document.keys():
        raise NotOtlp("no resourceSpans, resourceLogs or resourceMetrics")
    for outer, middle, inner, kind in (
        ("resourceSpans", "scopeSpans", "spans", Span),
        ("resourceLogs", "scopeLogs", "logRecords", LogRecord),
    ):
        for resource in _objects(cast("object", document), outer):
            owner = _converted(resource.get("resource"), Owner)
            for scope in _objects(resource, middle):
                name = _converted(scope.get("scope"), Owner)
                items: list[Any] = [_converted(item, kind) for item in _items(scope, inner)]
                whole = [item for item in items if item is not None]
                batch = Batch(by_name(owner and owner.attributes), name.name if name else "", [], [])
                batch.refused = len(items) - len(whole)
                (batch.spans if kind is Span else batch.logs).extend(whole)
                yield batch


def _items(owner: object, name: str) -> list[object]:
    value = cast("dict[str, object]", owner).get(name) if isinstance(owner, dict) else None
    return cast("list[object]", value) if isinstance(value, list) else []


def _objects(owner: object, name: str) -> Iterator[dict[str, object]]:
    for item in _items(owner, name):
        if isinstance(item, dict):
            yield cast("dict[str, object]", item)


def _converted(value: object, kind: type[_Kind]) -> _Kind | None:
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError):
        return None


def by_name(attributes: list[KeyValue] | None) -> dict[str, AnyValue]:
    """Attributes by their names, without those that say nothing."""
    return {item.key: item.value for item in attributes or () if item.value is not None}


def text_of(value: AnyValue | None) -> str | None:
    """A value as text, ``None`` where there is none. Of a list its first item."""
    if value is None:
        return None
    if value.stringValue is not None:
        return value.stringValue or None
    if value.arrayValue is not None:
        return text_of(value.arrayValue.values[0]) if value.arrayValue.values else None
    if value.boolValue is not None:
        return "true" if value.boolValue else "false"
    number = value.intValue if value.intValue is not None else value.doubleValue
    return None if number is None else str(number)


def number_of(value: AnyValue | None) -> float | None:
    """A value as a finite number, ``None`` where there is none."""
    if value is None:
        return None
    said = value.doubleValue
    if said is None:
        said = value.intValue if value.intValue is not None else value.stringValue
    if said is None:
        return None
    try:
        number = float(said)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def count_of(value: AnyValue | None) -> int | None:
    """A value as a number of things: zero or more, ``None`` where there is none."""
    if value is None:
        return None
    said = value.intValue
    if said is not None:
        try:
            count = int(said)
        except ValueError:
            return None
        return count if 0 <= count < _TOO_MANY else None
    number = number_of(value)
    return int(number) if number is not None and 0 <= number < _TOO_MANY else None


_TOO_MANY: Final = 2**63


def flag_of(value: AnyValue | None) -> bool | None:
    """A value as yes or no, ``None`` where there is none."""
    if value is None:
        return None
    if value.boolValue is not None:
        return value.boolValue
    return {"true": True, "false": False}.get((value.stringValue or "").lower())


def nanoseconds(value: int | str | None) -> int | None:
    """A moment, in nanoseconds since 1970; ``None`` where there is none from 2000 to 2262."""
    try:
        moment = int(value) if value is not None else 0
    except ValueError:
        return None
    return moment if _FIRST <= moment < _TOO_MANY else None


_FIRST: Final = 946_684_800_000_000_000
