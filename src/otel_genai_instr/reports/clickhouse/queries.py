"""The tables of the Collector's ``clickhouse`` exporter as the tables of reports: queries, which need no view.

What :mod:`..rows` does to a span of a file is done here in SQL, from the same columns and the same words: the maps of
text become typed cells, and NULL where nothing is said. Knows no connection.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Final

from ...pricing import Unpriced
from ...semconv import attributes as names
from ...semconv import elsewhere, events
from ...semconv import values as words
from ..asked import Window
from ..columns import CHARGES, NOT_RECORDED, SCORE_IDENTITY, SCORES, SPANS, TOO_LARGE, TOO_MANY, Column, Type
from ..kinds import CALL, FOREIGN, OPERATIONS, PROVIDERS, STEP
from ..rows import MOST_TEXT

_TYPES: Final = {
    Type.TEXT: "String",
    Type.COUNT: "Int64",
    Type.NUMBER: "Float64",
    Type.FLAG: "Bool",
    Type.MOMENT: "DateTime64(6, 'UTC')",
}
_NO_COUNT: Final = "CAST(NULL AS Nullable(Int64))"
_NEEDED: Final = frozenset({"operation", "input_tokens", "output_tokens", "cost"})
"""What kinds, currencies and reasons are worked out from."""
_OF_ALL_SPANS: Final = frozenset({"error", "http_status"})
"""What is also read from spans that are neither of a model nor around one."""


def spans_query(window: Window, asked: Collection[str]) -> str:
    """Each span of a time once: an exporter sends again what may not have arrived.

    The time is asked for here, where it leaves out whole partitions: a condition on what this query answers comes after
    ``LIMIT 1 BY``, which has then read everything.

    It has three levels, said → kind → cells, that name each other's columns in full: where a name may also be that of
    an expression beside it, ClickHouse writes out what it stands for, and takes longer to understand the query.

    Args:
        window: When they began.
        asked: Names of columns.
    """
    said = {column.name: _said(column) for column in SPANS if column.name in {*asked, *_NEEDED} - {"kind"}}
    where = " AND ".join((*_within(window), "TraceId != ''", "SpanId != ''"))
    spans = f"SELECT {_named(said)} FROM otel_traces WHERE {where} LIMIT 1 BY TraceId, SpanId"
    cells = {column.name: _cell(column) for column in SPANS if column.name in asked}
    return f"SELECT {_named(cells) or '1'} FROM (SELECT *, {_kind()} AS kind FROM ({spans}) AS said) AS spans"


def scores_query(window: Window, asked: Collection[str], *, has_event_name: bool) -> str:
    """The evaluations of a time, each once: an exporter sends again what may not have arrived.

    Args:
        window: When they were made.
        asked: Names of columns.
        has_event_name: Whether the table has the column ``EventName``. Those of older exporters have an attribute.
    """
    name = "EventName" if has_event_name else "LogAttributes['event.name']"
    computed = {
        "trace_id": "nullIf(TraceId, '')",
        "span_id": "nullIf(SpanId, '')",
        "at": "toDateTime64(Timestamp, 6, 'UTC')",
        "row_id": _NO_COUNT,
    }
    all_cells = {column.name: computed.get(column.name) or _chain("LogAttributes", column) for column in SCORES}
    cells = {name: cell for name, cell in all_cells.items() if name in asked}
    where = " AND ".join((*_within(window), f"{name} = {quoted(events.EVALUATION_RESULT)}"))
    identity = ", ".join(all_cells[name] for name in SCORE_IDENTITY)
    return f"SELECT {_named(cells) or '1'} FROM otel_logs WHERE {where} LIMIT 1 BY {identity}"


def no_scores_query(asked: Collection[str]) -> str:
    """No evaluation: where no log was ever exported, there is no table of them."""
    cells = {column.name: f"CAST(NULL AS Nullable({_TYPES[column.type]}))" for column in SCORES if column.name in asked}
    return f"SELECT {_named(cells) or '1'} FROM system.one WHERE false"


def quoted(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _named(cells: Mapping[str, str]) -> str:
    return ", ".join(f"{cell} AS {name}" for name, cell in cells.items())


def _within(window: Window) -> tuple[str, str]:
    start, end = (f"toDateTime64('{moment:%Y-%m-%d %H:%M:%S.%f}', 9, 'UTC')" for moment in (window.start, window.end))
    return f"Timestamp >= {start}", f"Timestamp < {end}"


_COMPUTED: Final = {
    "trace_id": "TraceId",
    "span_id": "SpanId",
    "parent_id": "nullIf(ParentSpanId, '')",
    "name": f"leftUTF8(SpanName, {MOST_TEXT})",
    "scope": f"leftUTF8(ScopeName, {MOST_TEXT})",
    "service": "nullIf(ServiceName, '')",
    "environment": (
        "coalesce(nullIf(ResourceAttributes['deployment.environment.name'], ''), "
        "nullIf(ResourceAttributes['deployment.environment'], ''))"
    ),
    "started_at": "toDateTime64(Timestamp, 6, 'UTC')",
    # Of an unsigned number; an end before the start has its highest bit.
    "duration_ms": "if(toInt64(Duration) >= 0, Duration / 1e6, NULL)",
    "failed": "CAST(StatusCode IN ('Error', 'STATUS_CODE_ERROR') AS Bool)",
    "row_id": _NO_COUNT,
    "line_at": _NO_COUNT,
}


def _said(column: Column) -> str:
    """What the span itself says."""
    if column.name == "operation":
        return _operation()
    return _COMPUTED.get(column.name) or _chain("SpanAttributes", column)


def _cell(column: Column) -> str:
    """What follows from all that the span says."""
    name = column.name
    cell = f"spans.{name}"
    if name in _COMPUTED or name in ("kind", "operation", *_OF_ALL_SPANS):
        return cell
    if name == "provider":
        cell = _translated(f"lower({cell})", PROVIDERS)
    elif name == "currency":
        cell = f"if(spans.cost IS NULL, {cell}, coalesce({cell}, 'USD'))"
    elif name == "unpriced_reason":
        is_used = "spans.input_tokens IS NOT NULL OR spans.output_tokens IS NOT NULL"
        reason = f"if({is_used}, '{NOT_RECORDED}', '{Unpriced.NO_USAGE}')"
        cell = f"if(spans.kind = '{CALL}' AND spans.cost IS NULL, coalesce({cell}, {reason}), {cell})"
    if name in CHARGES:
        return f"if(spans.kind = '{CALL}', {cell}, NULL)"
    return f"if(spans.kind IS NULL, NULL, {cell})"


def _operation() -> str:
    """See :func:`.kinds.operation_of`."""
    said = [_of_span(names.OPERATION_NAME)]
    for name, translations in FOREIGN:
        foreign = _attribute("SpanAttributes", name)
        said.append(f"nullIf({_translated(foreign, translations, f'lower({foreign})')}, '')")
    oldest = " AND ".join(
        f"mapContains(SpanAttributes, {quoted(name)})" for name in (elsewhere.SYSTEM, names.REQUEST_MODEL)
    )
    return f"coalesce({', '.join(said)}, if({oldest}, '{words.CHAT}', NULL))"


def _kind() -> str:
    """See :func:`.kinds.kind_of`."""
    charged = f"if(said.input_tokens IS NULL AND said.cost IS NULL, '{STEP}', '{CALL}')"
    kind = _translated("ifNull(said.operation, '')", OPERATIONS, charged)
    return f"if(said.operation IS NULL, NULL, {kind})"


def _translated(cell: str, translations: Mapping[str, str], other: str | None = None) -> str:
    said, meant = (", ".join(map(quoted, each)) for each in (translations.keys(), translations.values()))
    return f"transform({cell}, [{said}], [{meant}], {other or cell})"


def _of_span(name: str) -> str:
    return f"nullIf({_attribute('SpanAttributes', name)}, '')"


def _chain(attributes: str, column: Column) -> str:
    """The first of the attributes that says something, in the column's type and unit."""
    convert = partial(_number, column) if column.type is Type.NUMBER else _READ[column.type]
    read = [convert(_attribute(attributes, name)) for name in column.attributes]
    if column.name == "finish_reason":  # of a list its first item: here a list is JSON
        read = [_first_item(_attribute(attributes, name)) for name in column.attributes]
    cell = read[0] if len(read) == 1 else f"coalesce({', '.join(read)})"
    if column.type is Type.TEXT:
        return f"leftUTF8({cell}, {MOST_TEXT})"
    return cell if column.factor == 1 else f"{cell} * {column.factor!r}"


def _attribute(attributes: str, name: str) -> str:
    return f"{attributes}[{quoted(name)}]"


def _first_item(said: str) -> str:
    return f"nullIf(if(startsWith({said}, '['), JSONExtractString({said}, 1), {said}), '')"


def _number(column: Column, said: str) -> str:
    number = f"toFloat64OrNull({said})"
    return f"if({number} >= {column.least!r} AND {number} < {TOO_LARGE!r}, {number}, NULL)"


def _count(said: str) -> str:
    return f"if(toUInt64OrNull({said}) < {TOO_MANY}, toInt64OrNull({said}), NULL)"


def _text(said: str) -> str:
    return f"nullIf({said}, '')"


def _flag(said: str) -> str:
    return f"multiIf(lower({said}) = 'true', true, lower({said}) = 'false', false, NULL)"


_READ: Final = {Type.TEXT: _text, Type.COUNT: _count, Type.FLAG: _flag}
"""How each type is read from text; NULL where it says none."""
