"""Keyed hashes of what was asked: the same for the same messages, in every process that has the key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from json.encoder import encode_basestring_ascii
from typing import Final, cast

from ..model import Content, Message, Part, Text
from ..privacy.keyed import PREFIX, keyed_digits
from .content import messages_as_dicts, part_as_dict

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode
_quoted = encode_basestring_ascii
_MOST: Final = 1_048_576
"""Characters that are hashed: time is for the call."""
PARTIAL: Final = "hmac-sha256-partial:"
"""What stands before the hash of the first characters, and how many items there are."""
_SYSTEM: Final = ("system", "developer")


def hash_of_input(sent: Content, key: str) -> str | None:
    """Of all messages; ``None`` where there are none."""
    return _keyed(map(_message_line, sent.messages), len(sent.messages), key) if sent.messages else None


def hash_of_system(sent: Content, key: str) -> str | None:
    """Of the instructions, or else of the parts of system and developer messages."""
    parts: Sequence[Part] = sent.system_instructions
    if not parts:
        parts = [part for message in sent.messages if message.role in _SYSTEM for part in message.parts]
    return _keyed(map(_part_line, parts), len(parts), key) if parts else None


def _keyed(lines: Iterable[str], count: int, key: str) -> str:
    """HMAC-SHA256 over one line of JSON for each item, or over the first characters and how many items there are."""
    text = ""
    prefix = PREFIX
    for line in lines:
        text += line + "\n"
        if len(text) > _MOST:
            prefix, text = PARTIAL, f"{text[:_MOST]}\n{count}\n"
            break
    return prefix + keyed_digits(key.encode(errors="replace"), text.encode())


def _message_line(message: Message) -> str:
    if len(message.parts) == 1 and message.name is None and message.finish_reason is None:
        part = message.parts[0]
        if type(part) is Text:  # nearly all are: written at once, as the encoder would
            return f'{{"parts":[{_text(part.content)}],"role":{_quoted(message.role)}}}'
    return _encode(_shortened(messages_as_dicts([message])[0]))


def _part_line(part: Part) -> str:
    return _text(part.content) if type(part) is Text else _encode(_shortened(part_as_dict(part)))


def _text(content: str) -> str:
    return f'{{"content":{_quoted(content[:_MOST])},"type":"text"}}'


def _shortened(value: object) -> object:
    """``value`` with no text longer than what is hashed at most."""
    if isinstance(value, str):
        return value[:_MOST]
    if isinstance(value, Mapping):
        return {name: _shortened(item) for name, item in cast("Mapping[str, object]", value).items()}
    if isinstance(value, list):
        return [_shortened(item) for item in cast("list[object]", value)]
    return value
