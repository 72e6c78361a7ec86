"""Traces in Grafana Tempo, over its HTTP API: https://grafana.com/docs/tempo/latest/api_docs/."""

from __future__ import annotations

import base64
import binascii
import json
import math
from datetime import UTC, timedelta
from typing import Any, Final, cast

from ...semconv import attributes as names
from ..asked import Window
from ..exceptions import NotFound
from ..rows import SpanRows
from .otlp_json import SpanReader, span_objects
from .over_http import Server
from .trace import Trace, Wanted

_NOT_FOUND: Final = 404
_LONGEST: Final = timedelta(days=6, hours=23)
"""Tempo looks through a week at most at a time, unless it is told otherwise."""
_ID_DIGITS: Final = 32


class TracesInTempo:
    """One Tempo."""

    def __init__(self, server: Server, rows: SpanRows) -> None:
        self._server = server
        self._reader = SpanReader(rows)

    def read(self, trace_id: str) -> Trace:
        """Read a trace.

        Raises:
            NotFound: if there is none.
            Unanswered: if that can't be told.
        """
        status, said = self._server.ask(f"/api/v2/traces/{trace_id}")
        if status not in (200, _NOT_FOUND):
            raise self._server.failure(status, said)
        answer = cast("dict[str, Any]", said) if status == 200 and isinstance(said, dict) else {}
        document = answer.get("trace", {})
        for span in span_objects(document):
            for name in ("traceId", "spanId", "parentSpanId"):
                if name in span:
                    span[name] = _hexadecimal(span[name])
        spans = list(self._reader.spans(document, trace_id))
        if not spans:
            raise NotFound(f"{self._server.name} has no trace {trace_id}; one that has just ended may take seconds")
        partial = answer.get("status") == "PARTIAL"
        return Trace(trace_id, spans, [f"Tempo says that it is a part: {answer.get('message')}"] if partial else [])

    def find(self, wanted: Wanted, most: int) -> list[str]:
        """Find traces, and return the ids of the newest ones, the newest first.

        Raises:
            Unanswered: if that can't be told.
        """
        found: list[str] = []
        end = wanted.window.end
        while end > wanted.window.start and len(found) < most:
            start = max(wanted.window.start, end - _LONGEST)
            found += [each for each in self._found(wanted, Window(start, end), most) if each not in found]
            end = start
        return found[:most]

    def _found(self, wanted: Wanted, window: Window, most: int) -> list[str]:
        status, said = self._server.ask(
            "/api/search",
            q=_query(wanted),
            limit=str(most),
            start=str(int(window.start.replace(tzinfo=UTC).timestamp())),
            end=str(math.ceil(window.end.replace(tzinfo=UTC).timestamp())),
        )
        if status != 200:
            raise self._server.failure(status, said)
        found: object = cast("dict[str, Any]", said).get("traces") if isinstance(said, dict) else None
        traces = [trace for trace in cast("list[dict[str, Any]]", found or []) if trace.get("traceID")]
        traces.sort(key=lambda trace: -int(trace.get("startTimeUnixNano", 0)))
        return [str(trace["traceID"]).lower().zfill(_ID_DIGITS) for trace in traces]


def _query(wanted: Wanted) -> str:
    """In TraceQL: of one span all of these are true."""
    conditions: list[str] = []
    if wanted.session is not None:
        said = _quoted(wanted.session)
        conditions.append(f"(span.{names.SESSION_ID} = {said} || span.{names.CONVERSATION_ID} = {said})")
    if wanted.users:
        conditions.append("(" + " || ".join(f"span.{names.USER_ID} = {_quoted(user)}" for user in wanted.users) + ")")
    if wanted.only_failed:
        conditions.append(f"status = error && span.{names.OPERATION_NAME} != nil")
    return f"{{ {' && '.join(conditions)} }} with (most_recent=true)"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _hexadecimal(identity: object) -> object:
    """Ids, which Tempo writes as bytes are written in protobuf's JSON, as OTLP JSON has them."""
    try:
        return base64.b64decode(str(identity), validate=True).hex()
    except (binascii.Error, ValueError):
        return identity
