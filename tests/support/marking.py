"""Marks for single cases of a table: what an old SDK of the supported range lacks is said where the case is used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

Marks = Mapping[str, pytest.MarkDecorator]
"""By name of the case."""


def names(table: Iterable[str], marks: Marks) -> list[Any]:
    """Parameters: the names alone."""
    return [pytest.param(name, marks=_of(name, marks)) for name in _checked(table, marks)]


def rows(table: Mapping[str, tuple[Any, ...]], marks: Marks) -> list[Any]:
    """Parameters: the values, with the names as ids."""
    return [pytest.param(*table[name], marks=_of(name, marks), id=name) for name in _checked(table, marks)]


def _checked(table: Iterable[str], marks: Marks) -> list[str]:
    known = list(table)
    assert set(marks) <= set(known), "a mark for a case that doesn't exist"
    return known


def _of(name: str, marks: Marks) -> tuple[pytest.MarkDecorator, ...]:
    return (marks[name],) if name in marks else ()
