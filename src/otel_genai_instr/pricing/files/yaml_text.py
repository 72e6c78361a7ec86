"""YAML text to plain data, with the line of every field: without recursion, anchors and tags.

Words are read as YAML 1.2 has them, so ``no`` is a text, ``010`` is ten and ``1:30`` is no number. Days stay texts.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from ..errors import UserFileError
from .document import Place, too_deep
from .json_text import whole_number

if TYPE_CHECKING:
    from yaml import Event

_WHOLE: Final = re.compile(r"[-+]?[0-9]+")
_NUMBER: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER: Final = re.compile(r"([-+]?)\.(inf|nan)", re.IGNORECASE)
_WORDS: Final = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def read_yaml(text: str, name: str, most_levels: int) -> tuple[object, dict[Place, int]]:
    """Return what the text says, and on which line each field of it stands. ``name`` is for messages.

    Raises:
        UserFileError: if it is not YAML, nests deeper than ``most_levels``, has a key twice, an anchor, an alias or
            a tag, or if there is no PyYAML.
    """
    try:
        import yaml  # here: only who writes YAML pays for it
    except ImportError:
        raise UserFileError(f"{name}: YAML needs the package PyYAML; JSON is understood without it") from None
    loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(name, most_levels).build(yaml.parse(text, loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        if mark is not None:
            # The parser looks ahead, and may give up (on nesting, too) before we were told what stands before that.
            with contextlib.suppress(yaml.YAMLError):
                _Builder(name, most_levels).build(yaml.parse(text[: mark.index], loader))
        where = name if mark is None else f"{name}, line {mark.line + 1}"
        problem = getattr(error, "problem", None) or " ".join(str(error).split())  # in one line
        raise UserFileError(f"{where}: is not YAML: {problem}") from None


class _Builder:
    """Makes plain data of YAML's events."""

    def __init__(self, name: str, most_levels: int) -> None:
        self._name = name
        self._most_levels = most_levels
        self._lines: dict[Place, int] = {}

    def build(self, events: Iterator[Event]) -> tuple[object, dict[Place, int]]:
        import yaml

        top: list[object] = []
        open_ones: list[dict[str, object] | list[object]] = [top]
        place: list[str | int] = []
        key: str | None = None
        for event in events:
            line = 1 if event.start_mark is None else event.start_mark.line + 1
            if isinstance(event, yaml.AliasEvent):
                raise self._refused(line, "anchors and aliases are not understood; write the value out")
            if isinstance(event, yaml.DocumentStartEvent) and top:
                raise self._refused(line, "a second document begins; one is understood")
            if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                open_ones.pop()
                if place:
                    place.pop()
                continue
            if not isinstance(event, yaml.ScalarEvent | yaml.MappingStartEvent | yaml.SequenceStartEvent):
                continue
            if event.anchor is not None or event.tag not in (None, "!"):
                raise self._refused(line, "anchors and tags are not understood; write the value out")
            parent = open_ones[-1]
            if isinstance(parent, dict) and key is None:
                if not isinstance(event, yaml.ScalarEvent):
                    raise self._refused(line, "a key has to be a word")
                key = str(event.value)
                if key in parent:
                    raise self._refused(line, f"{key[:40]}: stands twice")
                continue
            step: str | int = key if key is not None else len(parent)
            key = None
            here = (*place, step) if parent is not top else ()
            self._lines[here] = line
            if isinstance(event, yaml.ScalarEvent):
                value: object = _scalar(str(event.value), plain=event.implicit[0])
            else:
                value = {} if isinstance(event, yaml.MappingStartEvent) else []
            if isinstance(parent, dict):
                parent[str(step)] = value
            else:
                parent.append(value)
            if isinstance(value, dict | list):
                open_ones.append(value)  # pyright: ignore[reportUnknownArgumentType] - made two lines above
                if here:
                    place.append(step)
                if len(open_ones) - 1 > self._most_levels:  # without the top
                    raise too_deep(self._name, line, self._most_levels)
        return (top[0] if top else None), self._lines

    def _refused(self, line: int, problem: str) -> UserFileError:
        return UserFileError(f"{self._name}, line {line}: {problem}")


def _scalar(text: str, *, plain: bool) -> object:
    """Return what a word means. ``plain``: it stands without quotes."""
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return whole_number(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    if endless := _NO_NUMBER.fullmatch(text):
        return float(endless[1] + endless[2])
    return text
