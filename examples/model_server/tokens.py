"""Counting tokens: a word-piece rule, the same for what comes in and what goes out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

Json = dict[str, Any]

_PIECE = re.compile(r"\s*\w{1,6}|\s*[^\w\s]|\s+\Z")


def pieces(text: str) -> list[str]:
    """Cut text into the tokens that are streamed; joined again they are the text."""
    return _PIECE.findall(text)


def count(text: str) -> int:
    """The number of tokens of a text."""
    return len(pieces(text))


def text_of(content: object) -> str:
    """The text of a message's content: a string, or a list of parts of which only text counts."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in parts_of(content) if "text" in part)


def parts_of(content: object) -> Iterable[Json]:
    """The parts of a message's content; a string has none."""
    if not isinstance(content, list):
        return ()
    return cast("list[Json]", content)
