"""Raw responses: the caller decides whether, when and how the body is read.

An eager raw response has read its body, so its operation is over. A streaming one is over when the
caller parses it (or drains the stream that ``parse()`` returns), or closes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from ..model import Details, Message, Response
from ..telemetry.operation import Operation
from .hooks import hook_close, hook_parse, hook_read
from .methods import Api
from .shapes import HttpResponse, Parsed, RawResponse, SdkStream, Shape, shape_of
from .streams import StreamWatch, watch_chunks


class Body:
    """Reads the body of an HTTP response if, by the time it is asked, the body was loaded and is JSON."""

    __slots__ = ("_api", "_http", "_parsed")

    def __init__(self, api: Api, http: HttpResponse) -> None:
        self._api = api
        self._http = http
        self._parsed: Mapping[str, object] | None = None

    def response(self) -> Response:
        """The response; empty when the body can't be known without taking it from the caller."""
        body = self._body()
        return self._api.read_response(body) if body is not None else Response()

    def details(self) -> Details:
        """What else it says."""
        body = self._body()
        return self._api.read_details(body) if body is not None else Details()

    def output(self) -> list[Message]:
        """Its messages."""
        body = self._body()
        return self._api.read_output(body) if body is not None else []

    def _body(self) -> Mapping[str, object] | None:
        if self._parsed is None:
            self._parsed = self._parse()
        return self._parsed

    def _parse(self) -> Mapping[str, object] | None:
        content: object = getattr(self._http, "_content", None)
        if not isinstance(content, bytes) or "json" not in self._http.headers.get("content-type", ""):
            return None
        try:
            body: object = json.loads(content)
        except ValueError:  # the server's fault, and the caller's to find out
            return None
        return cast("Mapping[str, object]", body) if isinstance(body, dict) else None


def conclude_raw(operation: Operation, api: Api, raw: RawResponse) -> None:
    """End the operation of a raw response, or arrange its end."""
    http = raw.http_response
    body = Body(api, http)
    # A transport may have loaded a stream of events before it hands it over: closed, but not over.
    if http.is_closed and "event-stream" not in http.headers.get("content-type", ""):
        operation.finish(body)
        return
    watch = StreamWatch(operation, body)

    def parsed(result: object, own_type: bool) -> None:
        if shape_of(result.__class__) is Shape.STREAM:
            watch.read_with(api.open_stream(operation.wants_text))
            watch_chunks(cast(SdkStream, result), watch)
        else:
            watch.reading = body if own_type else Parsed(api, result)
            watch.drained()

    hook_close(http, watch, "close", "aclose")
    hook_read(http, watch)
    hook_parse(raw, watch, parsed)
