"""JSON text to plain data, with the line of every field."""

from __future__ import annotations

import json
import math
import re
from typing import Final

from ..errors import UserFileError
from .document import Place, too_deep

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],\n]|[^\s{}\[\],:"]+')
_MOST_DIGITS: Final = 400
"""A whole number of more digits is no price; reading it takes long, and Python refuses some."""


def read_json(text: str, name: str, most_levels: int) -> tuple[object, dict[Place, int]]:
    """Return what the text says, and on which line each field of it stands. ``name`` is for messages.

    Raises:
        UserFileError: if it is not JSON, nests deeper than ``most_levels``, or has a key twice.
    """
    _refuse_deep(text, name, most_levels)
    try:
        data: object = json.loads(text, parse_int=whole_number)
    except json.JSONDecodeError as error:
        raise UserFileError(f"{name}, line {error.lineno}: is not JSON: {error.msg}") from None
    return data, _lines(text, name)


def whole_number(text: str) -> int | float:
    """Read a whole number; one that is far too long for a price is infinite, and refused as that."""
    return int(text) if len(text) <= _MOST_DIGITS else math.inf


def _refuse_deep(text: str, name: str, most_levels: int) -> None:
    """Count levels before the parser does: how deep that one goes differs from Python to Python."""
    line = 1
    levels = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == "\n":
            line += 1
        elif token in "{[":
            levels += 1
            if levels > most_levels:
                raise too_deep(name, line, most_levels)
        elif token in "}]":
            levels -= 1


def _lines(text: str, name: str) -> dict[Place, int]:
    """Return the line of each field. The text is known to be JSON, so braces and commas stand where they should."""
    lines: dict[Place, int] = {}
    line = 1
    place: list[str | int] = []
    is_key = False
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == "\n":
            line += 1
        elif token in "{[":
            lines.setdefault(tuple(place), line)
            is_key = token == "{"
            place.append("" if is_key else 0)
        elif token in "}]":
            place.pop()
            is_key = False
        elif token == ",":
            step = place[-1]
            is_key = isinstance(step, str)
            place[-1] = "" if isinstance(step, str) else step + 1
        elif is_key:
            place[-1] = key = json.loads(token)
            if tuple(place) in lines:
                raise UserFileError(f"{name}, line {line}: {key}: stands twice")
            lines[tuple(place)] = line
            is_key = False
        else:
            lines.setdefault(tuple(place), line)
    return lines
