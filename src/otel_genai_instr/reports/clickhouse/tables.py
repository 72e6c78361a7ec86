"""Reports on ClickHouse: the tables that the Collector's exporter makes, asked over HTTP. Nothing is created there."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, Final

import ibis
from clickhouse_connect.driver.exceptions import ClickHouseError
from ibis.expr.types import Table

from ..asked import Window
from ..columns import SCORES, SPANS, Column, Type
from ..exceptions import Unanswered
from ..tables import Tables, rows_of
from ..told_again import NEEDED, told_by_parents, uncounted
from .connection import Address, address_of, connected, let_answers_take_long, unanswered
from .engine import ClickHouse
from .queries import no_scores_query, quoted, scores_query, spans_query

_KEPT_TIMES: Final = 8
_NAMED: Final = 20_000
"""Calls that are named in a question one by one: a megabyte."""
_IBIS: Final = {
    Type.TEXT: "string",
    Type.COUNT: "int64",
    Type.NUMBER: "float64",
    Type.FLAG: "boolean",
    Type.MOMENT: "timestamp(6)",
}


class Database:
    """A ClickHouse that was asked once which tables it has. Reports ask it many times.

    Args:
        url: ``clickhouse://user@host:8123/otel``; ``clickhouses://``, or ``?secure=true``, for TLS. The password stands
            in it, or in the variable ``OTEL_GENAI_REPORTS_PASSWORD``.

    Raises:
        NotUnderstood: for a URL that can't be meant.
        Unanswered: if there is no ClickHouse, or none with the exporter's tables.
    """

    def __init__(self, url: str) -> None:
        address = address_of(url)
        client = connected(address)
        try:
            traces, logs = _columns(client, "otel_traces"), _columns(client, "otel_logs")
        except ClickHouseError as error:
            raise unanswered(address, error) from None
        _check(traces, address)
        let_answers_take_long(client)
        self._engine = ClickHouse.from_connection(client)
        self._has_logs = bool(logs)
        self._has_event_name = "EventName" in logs
        self.tables: Final = lru_cache(_KEPT_TIMES)(self._tables)
        """The tables of a time. Reports look back: it has to begin where the earliest of them does.

        What was worked out of a time, as which calls are told of twice, is known when it is asked for again.
        """

    def _tables(self, window: Window) -> Tables:
        engine = self._engine
        scores = (
            partial(scores_query, window, has_event_name=self._has_event_name) if self._has_logs else no_scores_query
        )
        return Tables(
            engine.as_table(partial(spans_query, window), _types(SPANS)),
            engine.as_table(scores, _types(SCORES)),
            partial(_uncounted, engine),
        )


def clickhouse_tables(url: str, window: Window) -> Tables:
    """The tables of one time: see :class:`Database`."""
    return Database(url).tables(window)


def _uncounted(engine: ClickHouse, calls: Table) -> Table:
    """Worked out here: ClickHouse would read the spans once for each time that the rule names them.

    Where there are many, what parents tell is found there all the same, so that few are left to name.
    """
    by_trace = calls.group_by("trace_id").aggregate(scopes=calls["scope"].nunique())
    told_of = by_trace.filter(by_trace["scopes"] > 1).select("trace_id")
    here = ibis.memtable(calls.semi_join(told_of, "trace_id").select(*NEEDED).to_pyarrow())
    told = uncounted(here)
    is_short = told.count().execute() <= _NAMED
    found = rows_of(told if is_short else told.anti_join(told_by_parents(here), ["trace_id", "span_id"]))
    if not found:
        return told_by_parents(calls)
    ids = ", ".join(f"({quoted(row['trace_id'])}, {quoted(row['span_id'])})" for row in found)
    known = engine.as_table(
        lambda columns: (
            f"SELECT {', '.join(columns)} FROM"
            f" (SELECT id.1 AS trace_id, id.2 AS span_id FROM (SELECT arrayJoin([{ids}]) AS id))"
        ),
        {"trace_id": "string", "span_id": "string"},
    )
    return known if is_short else told_by_parents(calls).union(known)


def _columns(client: Any, table: str) -> dict[str, str]:
    """The types of a table's columns; empty if there is no such table."""
    if client.query(f"EXISTS TABLE {table}").result_rows[0][0] != 1:
        return {}
    return {row[0]: row[1] for row in client.query(f"DESCRIBE TABLE {table}").result_rows}


def _check(traces: dict[str, str], address: Address) -> None:
    if not traces:
        raise Unanswered(
            f"{address.name} has no table otel_traces: the Collector's clickhouse exporter makes it; "
            "is it in another database?"
        )
    if not traces.get("SpanAttributes", "").startswith("Map("):
        raise Unanswered(
            f"{address.name}: SpanAttributes of otel_traces is no map; tables that the exporter made with "
            "`json: true` can't be read"
        )


def _types(columns: tuple[Column, ...]) -> dict[str, str]:
    return {column.name: _IBIS[column.type] for column in columns}
