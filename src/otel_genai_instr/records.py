"""Data classes that cost little to import.

``dataclass`` writes and compiles each method that it adds, and every app that imports us pays for all of them. Here it
adds ``__init__`` alone; the others are shared, which takes a third of the time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(field_specifiers=(field,))
def define(kind: type[T]) -> type[T]:
    """Make a data class with slots."""
    made: Any = dataclass(slots=True, eq=False, repr=False, match_args=False)(kind)
    made.__eq__, made.__hash__, made.__repr__ = _equals, None, _shown
    return made


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(kind: type[T]) -> type[T]:
    """Make a data class with slots that nobody changes: type checkers see to that, at no cost."""
    made: Any = define(kind)
    made.__hash__ = _hash
    return made


def _values(record: Any) -> tuple[object, ...]:
    return tuple(getattr(record, field.name) for field in fields(record))


def _equals(self: object, other: object) -> bool:
    return type(other) is type(self) and _values(other) == _values(self)


def _hash(self: object) -> int:
    return hash(_values(self))


def _shown(self: Any) -> str:
    shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in fields(self) if field.repr)
    return f"{type(self).__name__}({shown})"
