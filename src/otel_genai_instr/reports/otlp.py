"""OTLP JSON as it lies in files: one request for each line. What it says, in the protocol's words, and nothing else.

The fields are those of the protocol (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding); a field that
nobody asks for is skipped by the decoder. Numbers of 64 bits are text there, and plain numbers with some writers.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any, Final, TypeVar, cast

import msgspec

from .columns import TOO_LARGE, TOO_MANY


class AnyValue(msgspec.Struct, gc=False):
    """The value of an attribute: one of the fields is set."""

    stringValue: str | None = None  # noqa: N815 - the protocol's name, here and below
    intValue: int | float | str | None = None  # noqa: N815
    doubleValue: float | str | None = None  # noqa: N815
    boolValue: bool | None = None  # noqa: N815
    arrayValue: ArrayValue | None = None  # noqa: N815


class ArrayValue(msgspec.Struct, gc=False):
    """A list of values."""

    values: list[AnyValue] | None = None


class KeyValue(msgspec.Struct, gc=False):
    """An attribute."""

    key: str | None = None
    value: AnyValue | None = None


class Owner(msgspec.Struct, gc=False):
    """A resource or a scope."""

    name: str | None = None
    attributes: list[KeyValue] | None = None


class Status(msgspec.Struct, gc=False):
    """How a span ended."""

    code: int | float | str | None = None


class Span(msgspec.Struct, gc=False):
    """A span."""

    traceId: str  # noqa: N815
    spanId: str  # noqa: N815
    parentSpanId: str | None = None  # noqa: N815
    name: str | None = None
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
    why: str = ""
    """What is wrong with the first of them."""


class NotOtlp(ValueError):
    """The text is no OTLP JSON."""


@dataclass(slots=True)
class _Lost:
    """Spans and log records that are none."""

    number: int = 0
    why: str = ""
    """Of the first one."""

    def add(self, why: str) -> None:
        self.number += 1
        self.why = self.why or why[:200]


class _Unusual(Exception):
    """The request says nothing where it has to; or it does, in words that aren't the protocol's."""


_Kind = TypeVar("_Kind")
_DOCUMENT: Final = msgspec.json.Decoder(_Document)
_BEGINNING: Final = re.compile(rb'\{\s*"resource(?:Spans|Logs|Metrics)"\s*:')
"""Where a request begins. Nothing else says it, not even what was said in a call: quotes in a text are escaped."""
_MOST_REQUESTS: Final = 1000
"""That are looked for in one line."""
_LONGEST_DAMAGED: Final = 16 * 1024 * 1024
"""Bytes of a line that isn't as the protocol says: to read such a one takes fifty times its size."""


def batches(text: bytes | bytearray | memoryview) -> list[Batch]:
    """Read one request.

    Nearly every line is as the protocol says, and is decoded in one go. One that isn't is read once more, span by span,
    so that one wrong field costs one span.

    Raises:
        NotOtlp: if it is no JSON, or not of OTLP.
    """
    try:
        return list(_read(_DOCUMENT.decode(text)))
    except (msgspec.DecodeError, RecursionError, _Unusual) as error:
        if len(text) > _LONGEST_DAMAGED:
            raise NotOtlp(f"is damaged ({str(error)[:200]}), and too long to be read span by span") from None
        return list(_read_leniently(bytes(text)))


def requests_in(line: bytes) -> list[bytes]:
    """Cut a line that is no request where requests begin.

    A writer that was ended leaves a request without the end of its line, or half of one; the next one writes on there.
    """
    beginnings = [found.start() for found in islice(_BEGINNING.finditer(line), _MOST_REQUESTS)]
    cuts = sorted({0, *beginnings, len(line)})
    return [line[start:end] for start, end in pairwise(cuts)]


def _read(document: _Document) -> Iterator[Batch]:
    if document.resourceSpans is None and document.resourceLogs is None and document.resourceMetrics is None:
        raise NotOtlp("no resourceSpans, resourceLogs or resourceMetrics")
    for spans in document.resourceSpans or ():
        resource = by_name(spans.resource and spans.resource.attributes)
        if spans.scopeSpans is None:
            raise _Unusual
        for each in spans.scopeSpans:
            if each.spans is None:
                raise _Unusual
            yield Batch(resource, _name(each.scope), each.spans, [])
    for logs in document.resourceLogs or ():
        resource = by_name(logs.resource and logs.resource.attributes)
        if logs.scopeLogs is None:
            raise _Unusual
        for each in logs.scopeLogs:
            if each.logRecords is None:
                raise _Unusual
            yield Batch(resource, _name(each.scope), [], each.logRecords)


def _name(scope: Owner | None) -> str:
    return (scope.name or "") if scope else ""


def _read_leniently(text: bytes) -> Iterator[Batch]:
    try:
        document: object = json.loads(text.decode("utf-8-sig", "replace"), parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise NotOtlp(f"no JSON: {str(error)[:200]}") from None
    if not isinstance(document, dict) or not {"resourceSpans", "resourceLogs", "resourceMetrics"} & document.keys():
        raise NotOtlp("no resourceSpans, resourceLogs or resourceMetrics")
    lost = _Lost()
    for outer, middle, inner, kind in (
        ("resourceSpans", "scopeSpans", "spans", Span),
        ("resourceLogs", "scopeLogs", "logRecords", LogRecord),
    ):
        for resource in _objects(cast("object", document), outer, lost):
            owner = _converted(resource.get("resource"), Owner, _Lost())
            for scope in _objects(resource, middle, lost):
                name = _name(_converted(scope.get("scope"), Owner, _Lost()))
                items = (_converted(item, kind, lost) for item in _objects(scope, inner, lost))
                whole: list[Any] = [item for item in items if item is not None]
                batch = Batch(by_name(owner and owner.attributes), name, [], [])
                (batch.spans if kind is Span else batch.logs).extend(whole)
                yield batch
    if lost.number:
        yield Batch({}, "", [], [], lost.number, lost.why)


def _integer(digits: str) -> int | float:
    """A whole number; one that is far longer than any the protocol has is none."""
    return int(digits) if len(digits) <= _MOST_DIGITS else math.nan


_MOST_DIGITS: Final = 40


def _objects(owner: object, name: str, lost: _Lost) -> Iterator[dict[str, object]]:
    """Yield what a list holds; what is no object, or stands there by another name, is lost."""
    said = cast("dict[str, object]", owner)
    value = said.get(name)
    if isinstance(value, list):
        for item in cast("list[object]", value):
            if isinstance(item, dict):
                yield cast("dict[str, object]", item)
            else:
                lost.add(f"{name} has something that is no object")
    elif value is not None:
        lost.add(f"{name} is no list")
    elif others := [key for key, other in said.items() if isinstance(other, list) and not key.startswith("resource")]:
        lost.add(f"no {name}, but {others[0][:80]}")


def _converted(value: object, kind: type[_Kind], lost: _Lost) -> _Kind | None:
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        lost.add(str(error))
        return None


def by_name(attributes: list[KeyValue] | None) -> dict[str, AnyValue]:
    """Attributes by their names, without those that say nothing."""
    return {item.key: item.value for item in attributes or () if item.value is not None and item.key is not None}


def text_of(value: AnyValue | None) -> str | None:
    """A value as text, ``None`` where there is none. Of a list its first item."""
    if value is None:
        return None
    while value.arrayValue is not None and value.stringValue is None:
        items = value.arrayValue.values
        if not items:
            return None
        value = items[0]
    if value.stringValue is not None:
        return value.stringValue or None
    if value.boolValue is not None:
        return "true" if value.boolValue else "false"
    number = value.intValue if value.intValue is not None else value.doubleValue
    return None if number is None else str(number)


def number_of(value: AnyValue | None) -> float | None:
    """A value as a number, ``None`` where there is none that a sum can take."""
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
    return number if -TOO_LARGE < number < TOO_LARGE else None  # NaN is neither


def count_of(value: AnyValue | None) -> int | None:
    """A value as a number of things: zero or more, ``None`` where there is none."""
    if value is None:
        return None
    said = value.intValue
    if said is not None:
        try:
            count = int(said)
        except (ValueError, OverflowError):
            return None
        return count if 0 <= count < TOO_MANY else None
    number = number_of(value)
    return int(number) if number is not None and 0 <= number < TOO_MANY else None


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
    except (TypeError, ValueError, OverflowError):  # whole traces are read from JSON that nobody has checked
        return None
    return moment if _FIRST <= moment < _END else None


_FIRST, _END = 946_684_800_000_000_000, 2**63
