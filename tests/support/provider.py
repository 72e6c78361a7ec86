"""A provider in memory: real SDK clients over a transport that answers from a script.

openai 3.x talks through ``httpx2``, 1.x and 2.x through ``httpx``; both have the same shape.
"""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import openai

from .clock import FakeClock

http: Any = importlib.import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")

Step = bytes | float | BaseException | Callable[[], None]
"""A piece of a body: bytes to send, seconds to let pass, an exception to raise, or something to do."""


@dataclass
class Reply:
    """One answer of the provider."""

    status: int = 200
    steps: list[Step] = field(default_factory=list[Step])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    error: BaseException | None = None
    """Raised instead of answering: the network is down."""


@dataclass
class Received:
    """One request as it reached the provider."""

    method: str
    url: str
    headers: dict[str, str]
    body: Any


class _Body(http.SyncByteStream, http.AsyncByteStream):
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


class FakeProvider:
    """Answers every request with the next reply of the script; the last one answers for ever."""

    def __init__(self, clock: FakeClock | None = None, *replies: Reply) -> None:
        self.clock = clock or FakeClock()
        self.script = list(replies)
        self.received: list[Received] = []
        self.bodies: list[_Body] = []

    def then(self, *replies: Reply) -> FakeProvider:
        """Put replies at the end of the script."""
        self.script.extend(replies)
        return self

    def client(self, **options: Any) -> openai.OpenAI:
        """A synchronous client of this provider."""
        return openai.OpenAI(**self._options(options, http.Client, http.MockTransport(self._handle)))

    def async_client(self, **options: Any) -> openai.AsyncOpenAI:
        """An asynchronous client of this provider."""
        return openai.AsyncOpenAI(**self._options(options, http.AsyncClient, http.MockTransport(self._handle_async)))

    def transport(self) -> Any:
        """The transport, for clients that a test builds itself."""
        return http.MockTransport(self._handle)

    def _options(self, options: dict[str, Any], client: Any, transport: Any) -> dict[str, Any]:
        return {"api_key": "sk-secret", "max_retries": 0, "http_client": client(transport=transport), **options}

    def _handle(self, request: Any) -> Any:
        return self._answer(request, request.read())

    async def _handle_async(self, request: Any) -> Any:
        return self._answer(request, await request.aread())

    def _answer(self, request: Any, content: bytes) -> Any:
        body = json.loads(content) if content else None
        self.received.append(Received(request.method, str(request.url), dict(request.headers), body))
        reply = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if reply.error is not None:
            raise reply.error
        stream = _Body(list(reply.steps), self.clock)
        self.bodies.append(stream)
        return http.Response(reply.status, headers=reply.headers, stream=stream, request=request)


def json_reply(body: Any, status: int = 200, after: float = 0.0, **headers: str) -> Reply:
    """A whole JSON body after some seconds."""
    sent = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Reply(status, [after, json.dumps(body).encode()], sent)


def sse(event: Any) -> bytes:
    """One server-sent event; Responses events carry their type twice, as the real service does."""
    name = f"event: {event['type']}\n" if isinstance(event, dict) and "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n".encode()


def sse_reply(*steps: Any, done: bool = True) -> Reply:
    """A stream: dictionaries are events, everything else is a :data:`Step`."""
    pieces = [sse(step) if isinstance(step, dict) else step for step in steps]
    if done:
        pieces.append(b"data: [DONE]\n\n")
    return Reply(200, pieces, {"content-type": "text/event-stream"})
