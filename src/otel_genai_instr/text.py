"""Text that every exporter can carry."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final, cast

from . import log

PIECE: Final = 65_536
"""How much of what is long is in memory once more, at a time: characters, or bytes."""

_speechless: Final[set[type]] = set()
"""Classes whose objects had no text, which was said."""


def as_text(field: str, value: object) -> str | None:
    """What somebody gave as a name: strings, lazy ones too, bytes, numbers, UUIDs, members of enumerations, ...

    ``None`` when its class can't say it as text, which is logged once for each class: that is no reason to fail.
    """
    try:
        return encodable(_said_by(value))
    except Exception as error:
        if type(value) not in _speechless:
            _speechless.add(type(value))
            # Neither the object nor the error is shown: what can't be said may not be shown either.
            log.warning(
                "%s is left out: %s gives no text (%s); this is logged once.",
                field,
                class_name(type(value)),
                class_name(type(error)),
            )
        return None


def _said_by(value: object) -> str:
    kind = type(value)  # not `isinstance`: a lazy object says that it is a string, which helps nobody who needs one
    if issubclass(kind, str):
        return cast(str, value)
    if issubclass(kind, bytes | bytearray):
        return cast("bytes | bytearray", value).decode(errors="replace")
    if issubclass(kind, Enum):
        meant: object = cast(Enum, value).value
        if isinstance(meant, str):
            return meant
    return str(value)


def encodable(text: str) -> str:
    """``text`` as a plain string without lone surrogates: a single one would lose the whole export batch.

    A member of an enumeration of strings is its value: that is what an SDK sends, and not its name.
    """
    if type(text) is not str:
        text = str.__str__(text)
    if text.isascii():
        return text
    if len(text) > PIECE:
        return text if all(map(_is_encodable, pieces(text))) else "".join(map(encodable, pieces(text)))
    return text if _is_encodable(text) else text.encode("utf-8", "replace").decode()


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def pieces(text: str) -> Iterator[str]:
    """``text`` in pieces, so that nothing long is encoded at once."""
    return (text[begin : begin + PIECE] for begin in range(0, len(text), PIECE))


def class_name(kind: type) -> str:
    """The canonical name of a class: with its module, but for those that Python has built in."""
    module = kind.__module__
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"
