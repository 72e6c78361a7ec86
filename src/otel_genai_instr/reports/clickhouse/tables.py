"""Reports on ClickHouse: the tables that the Collector's exporter makes, asked over HTTP. Nothing is created there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import clickhouse_connect
import ibis
from clickhouse_connect.driver.exceptions import ClickHouseError
from ibis.expr.types import Table

from ...file_settings import reports_password
from ..asked import Window
from ..columns import SCORES, SPANS, Column, Type
from ..exceptions import NotUnderstood, Unanswered
from ..tables import Tables, rows_of
from ..told_again import NEEDED, uncounted, without_parents
from .engine import SETTINGS, ClickHouse, first_line
from .queries import no_scores_query, quoted, scores_query, spans_query

_SCHEMES: Final = {"clickhouse": False, "clickhouses": True}
_PORTS: Final = {False: 8123, True: 8443}
_CONNECT_SECONDS: Final = 10
_ANSWER_SECONDS: Final = 600
_IBIS: Final = {
    Type.TEXT: "string",
    Type.COUNT: "int64",
    Type.NUMBER: "float64",
    Type.FLAG: "boolean",
    Type.MOMENT: "timestamp(6)",
}


@dataclass(frozen=True)
class _Address:
    host: str
    port: int
    database: str
    user: str
    password: str
    is_secure: bool


def clickhouse_tables(url: str, window: Window) -> Tables:
    """The tables of a time. Reports look back: the time has to begin where the earliest of them does.

    Args:
        url: ``clickhouse://user@host:8123/otel``; ``clickhouses://``, or ``?secure=true``, for TLS. The password stands
            in it, or in the variable ``OTEL_GENAI_REPORTS_PASSWORD``.
        window: The time that is read; ClickHouse leaves out the days around it.

    Raises:
        NotUnderstood: for a URL that can't be meant.
        Unanswered: if there is no ClickHouse, or none with the exporter's tables.
    """
    address = _address(url)
    try:
        client = clickhouse_connect.get_client(
            host=address.host,
            port=address.port,
            username=address.user,
            password=address.password,
            database=address.database,
            secure=address.is_secure,
            settings=dict(SETTINGS),
            query_limit=0,
            connect_timeout=_CONNECT_SECONDS,
            send_receive_timeout=_ANSWER_SECONDS,
            autogenerate_session_id=False,
        )
        traces, logs = _columns(client, "otel_traces"), _columns(client, "otel_logs")
    except ClickHouseError as error:
        raise Unanswered(f"{_named(address)}: {first_line(error)}") from error
    _check(traces, address)
    engine = ClickHouse.from_connection(client)
    scores = partial(scores_query, window, has_event_name="EventName" in logs) if logs else no_scores_query
    return Tables(
        engine.as_table(partial(spans_query, window), _types(SPANS)),
        engine.as_table(scores, _types(SCORES)),
        partial(_told_again, engine),
    )


def _told_again(engine: ClickHouse, calls: Table) -> Table:
    """Worked out here: ClickHouse would read the spans once for each time that the rule names them.

    Calls that hold others are found there, so there are few left to name.
    """
    by_trace = calls.group_by("trace_id").aggregate(scopes=calls["scope"].nunique())
    told_of = by_trace.filter(by_trace["scopes"] > 1).select("trace_id")
    here = ibis.memtable(calls.semi_join(told_of, "trace_id").select(*NEEDED).to_pyarrow())
    found = rows_of(uncounted(here).anti_join(_parents(here), ["trace_id", "span_id"]))
    ids = ", ".join(f"({quoted(row['trace_id'])}, {quoted(row['span_id'])})" for row in found)
    known = f"SELECT id.1 AS trace_id, id.2 AS span_id FROM (SELECT arrayJoin([{ids}]) AS id)"
    nothing = "SELECT '' AS trace_id, '' AS span_id"
    return engine.as_table(
        lambda columns: f"SELECT {', '.join(columns)} FROM ({known if ids else nothing})",
        {"trace_id": "string", "span_id": "string"},
    )


def _parents(calls: Table) -> Table:
    return calls.anti_join(without_parents(calls), ["trace_id", "span_id"]).select("trace_id", "span_id")


def _columns(client: Any, table: str) -> dict[str, str]:
    """The types of a table's columns; empty if there is no such table."""
    if client.query(f"EXISTS TABLE {table}").result_rows[0][0] != 1:
        return {}
    return {row[0]: row[1] for row in client.query(f"DESCRIBE TABLE {table}").result_rows}


def _check(traces: dict[str, str], address: _Address) -> None:
    if not traces:
        raise Unanswered(
            f"{_named(address)} has no table otel_traces: the Collector's clickhouse exporter makes it; "
            "is it in another database?"
        )
    if not traces.get("SpanAttributes", "").startswith("Map("):
        raise Unanswered(
            f"{_named(address)}: SpanAttributes of otel_traces is no map; tables that the exporter made with "
            "`json: true` can't be read"
        )


def _types(columns: tuple[Column, ...]) -> dict[str, str]:
    return {column.name: _IBIS[column.type] for column in columns}


def _named(address: _Address) -> str:
    return f"ClickHouse at {address.host}:{address.port}/{address.database}"


def _address(url: str) -> _Address:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise NotUnderstood(f"{without_password(url)}: the port is no number from 1 to 65535") from None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise NotUnderstood(
            f"{without_password(url)} names no ClickHouse; such as clickhouse://otel@localhost:8123/otel"
        )
    is_secure = _SCHEMES[parts.scheme]
    for name, said in parse_qs(parts.query, keep_blank_values=True).items():
        if name != "secure" or said[-1].lower() not in ("true", "false"):
            raise NotUnderstood(f"{without_password(url)}: ?{name}={said[-1]} is not allowed; secure=true, or nothing")
        is_secure = said[-1].lower() == "true"
    return _Address(
        host=parts.hostname,
        port=port or _PORTS[is_secure],
        database=unquote(parts.path.strip("/")) or "otel",
        user=unquote(parts.username or "default"),
        password=unquote(parts.password) if parts.password else reports_password(),
        is_secure=is_secure,
    )


def without_password(url: str) -> str:
    """The URL, as it may be shown."""
    scheme, _, rest = url.rpartition("://")
    user, at, place = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}{at}{place}"
