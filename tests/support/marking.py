"""Marks: for single cases of a table, since what an old SDK of the supported range lacks is said where the case is
used, and for what one Python only can tell."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

COUNTS_BYTECODES = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="bytecodes are counted on one version of Python"
)
"""For tests with a number of bytecodes in them: compilers of other versions make other code."""
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
