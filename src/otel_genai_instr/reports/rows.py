"""From a span or an event to a row of the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ..model import Usage
from ..pricing import Cost, Pricer
from ..semconv import attributes as names
from ..semconv import events, own
from .columns import CHARGES, SCORES, SPANS, Column, Type
from .kinds import CALL, kind_of, operation_of, provider_of
from .otlp import AnyValue, LogRecord, Span, Status, by_name, count_of, flag_of, nanoseconds, number_of, text_of
from .prices import cost_of

Row = list[Any]
"""Cells in the order of the columns; ``None`` for what nobody said."""
_Attributes = Mapping[str, AnyValue]

MOST_TEXT: Final = 512
"""Characters of a cell: all of them are names."""
_MICRO, _MILLI = 1_000, 1_000_000
_FAILED: Final = (2, "2", "STATUS_CODE_ERROR")


class Refused(ValueError):
    """A span or an event that no row can be made of; says why."""


def _reader(column: Column) -> Callable[[_Attributes], Any]:
    converters: dict[Type, Callable[[AnyValue], Any]] = {
        Type.TEXT: _short,
        Type.COUNT: count_of,
        Type.FLAG: flag_of,
    }
    convert = _bounded(column) if column.type is Type.NUMBER else converters[column.type]
    sources = column.attributes

    def read(attributes: _Attributes) -> Any:
        for name in sources:
            if name in attributes:
                value = convert(attributes[name])
                if value is not None:
                    return value
        return None

    return read


def _bounded(column: Column) -> Callable[[AnyValue], float | None]:
    factor, least = column.factor, column.least

    def read(value: AnyValue) -> float | None:
        number = number_of(value)
        return number * factor if number is not None and number >= least else None

    return read


def _short(value: AnyValue) -> str | None:
    text = text_of(value)
    return text if text is None or len(text) <= MOST_TEXT else text[:MOST_TEXT]


def _readers(columns: tuple[Column, ...]) -> tuple[tuple[int, Callable[[_Attributes], Any]], ...]:
    return tuple((place, _reader(column)) for place, column in enumerate(columns) if column.attributes)


_SPAN_READERS: Final = _readers(SPANS)
_SCORE_READERS: Final = _readers(SCORES)
_AT: Final = {column.name: place for place, column in enumerate(SPANS)}
_SCORE_AT: Final = {column.name: place for place, column in enumerate(SCORES)}
_KIND, _OPERATION, _PROVIDER, _MODEL = _AT["kind"], _AT["operation"], _AT["provider"], _AT["model"]
_INPUT, _OUTPUT, _READ, _WRITE = (
    *(_AT["input_tokens"], _AT["output_tokens"]),
    *(_AT["cache_read_tokens"], _AT["cache_write_tokens"]),
)
_COST, _CURRENCY, _SOURCE, _REASON = _AT["cost"], _AT["currency"], _AT["cost_source"], _AT["unpriced_reason"]
_PARTS: Final = {
    "input": _AT["cost_input"],
    "cache_read": _AT["cost_cache_read"],
    "cache_write": _AT["cost_cache_write"],
    "output": _AT["cost_output"],
    "other": _AT["cost_other"],
}
_CHARGES: Final = tuple(_AT[name] for name in CHARGES)
_TRACE_DIGITS, _SPAN_DIGITS = 32, 16
_HEXADECIMAL: Final = frozenset("0123456789abcdef")
_OTHERS: Final = (None,) * len(SPANS)


class SpanRows:
    """Makes rows of spans; prices those calls that come without a cost and without a reason for it."""

    def __init__(self, pricer: Pricer) -> None:
        self._pricer = pricer

    def row(self, span: Span, scope: str, service: str | None, environment: str | None) -> Row:
        """Make the row of a span, but for its last two cells, which say where it lies.

        Raises:
            Refused: for a span without identity or time.
        """
        trace, own_id = span.traceId.lower(), span.spanId.lower()
        if not (_is_id(trace, _TRACE_DIGITS) and _is_id(own_id, _SPAN_DIGITS)):
            raise Refused("no trace id and span id of 32 and 16 hexadecimal digits")
        end = nanoseconds(span.endTimeUnixNano)
        began = nanoseconds(span.startTimeUnixNano)
        start = began or end
        if start is None:
            raise Refused("no time")
        attributes = by_name(span.attributes)
        operation = operation_of(attributes)
        row: Row = list(_OTHERS)
        if operation is not None:
            for place, read in _SPAN_READERS:
                row[place] = read(attributes)
            self._complete_call(row, operation, attributes, start)
        else:
            row[_AT["error"]] = _short_or_none(attributes.get(names.ERROR_TYPE))
            row[_AT["http_status"]] = count_of(attributes.get(names.HTTP_RESPONSE_STATUS_CODE))
        row[0], row[1] = trace, own_id
        row[2] = _id_or_none(span.parentSpanId, _SPAN_DIGITS)
        row[3], row[4], row[5], row[6] = (span.name or "")[:MOST_TEXT], scope[:MOST_TEXT], service, environment
        row[_AT["started_at"]] = start // _MICRO
        if began is not None and end is not None and end >= began:
            row[_AT["duration_ms"]] = (end - began) / _MILLI
        row[_AT["failed"]] = _is_failed(span.status)
        return row

    def _complete_call(self, row: Row, operation: str, attributes: _Attributes, start: int) -> None:
        """What is worked out of several attributes."""
        row[_OPERATION] = operation[:MOST_TEXT]
        row[_PROVIDER] = provider_of(row[_PROVIDER])
        kind = row[_KIND] = kind_of(operation, is_charged=row[_INPUT] is not None or row[_COST] is not None)
        if kind != CALL:
            for place in _CHARGES:
                row[place] = None
        elif row[_COST] is not None:
            row[_CURRENCY] = row[_CURRENCY] or "USD"
        elif row[_REASON] is None:
            self._price(row, attributes, start)

    def _price(self, row: Row, attributes: _Attributes, start: int) -> None:
        usage = Usage(
            input_tokens=row[_INPUT],
            output_tokens=row[_OUTPUT],
            cache_read_tokens=row[_READ],
            cache_write_tokens=row[_WRITE],
        )
        cost = cost_of(
            self._pricer,
            usage,
            provider=row[_PROVIDER],
            address=text_of(attributes.get(names.SERVER_ADDRESS)),
            request_model=row[_MODEL],
            response_model=row[_AT["answered_model"]],
            service_tier=row[_AT["service_tier"]],
            region=text_of(attributes.get(own.RESPONSE_REGION)),
            at=start / 1e9,
        )
        if not isinstance(cost, Cost):
            row[_REASON] = cost.value
            return
        row[_COST], row[_CURRENCY], row[_SOURCE] = cost.amount, cost.currency, "report"
        for part, place in _PARTS.items():
            row[place] = getattr(cost, part)


def score_row(record: LogRecord) -> Row | None:
    """Make the row of an evaluation, but for its last cell; ``None`` for any other event.

    Raises:
        Refused: for one without a time.
    """
    if record.eventName != events.EVALUATION_RESULT:
        return None
    moment = nanoseconds(record.timeUnixNano) or nanoseconds(record.observedTimeUnixNano)
    if moment is None:
        raise Refused("no time")
    attributes = by_name(record.attributes)
    row: Row = [None] * len(SCORES)
    for place, read in _SCORE_READERS:
        row[place] = read(attributes)
    row[0] = _id_or_none(record.traceId, _TRACE_DIGITS)
    row[1] = _id_or_none(record.spanId, _SPAN_DIGITS)
    row[_SCORE_AT["at"]] = moment // _MICRO
    return row


def _short_or_none(value: AnyValue | None) -> str | None:
    return None if value is None else _short(value)


def _id_or_none(said: str | None, digits: int) -> str | None:
    small = said.lower() if said else ""
    return small if _is_id(small, digits) else None


def _is_id(text: str, digits: int) -> bool:
    return len(text) == digits and _HEXADECIMAL.issuperset(text) and text.strip("0") != ""


def _is_failed(status: Status | None) -> bool:
    return status is not None and status.code in _FAILED
