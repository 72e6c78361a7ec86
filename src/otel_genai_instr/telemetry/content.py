"""Messages, instructions and tools to the JSON shapes of the conventions.

Events carry the structure itself; spans, whose attributes are flat, carry one JSON string each.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from types import NoneType
from typing import Final, NamedTuple, cast

from ..model import Blob, Content, Generic, Message, Part, Text
from ..semconv import attributes as names
from ..text import encodable, pieces
from .cutting import as_json, bytes_of, encode, fitted, is_small, shortened_text, size_of

Structure = dict[str, object]

_DATA: Final = (
    names.TOOL_CALL_ARGUMENTS,
    names.TOOL_CALL_RESULT,
    names.RETRIEVAL_DOCUMENTS,
    names.MEMORY_RECORDS,
)
"""What is JSON whatever it holds: a text in quotes."""
_LARGEST_BITS: Final = 64
_DEEPEST: Final = 24
"""Levels of lists and objects. Decoders of protobuf stop at 100, of which each of these takes three."""
_MOST_ITEMS: Final = 10_000
"""Items and members of one value, in all its levels: so a circle has an end, and the time that is taken for it."""


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


def fit(structure: Structure, room: int, places: int | None = None) -> Fitted:
    """``structure`` with at most ``room`` bytes per attribute; what can't be cut to fit is left out.

    Of the texts, for a span, there are at most as many as it has ``places`` for; the others count as cut.
    """
    kept: Structure = {}
    texts: dict[str, str] = {}
    cut = 0
    at_once = is_small(structure, room)
    for name, value in structure.items():
        if isinstance(value, str) and name not in _DATA:
            text = value
            size = bytes_of(text)
        elif not (at_once or is_small(value, room)):
            text = None
            size = size_of(value)
        elif (text := encode(value)).isascii():
            size = len(text)
        else:
            text = encodable(text)
            size = bytes_of(text)
        if size > room:
            cut += size
            if text is not None and text is value:
                value = text = shortened_text(text, room)
            elif (value := fitted(value, room, size)) is None:
                continue
            else:
                text = as_json(value)
            cut -= bytes_of(text)
        elif text is None:
            text = as_json(value)
        kept[name] = value
        texts[name] = text
    if places is not None and len(texts) > places:
        for name in list(texts)[places:]:
            cut += bytes_of(texts.pop(name))
    return Fitted(kept, texts, cut)


def messages_as_dicts(messages: Iterable[Message]) -> list[Structure]:
    """Messages as the JSON schema of the conventions has them."""
    return [_message_as_dict(message) for message in messages]


def _message_as_dict(message: Message) -> Structure:
    said: Structure = {"role": message.role, "parts": [part_as_dict(part) for part in message.parts]}
    if message.name is not None:
        said["name"] = message.name
    if message.finish_reason is not None:
        said["finish_reason"] = message.finish_reason
    return said


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
        for piece in pieces(data):  # each is a multiple of four characters, but the last
            block = base64.b64decode(piece)
            digest.update(block)
            size += len(block)
    except ValueError:  # it is no base64
        return {}
    return {"size": size, "digest": f"sha256:{digest.hexdigest()}"}


def plain(value: object) -> object:
    """``value`` as JSON data: never raises, keeps no reference to foreign objects, and asks them for nothing but what
    they hold. What isn't data, goes too deep or is too much is named by its type: ``<list>``."""
    if isinstance(value, str):
        return encodable(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        # Beyond 64 bits the whole attribute would be lost on its way.
        return value if value.bit_length() < _LARGEST_BITS else f"<int of {value.bit_length()} bits>"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)  # JSON has no NaN and no infinity
    return _Copy().of(value, 1)


class _Copy:
    """Of lists and mappings, within bounds."""

    def __init__(self) -> None:
        self._left = _MOST_ITEMS

    def of(self, value: object, level: int) -> object:
        held = _held(value, self._left) if level <= _DEEPEST else None
        if held is None:
            return f"<{type(value).__name__}>"
        self._left -= len(held)
        if isinstance(held, dict):
            return {_key(key): self._item(item, level) for key, item in held.items()}
        return [self._item(item, level) for item in held]

    def _item(self, value: object, level: int) -> object:
        return plain(value) if issubclass(type(value), _SCALARS) else self.of(value, level + 1)


_SCALARS: Final = (str, int, float, NoneType)
_LISTS: Final = (list, tuple, set, frozenset)


def _held(value: object, most: int) -> list[object] | dict[object, object] | None:
    """What a list or a mapping holds, if that is no more than ``most``; another thread may change it meanwhile, and it
    may be of a class of the app's, which does what it likes."""
    try:
        if isinstance(value, _LISTS):
            items = cast("Sequence[object]", value)
            return list(items) if len(items) <= most else None
        if isinstance(value, Mapping):
            pairs = cast("Mapping[object, object]", value)
            return dict(pairs.items()) if len(pairs) <= most else None
    except Exception:
        pass
    return None


def _key(key: object) -> str:
    if isinstance(key, str):
        return encodable(key)
    return str(key) if key is None or isinstance(key, int | float) else f"<{type(key).__name__}>"


def _without_none(structure: Structure) -> Structure:
    return {name: value for name, value in structure.items() if value is not None}
