"""Data classes that cost little to import, and are data classes all the same."""

from __future__ import annotations

from dataclasses import field, fields, replace

import pytest

from otel_genai_instr.records import define, frozen


@define
class Note:
    text: str
    tags: list[str] = field(default_factory=list[str])


@frozen
class Point:
    x: int
    y: int = 0


def test_equal_by_value() -> None:
    assert Note("a") == Note("a")
    assert Note("a") != Note("a", ["b"])
    assert Point(1) != Note("a")


def test_only_what_is_frozen_can_be_a_key() -> None:
    assert {Point(1): "found"}[Point(1, 0)] == "found"
    with pytest.raises(TypeError):
        hash(Note("a"))


def test_shown_as_it_is_made() -> None:
    assert repr(Note("a", ["b"])) == "Note(text='a', tags=['b'])"


def test_no_field_that_nobody_declared() -> None:
    undeclared = "other"
    with pytest.raises(AttributeError):
        setattr(Note("a"), undeclared, 1)


def test_understood_by_dataclasses() -> None:
    assert replace(Point(1), y=2) == Point(1, 2)
    assert [item.name for item in fields(Point)] == ["x", "y"]
