"""What a provider answers, and what reached it, as plain data."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

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


def json_reply(body: Any, status: int = 200, after: float = 0.0, **headers: str) -> Reply:
    """A whole JSON body after some seconds."""
    sent = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Reply(status, [after, json.dumps(body).encode()], sent)


def sse(event: Any) -> bytes:
    """One server-sent event; where its data has a type, that stands in the event too, as the real services do it."""
    name = f"event: {event['type']}\n" if isinstance(event, dict) and "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n".encode()


def sse_reply(*steps: Any, done: bool = True) -> Reply:
    """A stream: dictionaries are events, everything else is a :data:`Step`."""
    pieces = [sse(step) if isinstance(step, dict) else step for step in steps]
    if done:
        pieces.append(b"data: [DONE]\n\n")
    return Reply(200, pieces, {"content-type": "text/event-stream"})
