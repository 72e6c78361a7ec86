"""Content within a budget: cut part by part, so that it stays JSON, and marked where and by how much.

Of a conversation the system messages are kept first, then the turns from the last one backwards. What is long is
measured and cut in pieces: besides what the app holds, no more than about the budget is in memory at a time.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from sys import getsizeof
from typing import Final, cast

from ..text import PIECE, encodable, pieces

_TOO_LITTLE: Final = 24
"""Bytes in which nothing can be said."""
_MARK: Final = 96
"""Bytes that the mark of what was left out may take."""

encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Data as compact JSON, whatever is in its texts."""


def is_small(value: object, room: int = 0) -> bool:
    """Whether JSON data takes so little memory that it may be encoded at once; ``room`` is what its JSON may take.

    It looks no further than needed, and C code does the looking: a call with little content pays little.
    """
    left = room if room > PIECE else PIECE
    level = [value]
    while level:
        left -= sum(map(getsizeof, level))
        if left < 0:
            return False
        level = gc.get_referents(*level)
    return True


def size_of(value: object) -> int:
    """How many bytes the JSON of ``value`` has."""
    if is_small(value):
        return bytes_of(encode(value))
    if isinstance(value, str):
        return 2 + sum(bytes_of(encode(piece)) - 2 for piece in pieces(value))
    if isinstance(value, list):
        items = cast("list[object]", value)
        if len(items) == 1:
            return 2 + size_of(items[0])
        half = len(items) // 2
        return size_of(items[:half]) + size_of(items[half:]) - 1  # one pair of brackets less, and a comma
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return 1 + sum(size_of(name) + size_of(item) + 2 for name, item in members.items())
    return bytes_of(encode(value))


def as_json(value: object) -> str:
    """``value`` as compact JSON that every exporter can carry."""
    return encodable(encode(value))


def bytes_of(text: str) -> int:
    """How long ``text`` is in UTF-8."""
    if text.isascii():
        return len(text)
    return sum(len(piece.encode(errors="replace")) for piece in pieces(text))


def fitted(value: object, room: int, size: int | None = None) -> object:
    """JSON data like ``value`` whose JSON has at most ``room`` bytes; ``None`` when nothing of it fits.

    ``size`` is that of its JSON, where it is known.
    """
    if size is None:
        size = size_of(value)
    if size <= room:
        return value
    if room < _TOO_LITTLE:
        return None
    if isinstance(value, str):
        return _around_the_middle(value, room, size_of)
    if isinstance(value, list):
        return _fitted_list(cast("list[object]", value), size, room)
    if isinstance(value, dict):
        return _fitted_object(cast("dict[str, object]", value), size, room)
    return None


def shortened_text(text: str, room: int) -> str:
    """The beginning and the end of ``text``, which isn't JSON, in at most ``room`` bytes."""
    if bytes_of(text) <= room:
        return text
    return _around_the_middle(text, room, bytes_of) or ""


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
    for place, index in enumerate(_by_importance(items), 1):
        # Half of what is left to each that needs so much: an endless last turn leaves room for the one before it.
        share = left if place == len(items) else left // 2
        whole = size_of(items[index])
        if (item := fitted(items[index], share, whole)) is None:
            break
        kept[index] = item
        missing -= whole + 1
        left -= (whole if item is items[index] else size_of(item)) + 1
    if not kept:
        return None
    shown = sorted(kept.items())
    if len(shown) < len(items):
        gap = next((place for place, (index, _) in enumerate(shown) if place != index), len(shown))
        mark = _mark(len(items) - len(shown), missing, as_message=_is_message(items[0]))
        shown.insert(gap, (-1, mark))
    return [item for _, item in shown]


def _by_importance(items: list[object]) -> Iterator[int]:
    return chain(
        (index for index in range(len(items) - 1, -1, -1) if _is_system(items[index])),
        (index for index in range(len(items) - 1, -1, -1) if not _is_system(items[index])),
    )


def _fitted_object(given: dict[str, object], size: int, room: int) -> object:
    """Its largest members are cut, the largest first, until all fit."""
    cut = dict(given)
    sizes = {name: size_of(value) for name, value in given.items()}
    over = size - room
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        if (smaller := fitted(cut[name], sizes[name] - over, sizes[name])) is None:
            return None
        cut[name] = smaller
        over -= sizes[name] - size_of(smaller)
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
