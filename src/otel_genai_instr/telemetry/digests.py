"""Keyed hashes of what was asked: the same for the same messages, in every process that has the key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, cast

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode
_DIGITS: Final = 32
_MOST: Final = 1_048_576
"""Characters that are hashed: time is for the call."""
WHOLE: Final = "hmac-sha256:"
PARTIAL: Final = "hmac-sha256-partial:"
"""What stands before the hash of the first characters, and how many items there are."""


def keyed_hash(items: Sequence[object], key: str) -> str:
    """HMAC-SHA256 of JSON data, 32 hex digits of it."""
    import hashlib  # they load a library, for what few calls have
    import hmac

    digest = hmac.new(key.encode(errors="replace"), digestmod=hashlib.sha256)
    left = _MOST
    for item in items:
        size = _characters(item, left)
        text = _encode(item if size < left else _shortened(item, left))
        digest.update(text.encode())
        digest.update(b"\n")
        left -= size
        if left <= 0:
            digest.update(str(len(items)).encode())
            return PARTIAL + digest.hexdigest()[:_DIGITS]
    return WHOLE + digest.hexdigest()[:_DIGITS]


def _characters(value: object, most: int) -> int:
    """How many characters of text ``value`` has, at least until ``most`` are found."""
    if isinstance(value, str):
        return len(value)
    found = 0
    if isinstance(value, Mapping):
        value = list(cast("Mapping[object, object]", value).values())
    if isinstance(value, list | tuple):
        for item in cast("Sequence[object]", value):
            found += 1 + _characters(item, most - found)
            if found > most:
                break
    return found


def _shortened(value: object, most: int) -> object:
    """``value`` with at most ``most`` characters of each text, and as many items of each list."""
    if isinstance(value, str):
        return value[:most]
    if isinstance(value, Mapping):
        given = cast("Mapping[object, object]", value)
        return {str(name): _shortened(item, most) for name, item in given.items()}
    if isinstance(value, list | tuple):
        return [_shortened(item, most) for item in cast("Sequence[object]", value)[:most]]
    return value
