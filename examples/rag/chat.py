"""What the app asks of a chat model, whoever serves it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

MOST_ROUNDS = 3
"""How often a model may speak for one question: it asks for a tool, gets what that returned, and so on."""


class ServiceError(Exception):
    """The model service failed; the text says how."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may ask for."""

    name: str
    description: str
    parameters: dict[str, object]
    """JSON schema of its arguments."""
    function: Callable[[Any], Awaitable[object]]

    async def run(self, name: str, arguments: object) -> str:
        """Run it as the model asked; returns JSON. A call that makes no sense is told to the model, too."""
        if name != self.name:
            return json.dumps({"error": f"there is no tool {name}"})
        return json.dumps(await self.function(arguments))


@dataclass(slots=True)
class Reply:
    """What the model answered in the end."""

    text: str = ""
    tools: list[str] = field(default_factory=list[str])
    """Tools that it used."""


class Chat(Protocol):
    """A model that answers a question and runs a tool on its way."""

    async def reply(self, instructions: str, question: str, tool: Tool) -> Reply:
        """Answer a question. Raises ServiceError."""
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...
