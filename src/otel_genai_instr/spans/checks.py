"""Checks of what users pass: wrong arguments are told at once, with the name, the value and what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from typing import cast

from ..text import as_text


def text(field: str, value: object) -> str | None:
    """``value`` as text, which must have something in it; ``None`` when it has none to tell: see :func:`as_text`.

    Raises:
        TypeError: for ``None``.
        ValueError: for an empty one.
    """
    if value is None:
        raise TypeError(f"{field} is None; allowed: text")
    said = as_text(field, value)
    if said == "":
        raise ValueError(f"{field} is empty; allowed: text with at least one character")
    return said


def optional_text(field: str, value: object) -> str | None:
    """``value`` as text, or ``None``; raises as :func:`text`."""
    return None if value is None else text(field, value)


def texts(field: str, value: object) -> tuple[str, ...]:
    """The items of ``value`` as text, without those that have none to tell; what is no list is the only item.

    Raises:
        ValueError: for an empty text.
    """
    items = cast("Iterable[object]", value) if is_list(value) else (value,)
    said = (optional_text(f"one of {field}", item) for item in items)
    return tuple(item for item in said if item is not None)


def is_list(value: object) -> bool:
    """Whether ``value`` is several: a list, a set, what a generator gives; no text, bytes or mapping."""
    try:
        return isinstance(value, Sequence | Set | Iterator) and not isinstance(value, str | bytes | bytearray)
    except Exception:  # of a lazy object that fails when it is asked what it is
        return False


def optional_count(field: str, value: object) -> int | None:
    """``value``, which must be a number of things, or ``None``.

    Raises:
        TypeError: for something that is no whole number.
        ValueError: for a negative one.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{field} is {type(value).__name__} {value!r}; allowed: an int, 0 or more")
    if value < 0:
        raise ValueError(f"{field} is {value}; allowed: 0 or more")
    return value


def known(function: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    """Keyword arguments that a function doesn't have.

    Raises:
        TypeError: names the first of them, and what is allowed.
    """
    for name in given:
        if name not in allowed:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}; allowed: {', '.join(allowed)}")
