"""Where whole traces are read from: Jaeger and Tempo by their URLs, or what reports read from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from opentelemetry.util.re import parse_env_headers

from ..file_settings import reports_from, reports_headers
from .pricers import pricer_from
from .problems import Problem
from .sources import Opened, open_source, require

if TYPE_CHECKING:
    from ..reports.debugging.history import History
    from ..reports.rows import SpanRows
    from ..reports.traces.in_clickhouse import TracesInClickHouse
    from ..reports.traces.in_files import TracesInFiles
    from ..reports.traces.over_http import Server
    from ..reports.traces.trace import TraceSource

_PLAIN: Final = ("http", "https")


@dataclass(frozen=True)
class Traces:
    """A place that has traces."""

    source: TraceSource
    history: History
    notes: list[str] = field(default_factory=list[str])
    """What has to be known to trust it."""


def open_traces(said: str | None, prices: str | None) -> Traces:
    """Open what ``--from`` says, or else the variable.

    Args:
        said: ``jaeger+http://host:16686``, ``tempo+http://host:3200``, or what reports read from.
        prices: Price file for calls that come without a cost.

    Raises:
        Problem: if there is nothing, or it can't be read.
        Unanswered: for an address that is none.
    """
    require(("msgspec",), "reports")
    source = said or reports_from()
    kind, _, scheme = source.partition("://")[0].lower().rpartition("+")
    if scheme in _PLAIN and "://" in source:
        return _served(kind, source[len(kind) + 1 :] if kind else source, prices)
    return _stored(said, prices)


def _served(kind: str, url: str, prices: str | None) -> Traces:
    from ..reports.debugging.history import NoHistory
    from ..reports.rows import SpanRows
    from ..reports.traces.jaeger import TracesInJaeger
    from ..reports.traces.over_http import Server
    from ..reports.traces.tempo import TracesInTempo

    servers: Mapping[str, Callable[[Server, SpanRows], TraceSource]] = {
        "jaeger": TracesInJaeger,
        "tempo": TracesInTempo,
    }
    if kind not in servers:
        allowed = ", ".join(f"{name}+http://..." for name in servers)
        raise Problem(f"say what answers at an address of the web: {allowed}")
    server = Server(url, kind.capitalize(), parse_env_headers(reports_headers(), liberal=True))
    return Traces(servers[kind](server, SpanRows(pricer_from(prices))), NoHistory())


def _stored(said: str | None, prices: str | None) -> Traces:
    opened = open_source(said, prices)
    from ..reports.debugging.table_history import TableHistory

    source = whole_traces(opened, prices)
    return Traces(source, TableHistory(opened.tables, source.spans), opened.notes)


def whole_traces(opened: Opened, prices: str | None) -> TracesInFiles | TracesInClickHouse:
    """The traces behind tables, with all that their spans say."""
    if opened.files is None:
        from ..reports.traces.in_clickhouse import TracesInClickHouse

        return TracesInClickHouse(opened.tables, opened.name)
    from ..reports.asked import ALWAYS
    from ..reports.rows import SpanRows
    from ..reports.traces.in_files import TracesInFiles

    return TracesInFiles(opened.tables(ALWAYS), opened.files, SpanRows(pricer_from(prices)), opened.name)
