"""What was asked for, by the conventions' names: a table says which fields of a request are read, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..model import Said
from .fields import as_count

AskedFields = Mapping[str, tuple[str, Callable[[object], Said | None]]]
"""The field of a request, the attribute that it becomes, and how its value is read."""


def read_asked(given: Mapping[str, object], fields: AskedFields) -> dict[str, Said]:
    """Read only what was given: most calls give few of the many fields."""
    attributes: dict[str, Said] = {}
    for name, value in given.items():
        if name in fields:
            attribute, read = fields[name]
            said = read(value)
            if said is not None:
                attributes[attribute] = said
    return attributes


def as_choice_count(value: object) -> int | None:
    """How many answers are asked for; one is what everyone gets who doesn't ask."""
    count = as_count(value)
    return count if count != 1 else None


def as_stream(value: object) -> bool | None:
    """Whether the answer shall be streamed; the conventions leave the attribute out otherwise."""
    return True if value is True else None
