"""Messages, instructions and tools to the JSON shapes of the conventions.

Events carry the structure itself; spans, whose attributes are flat, carry one JSON string each.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Final, NamedTuple, cast

from ..model import Blob, Content, Generic, Message, Part, Text
from ..semconv import attributes as names
from ..text import encodable
from .cutting import as_json, bytes_of, fitted, shortened_text

Structure = dict[str, object]

_LARGEST_BITS: Final = 64
_BLOCK: Final = 65_536
"""Characters of base64 at a time: a multiple of four."""


def of_request(content: Content) -> Structure:
    """The structured content attributes of what was sent, or is said beside messages."""
    structure: Structure = {}
    if content.system_instructions:
        structure[names.SYSTEM_INSTRUCTIONS] = [part_as_dict(part) for part in content.system_instructions]
    if content.messages:
        structure[names.INPUT_MESSAGES] = messages_as_dicts(content.messages)
    if content.tools:
        structure[names.TOOL_DEFINITIONS] = [plain(tool) for tool in content.tools]
    if content.attributes:
        structure.update((name, plain(value)) for name, value in content.attributes.items())
    return structure


def of_output(messages: Sequence[Message]) -> Structure:
    """The structured content attribute of what came back."""
    return {names.OUTPUT_MESSAGES: messages_as_dicts(messages)} if messages else {}


class Fitted(NamedTuple):
    """Content within a budget."""

    structure: Structure
    """For events."""
    texts: dict[str, str]
    """The same for spans: one JSON string per attribute; what is a string stays one."""
    cut: int
    """Bytes that were left out."""


def fit(structure: Structure, room: int) -> Fitted:
    """``structure`` with at most ``room`` bytes per attribute; what can't be cut to fit is left out."""
    kept: Structure = {}
    texts: dict[str, str] = {}
    cut = 0
    for name, value in structure.items():
        text = value if isinstance(value, str) else as_json(value)
        if (size := bytes_of(text)) > room:
            cut += size
            if isinstance(value, str):
                value = text = shortened_text(value, room)
            elif (value := fitted(value, room)) is None:
                continue
            else:
                text = as_json(value)
            cut -= bytes_of(text)
        kept[name] = value
        texts[name] = text
    return Fitted(kept, texts, cut)


def messages_as_dicts(messages: Iterable[Message]) -> list[Structure]:
    """Messages as the JSON schema of the conventions has them."""
    return [
        _without_none(
            {
                "role": message.role,
                "parts": [part_as_dict(part) for part in message.parts],
                "name": message.name,
                "finish_reason": message.finish_reason,
            }
        )
        for message in messages
    ]


def part_as_dict(part: Part) -> Structure:
    """One message part; optional fields that are not set are left out."""
    if type(part) is Text:
        return {"type": "text", "content": part.content if part.content.isascii() else encodable(part.content)}
    if type(part) is Blob:
        return _described(part)
    if isinstance(part, Generic):
        return {"type": part.type, **cast(Structure, plain(part.fields))}
    given = {field.name: plain(getattr(part, field.name)) for field in fields(part) if field.name != "type"}
    return {"type": part.type, **_without_none(given)}


def _described(blob: Blob) -> Structure:
    """What inline media is, without itself: its size in bytes, and a digest that finds the file it came from."""
    described: Structure = {"type": "blob", "modality": blob.modality, "mime_type": blob.mime_type, "content": ""}
    return _without_none({**described, **_measured(blob.content)})


def _measured(data: str) -> Structure:
    """Length and SHA-256 of what the base64 ``data`` stands for; a copy of it is never held."""
    import hashlib  # it loads a library of its own, for what few calls have

    digest, size = hashlib.sha256(), 0
    try:
        for begin in range(0, len(data), _BLOCK):
            block = base64.b64decode(data[begin : begin + _BLOCK])
            digest.update(block)
            size += len(block)
    except ValueError:  # it is no base64
        return {}
    return {"size": size, "digest": f"sha256:{digest.hexdigest()}"}


def plain(value: object) -> object:
    """``value`` as JSON data: never raises, never calls into foreign objects, keeps no reference to them."""
    if isinstance(value, str):
        return encodable(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        # Beyond 64 bits the whole attribute would be lost on its way.
        return value if value.bit_length() < _LARGEST_BITS else f"<int of {value.bit_length()} bits>"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)  # JSON has no NaN and no infinity
    if isinstance(value, Mapping):
        return {encodable(str(key)): plain(item) for key, item in cast(Mapping[object, object], value).items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in cast(Iterable[object], value)]
    return f"<{type(value).__name__}>"


def _without_none(structure: Structure) -> Structure:
    return {name: value for name, value in structure.items() if value is not None}
