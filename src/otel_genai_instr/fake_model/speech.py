"""What the model says, how many tokens that is, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast
from zlib import crc32

Json: TypeAlias = dict[str, Any]

_FIRST_TOKEN: Final = 0.2
_NEXT_TOKEN: Final = 0.02
"""Seconds that pass."""
_LETTERS_A_TOKEN: Final = 4
_SYSTEM: Final = ("system", "developer")


@dataclass(frozen=True)
class Turn:
    """A message of the prompt, whoever's language it came in."""

    role: str
    text: str


@dataclass(frozen=True)
class Speech:
    """What is said to a prompt, in any of the languages."""

    text: str
    tokens_read: int
    tokens_said: int

    @property
    def number(self) -> str:
        """For the ids in the answer: the same text has the same."""
        return f"{crc32(self.text.encode()):08x}"

    def whole(self) -> str:
        """The text, at the moment when all of it is said."""
        time.sleep(_FIRST_TOKEN + _NEXT_TOKEN * self.tokens_said)
        return self.text

    def pieces(self) -> Iterator[str]:
        """The text, each token at its moment."""
        for start in range(0, len(self.text), _LETTERS_A_TOKEN):
            time.sleep(_NEXT_TOKEN if start else _FIRST_TOKEN)
            yield self.text[start : start + _LETTERS_A_TOKEN]


def speech(turns: Sequence[Turn]) -> Speech:
    """What the system says, or else what was asked: without any of both there is nothing to repeat."""
    told = [turn.text for turn in turns if turn.role in _SYSTEM]
    said = told[-1] if told else f"You said: {turns[-1].text if turns else ''}"
    return Speech(said, sum(tokens(turn.text) for turn in turns), tokens(said))


def turns_of(messages: Sequence[Json]) -> list[Turn]:
    """Messages with a role and a content, as they are in every language."""
    return [Turn(message.get("role", ""), text_of(message.get("content"))) for message in messages]


def text_of(content: object) -> str:
    """The words of a content: a string, or parts of which some have a text."""
    if isinstance(content, list):
        return "\n".join(part["text"] for part in cast("list[Json]", content) if "text" in part)
    return content if isinstance(content, str) else ""


def tokens(text: str) -> int:
    """How many tokens it has."""
    return -(-len(text) // _LETTERS_A_TOKEN)
