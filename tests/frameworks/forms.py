"""What an app of ``apps/`` is made of; read in the process of a framework, so it knows the standard library alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

SYSTEM: Final = """\
You answer for a shop that sells lamps, chairs and tables. Every lamp has a warranty of five years. Every chair has a
warranty of two years. Tables have none, but are repaired for a fixed price. Whoever wants to send an item back has
thirty days to do so, and pays for the parcel. Look the warranty of an item up when you are asked for its number."""
QUESTION: Final = "How long is the warranty of a lamp?"
TOOL_QUESTION: Final = "How long is the warranty of LAMP-12?"
"""The server asks for the tool ``look_up_warranty`` with it."""
CHAT_MODEL: Final = "gpt-4o-mini"
LARGE_MODEL: Final = "gpt-4o"
CLAUDE: Final = "claude-haiku-4-5"
LARGE_CLAUDE: Final = "claude-sonnet-4-5"
EMBEDDING_MODEL: Final = "text-embedding-3-small"
TEXTS: Final = ["a lamp", "a chair for the garden", "a table that was repaired twice"]

Run = Callable[[], Any]
"""It prints what it gets, as a user's program does; a coroutine function where the framework is asynchronous."""


def look_up_warranty(item: str) -> str:
    """Look up how many years of warranty an item has, by its number."""
    return f"{item} has a warranty of 5 years"


@dataclass(frozen=True)
class Form:
    """One way to use a framework."""

    name: str
    run: Run
    calls: int
    """Requests that have to be answered: a form that makes none would prove nothing."""
    refused: int = 0
    """How many requests the server refuses first, with a 429."""
    errors: int = 0
    """Operations that fail of it, where the framework tries again by itself; otherwise the SDK does, inside of one."""
    left: bool = False
    """Its stream is left before it tells its tokens."""
    cancelled: bool = False
    """The task that reads its stream is cancelled: that is how one is left here, and the span says so."""


class Forms(list[Form]):
    """Collects the functions that it decorates."""

    def form(self, calls: int = 1, *, refused: int = 0, errors: int = 0, **more: bool) -> Callable[[Run], Run]:
        def add(run: Run) -> Run:
            self.append(Form(run.__name__, run, calls, refused, errors, **more))
            return run

        return add
