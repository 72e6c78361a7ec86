"""What the forms of call ask the server for; read in the process beside a neighbour, so it knows ``openai`` alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

See = Callable[[object], None]
"""Told of everything that the app gets: results, streams, chunks."""

CHAT: Final[dict[str, Any]] = {
    "model": "gpt-4o-mini",
    "messages": [
        {"role": "system", "content": "Every lamp has a warranty of five years."},
        {"role": "user", "content": "How long is the warranty of a lamp?"},
    ],
}
CHAT_STREAM: Final[dict[str, Any]] = {**CHAT, "stream": True, "stream_options": {"include_usage": True}}
RESPONSE: Final[dict[str, Any]] = {
    "model": "gpt-4o-mini",
    "instructions": "Every lamp has a warranty of five years.",
    "input": "How long is the warranty of a lamp?",
}
EMBEDDINGS: Final[dict[str, Any]] = {"model": "text-embedding-3-small", "input": "a lamp", "dimensions": 4}

FAULT: Final = "x-fault"
"""The header by which the server is asked to fail."""


class Warranty(BaseModel):
    """A structured answer."""

    item: str
    years: int


class TheAppsOwn(Exception):
    """What the app itself raises while it reads a stream."""


@dataclass(frozen=True)
class Form:
    """One way to call the SDK; each makes exactly one call."""

    name: str
    run: Callable[[Any, See], Any]
    """Called with the client; a coroutine function where the client is asynchronous."""
    complete: bool
    """The answer is read to its end, so its tokens and its cost are known."""


class Forms(list[Form]):
    """Collects the functions that it decorates."""

    def whole(self, run: Callable[[Any, See], Any]) -> Callable[[Any, See], Any]:
        """``run`` reads its answer to the end."""
        self.append(Form(run.__name__, run, complete=True))
        return run

    def partial(self, run: Callable[[Any, See], Any]) -> Callable[[Any, See], Any]:
        """``run`` leaves early, or fails."""
        self.append(Form(run.__name__, run, complete=False))
        return run
