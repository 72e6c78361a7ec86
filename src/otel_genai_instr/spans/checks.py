"""Checks of what users pass: wrong arguments are told at once, with the name, the value and what is allowed."""

from __future__ import annotations

from collections.abc import Iterable


def text(field: str, value: object) -> str:
    """``value``, which must be a string with something in it.

    Raises:
        TypeError: for something that is no string.
        ValueError: for an empty one.
    """
    if not isinstance(value, str):
        raise TypeError(f"{field} is {type(value).__name__} {value!r}; allowed: a string")
    if not value:
        raise ValueError(f"{field} is empty; allowed: a string with at least one character")
    return value


def optional_text(field: str, value: object) -> str | None:
    """``value``, which must be a string with something in it, or ``None``; raises as :func:`text`."""
    return None if value is None else text(field, value)


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
