"""What a price file says, and how its errors name a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import UserFileError

Place = tuple[str | int, ...]
"""Where a field stands: ``("prices", 2, "model")``."""


def too_deep(name: str, line: int, most_levels: int) -> UserFileError:
    """Return the error to raise where the level begins that is one too many, in whatever format."""
    return UserFileError(f"{name}, line {line}: nested too deep; at most {most_levels} levels are understood")


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, or a dictionary that was passed in code."""

    data: object
    name: str
    """How messages call it: the path, or ``prices``."""
    lines: Mapping[Place, int]
    """Line of each field, counted from one; empty where no lines are known."""

    def mistake(self, place: Place, problem: str) -> str:
        """Return what to say about the field at ``place``."""
        line = next((self.lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in self.lines), None)
        where = self.name if line is None else f"{self.name}, line {line}"
        field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")
        return f"{where}: {field}: {problem}" if field else f"{where}: {problem}"
