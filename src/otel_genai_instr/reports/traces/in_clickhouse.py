"""Traces in ClickHouse: cells from the view that reports read, and all else from the exporter's own table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from ..asked import Window
from ..clickhouse.engine import ClickHouse
from ..clickhouse.queries import quoted
from ..exceptions import NotFound
from ..tables import Tables, rows_of
from .in_files import ids_in_table
from .trace import SpanEvent, Trace, TraceSpan, Wanted, scores_of, skeleton, typed

_MOST_SPANS: Final = 20_000
_SAID: Final = (
    "TraceId, SpanId, toUnixTimestamp64Nano(Timestamp), Duration, SpanAttributes, StatusMessage,"
    " Events.Name, arrayMap(moment -> toUnixTimestamp64Nano(moment), Events.Timestamp), Events.Attributes"
)


class TracesInClickHouse:
    """The tables of the Collector's ``clickhouse`` exporter.

    Args:
        tables: the tables of a time, which have to reach no further.
        name: of the place, for people.
    """

    def __init__(self, tables: Callable[[Window], Tables], name: str) -> None:
        self._tables = tables
        self._name = name

    def read(self, trace_id: str) -> Trace:
        """Read a trace.

        Raises:
            NotFound: if there is none.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        engine = _engine(self._tables(Window(now - timedelta(hours=1), now)))
        found = engine.ask(
            f"SELECT min(Timestamp), max(Timestamp), count() FROM otel_traces WHERE TraceId = {quoted(trace_id)}"
        ).result_rows[0]
        if not found[2]:
            raise NotFound(f"{self._name} has no trace {trace_id}")
        first, last = (moment.replace(tzinfo=None) for moment in found[:2])
        tables = self._tables(Window(first - timedelta(seconds=1), last + timedelta(seconds=1)))
        of_trace = tables.spans.filter(tables.spans["trace_id"] == trace_id)
        rows = rows_of(of_trace.order_by("started_at").limit(_MOST_SPANS + 1))
        since = self._tables(Window(first - timedelta(seconds=1), now))  # people say what they think later
        trace = Trace(trace_id, self.spans(rows[:_MOST_SPANS]), scores=scores_of(since, [trace_id]))
        if len(rows) > _MOST_SPANS:
            trace.notes.append(f"the trace has more than {_MOST_SPANS:,} spans; these are the first ones")
        return trace

    def find(self, wanted: Wanted, most: int) -> list[str]:
        """Find traces, and return the ids of the newest ones, the newest first."""
        return ids_in_table(self._tables(wanted.window), wanted, most)

    def spans(self, rows: Sequence[Mapping[str, Any]]) -> list[TraceSpan]:
        """The whole spans that rows tell of."""
        if not rows:
            return []
        moments = [row["started_at"].replace(tzinfo=None) for row in rows]
        first, last = min(moments) - timedelta(seconds=1), max(moments) + timedelta(seconds=1)
        traces, spans = (
            ", ".join(quoted(identity) for identity in dict.fromkeys(row[name] for row in rows))
            for name in ("trace_id", "span_id")
        )
        said = _engine(self._tables(Window(first, last))).ask(
            f"SELECT {_SAID} FROM otel_traces WHERE TraceId IN ({traces}) AND SpanId IN ({spans})"
            f" AND Timestamp BETWEEN {_moment(first)} AND {_moment(last)} LIMIT 1 BY TraceId, SpanId"
        )
        known = {(trace_id, span_id): rest for trace_id, span_id, *rest in said.result_rows}
        return [_whole(row, known.get((row["trace_id"], row["span_id"]))) for row in rows]


def _whole(row: Mapping[str, Any], said: Sequence[Any] | None) -> TraceSpan:
    span = skeleton(row)
    if said is None:
        return span
    start, duration, attributes, span.status_message, event_names, moments, event_attributes = said
    span.start_ns, span.end_ns = start, start + duration
    span.attributes = typed(attributes)
    span.events = [
        SpanEvent(name, moment, dict(said_of))
        for name, moment, said_of in zip(event_names, moments, event_attributes, strict=True)
    ]
    span.is_whole = True
    return span


def _engine(tables: Tables) -> ClickHouse:
    """Which the tables are asked of."""
    return cast("ClickHouse", tables.spans.get_backend())


def _moment(moment: datetime) -> str:
    return f"toDateTime64({quoted(moment.isoformat(sep=' '))}, 9, 'UTC')"
