"""Content within a budget: cut part by part, so that it stays JSON, and marked where and by how much.

Of a conversation the system messages are kept first, then the turns from the last one backwards.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final, cast

from opentelemetry import trace

from ..text import encodable

_TOO_LITTLE: Final = 24
"""Bytes in which nothing can be said."""
_MARK: Final = 96
"""Bytes that the mark of what was left out may take."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def room_on(span: trace.Span, most: int) -> int:
    """``most`` bytes, or as many characters as the SDK's limits leave an attribute of ``span``: it cuts what is longer,
    and JSON in its middle."""
    limits: object = getattr(span, "_limits", None)  # of a provider; nothing public says what it is bound to
    longest: object = getattr(limits, "max_span_attribute_length", None)
    return min(most, longest) if isinstance(longest, int) else most


def as_json(value: object) -> str:
    """``value`` as compact JSON that every exporter can carry."""
    return encodable(_encode(value))


def bytes_of(text: str) -> int:
    """How long ``text`` is in UTF-8."""
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def fitted(value: object, room: int) -> object:
    """JSON data like ``value`` whose JSON has at most ``room`` bytes; ``None`` when nothing of it fits."""
    if (size := _size(value)) <= room:
        return value
    if room < _TOO_LITTLE:
        return None
    if isinstance(value, str):
        return _around_the_middle(value, room, _size)
    if isinstance(value, list):
        return _fitted_list(cast("list[object]", value), size, room)
    if isinstance(value, dict):
        return _fitted_object(cast("dict[str, object]", value), room)
    return None


def shortened_text(text: str, room: int) -> str:
    """The beginning and the end of ``text``, which isn't JSON, in at most ``room`` bytes."""
    if bytes_of(text) <= room:
        return text
    return _around_the_middle(text, room, bytes_of) or ""


def _size(value: object) -> int:
    return bytes_of(_encode(value))


def _around_the_middle(text: str, room: int, measure: Callable[[str], int]) -> str | None:
    keep = min(room, len(text) - 1)
    while keep > 0:
        begin, end = text[: keep - keep // 3], text[len(text) - keep // 3 :]
        cut = f"{begin}… [{len(text) - keep:,} characters cut] …{end}"
        over = measure(cut) - room
        if over <= 0:
            return cut
        # In JSON and UTF-8 a character takes one to six bytes.
        keep -= max(1, over // 6, over * keep // (over + room + keep))
    return None


def _fitted_list(items: list[object], size: int, room: int) -> object:
    left = room - 2 - (_MARK if len(items) > 1 else 0)
    kept: dict[int, object] = {}
    missing = size - 1  # with a comma for each item
    order = sorted(range(len(items)), key=lambda index: (not _is_system(items[index]), -index))
    for place, index in enumerate(order, 1):
        # Half of what is left to each that needs so much: an endless last turn leaves room for the one before it.
        share = left if place == len(order) else left // 2
        if (item := fitted(items[index], share)) is None:
            break
        kept[index] = item
        missing -= _size(items[index]) + 1
        left -= _size(item) + 1
    if not kept:
        return None
    shown = sorted(kept.items())
    if len(shown) < len(items):
        gap = next((place for place, (index, _) in enumerate(shown) if place != index), len(shown))
        mark = _mark(len(items) - len(shown), missing, as_message=_is_message(items[0]))
        shown.insert(gap, (-1, mark))
    return [item for _, item in shown]


def _fitted_object(given: dict[str, object], room: int) -> object:
    """Its largest members are cut, the largest first, until all fit."""
    cut = dict(given)
    sizes = {name: _size(value) for name, value in given.items()}
    over = _size(cut) - room
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        if (smaller := fitted(cut[name], sizes[name] - over)) is None:
            return None
        cut[name] = smaller
        over = _size(cut) - room
        if over <= 0:
            return cut
    return None


def _mark(items: int, size: int, *, as_message: bool) -> dict[str, object]:
    part: dict[str, object] = {"type": "cut", "items": items, "bytes": size}
    return {"role": "cut", "parts": [part]} if as_message else part


def _is_message(item: object) -> bool:
    return isinstance(item, Mapping) and "role" in item


def _is_system(item: object) -> bool:
    return isinstance(item, Mapping) and cast("Mapping[str, object]", item).get("role") in ("system", "developer")
