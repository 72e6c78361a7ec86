"""Reading foreign objects: dictionaries, SDK models of any version, and what compatible servers send."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, cast

from ..text import encodable

NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
_LISTS: Final = (list, tuple)
_kind_of: Final = cast("Callable[[object], type[object]]", type)
"""``type``, of which checkers conclude nothing: ``cast`` would take a call each time."""
_LARGEST: Final = 2**63 - 1  # what OTLP can carry; a larger number would lose the whole export batch


def fields_of(source: Any) -> Mapping[str, Any]:
    """The fields of a mapping or of an SDK object, undeclared ones included; nothing for anything else.

    SDK models keep declared fields in ``__dict__`` and undeclared ones in ``__pydantic_extra__``. Reading
    them there avoids the slow path that a model takes for every name it doesn't have.
    """
    if source is None:
        return NOTHING
    if _kind_of(source) is dict:
        return source
    try:
        extra, values = source.__pydantic_extra__, source.__dict__
    except AttributeError:
        return _fields_of_other(source)
    return {**values, **extra} if extra and _kind_of(extra) is dict else values


def _fields_of_other(source: object) -> Mapping[str, Any]:
    """Of anything but a dictionary and a model."""
    if is_mapping(type(source)):
        return cast("Mapping[str, Any]", source)
    values: object = getattr(source, "__dict__", None)
    return cast("dict[str, Any]", values) if isinstance(values, dict) else NOTHING


@functools.lru_cache(maxsize=256)
def is_mapping(kind: type) -> bool:
    """``isinstance(..., Mapping)`` asks an abstract class, which takes ten times as long as this cache."""
    return issubclass(kind, Mapping)


def as_str(value: object) -> str | None:
    """``value`` if it is a string with something in it; of an enumeration's member that is one, its value."""
    if value and isinstance(value, str):
        return value if type(value) is str and value.isascii() else encodable(value)
    return None


def as_int(value: object) -> int | None:
    """``value`` if it is a whole number that can be exported; booleans are none."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST:
        return value
    return None


def as_count(value: object) -> int | None:
    """``value`` if it can count something."""
    if type(value) is int:
        return value if 0 <= value <= _LARGEST else None
    number = as_int(value)
    return number if number is not None and number >= 0 else None


def as_float(value: object) -> float | None:
    """``value`` if it is a number; booleans are none."""
    if value is None:
        return None
    if isinstance(value, float):
        return value
    number = as_int(value)
    return float(number) if number is not None else None


def as_list(value: Any) -> Sequence[object]:
    """``value`` if it is a list or a tuple, else nothing: other iterables are not ours to consume."""
    kind = _kind_of(value)
    return value if kind is list or issubclass(kind, _LISTS) else ()


def as_texts(value: object) -> tuple[str, ...] | None:
    """One string, or the strings of a list, as a tuple; ``None`` when there are none."""
    if value is None:
        return None
    items = [value] if isinstance(value, str) else as_list(value)
    return tuple(encodable(item) for item in items if isinstance(item, str)) or None
