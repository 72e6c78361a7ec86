"""A provider without a network: an HTTPX transport that answers from a script.

Some SDKs talk through ``httpx``, others through ``httpx2``; both have the same shape.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

from .clock import FakeClock
from .replies import Received, Reply, Step


class Body:
    """The body of one answer, step by step."""

    def __init__(self, steps: list[Step], clock: FakeClock) -> None:
        self._steps = iter(steps)  # like a connection: what was read once doesn't come again
        self._clock = clock
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for step in self._steps:
            if isinstance(step, bytes):
                yield step
            elif isinstance(step, int | float):
                self._clock.advance(step)
            elif isinstance(step, BaseException):
                raise step
            else:
                step()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            await asyncio.sleep(0)  # a network makes its reader wait, which is where a cancellation arrives
            yield piece

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


@functools.cache
def _body_of(http: Any) -> type[Body]:
    """A body that this HTTP client takes for one of its own."""
    return type("Body", (Body, http.SyncByteStream, http.AsyncByteStream), {})


class InMemory:
    """Answers every request with the next reply of the script; the last one answers for ever."""

    def __init__(self, http: Any, clock: FakeClock | None = None, *replies: Reply) -> None:
        self.http = http
        """The HTTP client's module."""
        self.clock = clock or FakeClock()
        self.script = list(replies)
        self.received: list[Received] = []
        self.bodies: list[Body] = []

    def then(self, *replies: Reply) -> Self:
        """Put replies at the end of the script."""
        self.script.extend(replies)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was opened."""

    def unreachable(self) -> Reply:
        """No answer: the network is down."""
        return Reply(error=self.http.ConnectError("the network is down"))

    def dead_line(self) -> Step:
        """The connection ends in the middle of a body."""
        return self.http.ReadError("the line went dead")

    def transport(self) -> Any:
        """The transport, for clients that a test builds itself."""
        return self.http.MockTransport(self._handle)

    def http_client(self, is_async: bool) -> Any:
        """An HTTP client whose only server is this one."""
        if is_async:
            return self.http.AsyncClient(transport=self.http.MockTransport(self._handle_async))
        return self.http.Client(transport=self.transport())

    def _handle(self, request: Any) -> Any:
        return self._answer(request, request.read())

    async def _handle_async(self, request: Any) -> Any:
        return self._answer(request, await request.aread())

    def _answer(self, request: Any, content: bytes) -> Any:
        headers = dict(request.headers)
        kind, _, boundary = headers.get("content-type", "").partition("; boundary=")
        if boundary:  # of a form with files, another one for each request
            headers["content-type"] = kind
            body: Any = content.decode(errors="replace").replace(boundary, "")
        else:
            body = json.loads(content) if content else None
        self.received.append(Received(request.method, str(request.url), headers, body))
        reply = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if reply.error is not None:
            raise reply.error
        stream = _body_of(self.http)(list(reply.steps), self.clock)
        self.bodies.append(stream)
        return self.http.Response(reply.status, headers=reply.headers, stream=stream, request=request)
