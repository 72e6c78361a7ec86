"""One request to an ASGI application, without a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Message = MutableMapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass
class Request:
    """What is sent; by default one message with the JSON of ``fields``."""

    fields: object = None
    body: bytes | None = None
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict[str, str])
    client: tuple[str, int] | None = ("192.0.2.1", 50000)
    messages: Iterable[Message] | None = None
    """The messages of the body, when it isn't a single one; after the last one nothing ever comes."""

    def scope(self) -> Message:
        """The scope of the request."""
        headers = {"content-type": "application/json", **self.headers}
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "method": self.method,
            "path": "/",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items() if value],
            "client": self.client,
        }

    def body_messages(self) -> Iterable[Message]:
        """Everything that ``receive`` gives."""
        if self.messages is not None:
            return self.messages
        body = json.dumps(self.fields).encode() if self.body is None else self.body
        return [{"type": "http.request", "body": body, "more_body": False}]


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


async def exchange(app: App, scope: Message, incoming: Iterable[Message]) -> list[Message]:
    """Everything that ``app`` sends."""
    waiting = iter(incoming)
    sent: list[Message] = []

    async def receive() -> Message:
        for message in waiting:
            return message
        return await asyncio.get_running_loop().create_future()

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


def ask(app: App, request: Request) -> Answer | None:
    """The answer to ``request``; nothing when the application gave none."""
    sent = asyncio.run(exchange(app, request.scope(), request.body_messages()))
    if not sent:
        return None
    start, body = sent
    assert (start["type"], body["type"]) == ("http.response.start", "http.response.body")
    assert not body.get("more_body", False)
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    assert all(name == name.lower() for name in headers)
    return Answer(start["status"], headers, body["body"])
