"""Traces in Jaeger 2, over its HTTP API: https://www.jaegertracing.io/docs/latest/apis/."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, cast

from ...semconv import attributes as names
from ..exceptions import NotFound
from ..otlp import nanoseconds
from ..rows import SpanRows
from .otlp_json import SpanReader, span_objects
from .over_http import Server
from .trace import Trace, Wanted

_MOST_SERVICES: Final = 50
_BAD_REQUEST, _NOT_FOUND = 400, 404


class TracesInJaeger:
    """One Jaeger."""

    def __init__(self, server: Server, rows: SpanRows) -> None:
        self._server = server
        self._reader = SpanReader(rows)

    def read(self, trace_id: str) -> Trace:
        """Read a trace.

        Raises:
            NotFound: if there is none.
            Unanswered: if that can't be told.
        """
        status, said = self._server.ask(f"/api/v3/traces/{trace_id}")
        if status not in (200, _NOT_FOUND):
            raise self._server.failure(status, said)
        spans = list(self._reader.spans(_document(said), trace_id)) if status == 200 else []
        if not spans:
            raise NotFound(f"{self._server.name} has no trace {trace_id}; one that has just ended may take seconds")
        return Trace(trace_id, spans)

    def find(self, wanted: Wanted, most: int) -> list[str]:
        """Find traces, and return the ids of the newest ones, the newest first.

        Raises:
            Unanswered: if that can't be told.
        """
        newest: dict[str, int] = {}
        for asked in _attributes(wanted):
            for document in self._found(wanted, asked, most):
                for trace_id, start in _starts(document):
                    newest[trace_id] = max(newest.get(trace_id, 0), start)
        return sorted(newest, key=lambda trace_id: -newest[trace_id])[:most]

    def _found(self, wanted: Wanted, asked: dict[str, str], most: int) -> Iterator[object]:
        question = {
            "query.startTimeMin": _moment(wanted.window.start),
            "query.startTimeMax": _moment(wanted.window.end),
            "query.searchDepth": str(most),
            "query.attributes": json.dumps(asked),
        }
        status, said = self._server.ask("/api/v3/traces", **question)
        if status != _BAD_REQUEST:
            yield from self._answered(status, said)
            return
        # Some of its stores look through one service at a time only.
        refused = said
        status, said = self._server.ask("/api/v3/services")
        services: object = cast("dict[str, Any]", said).get("services") if isinstance(said, dict) else None
        if status != 200 or not isinstance(services, list):
            raise self._server.failure(_BAD_REQUEST, refused)
        for service in cast("list[object]", services)[:_MOST_SERVICES]:
            yield from self._answered(
                *self._server.ask("/api/v3/traces", **question, **{"query.serviceName": str(service)})
            )

    def _answered(self, status: int, said: object) -> Iterator[object]:
        if status == 200:
            yield _document(said)
        elif status != _NOT_FOUND:  # which says that nothing was found
            raise self._server.failure(status, said)


def _document(said: object) -> object:
    """The OTLP JSON in an answer: within ``result``, as its API says, or alone."""
    return cast("dict[str, Any]", said).get("result", said) if isinstance(said, dict) else said


def _attributes(wanted: Wanted) -> Iterator[dict[str, str]]:
    """What spans have to say; each of these is a question of its own."""
    failed = {"error": "true"} if wanted.only_failed else {}
    sessions: list[dict[str, str]] = (
        [{}]
        if wanted.session is None
        else [{names.SESSION_ID: wanted.session}, {names.CONVERSATION_ID: wanted.session}]
    )
    for session in sessions:
        for user in [{names.USER_ID: user} for user in wanted.users] or [{}]:
            yield {**failed, **session, **user}


def _starts(document: object) -> Iterator[tuple[str, int]]:
    for span in span_objects(document):
        yield str(span.get("traceId")).lower(), nanoseconds(span.get("startTimeUnixNano")) or 0


def _moment(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='microseconds')}Z"
