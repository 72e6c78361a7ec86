"""Reading a price file: bytes to plain data, with the line of every field. Knows nothing of prices.

A price file is written by people and may be anything. What is refused here: what is no file, is too large, isn't
UTF-8, nests too deep, names a key twice, or uses YAML's anchors and tags, with which a few lines can stand for
gigabytes.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .errors import PriceFileError

if TYPE_CHECKING:
    from yaml import Event

MAX_BYTES: Final = 2_000_000
_MAX_DEPTH: Final = 12

Place = tuple[str | int, ...]
"""Where a field stands: ``("prices", 2, "model")``."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, or a dictionary that was passed in code."""

    data: object
    name: str
    """How messages call it: the path, or ``prices``."""
    lines: Mapping[Place, int]
    """Line of each field, counted from one; empty where no lines are known."""

    def error(self, place: Place, problem: str) -> PriceFileError:
        """Return the error to raise about the field at ``place``."""
        line = next((self.lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in self.lines), None)
        where = self.name if line is None else f"{self.name}, line {line}"
        field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")
        return PriceFileError(f"{where}: {field}: {problem}" if field else f"{where}: {problem}")


def read_price_file(path: Path) -> Document:
    """Read a YAML or JSON file. A name that ends in neither ``.yaml``, ``.yml`` nor ``.json`` is judged by its text.

    Raises:
        PriceFileError: if it can't be read or understood.
    """
    text = _text(path)
    is_json = path.suffix.lower() == ".json" or (
        path.suffix.lower() not in (".yaml", ".yml") and text.lstrip().startswith("{")
    )
    try:
        return Document(_from_json(text, str(path)), str(path), {}) if is_json else _from_yaml(text, str(path))
    except RecursionError:
        raise PriceFileError(f"{path}: nested too deep; at most {_MAX_DEPTH} levels are understood") from None


def read_bytes(path: Path, most: int) -> bytes:
    """Read a regular file of at most ``most`` bytes.

    Raises:
        PriceFileError: if there is none, or it is larger.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # before opening: opening a pipe would wait for its writer
            raise PriceFileError(f"{path}: is not a file")
        with open(path, "rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise PriceFileError(f"{path}: can't be read: {error.strerror or type(error).__name__}") from None
    except ValueError as error:
        if isinstance(error, PriceFileError):
            raise
        raise PriceFileError(f"{path!r}: is not the name of a file") from None  # it has a null character
    if len(content) > most:
        raise PriceFileError(f"{path}: is larger than {most:,} bytes")
    return content


def _text(path: Path) -> str:
    try:
        return read_bytes(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PriceFileError(f"{path}: is not UTF-8 text (byte {error.start})") from None


def _from_json(text: str, name: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise PriceFileError(f"{name}, line {error.lineno}: is not JSON: {error.msg}") from None
    except ValueError as error:  # a key that stands twice, a number of thousands of digits
        raise PriceFileError(f"{name}: is not understood: {error}") from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key} stands twice in one object")
        found[key] = value
    return found


def _from_yaml(text: str, name: str) -> Document:
    try:
        import yaml  # here: only who writes YAML pays for it
    except ImportError:
        raise PriceFileError(f"{name}: YAML needs the package PyYAML; JSON is understood without it") from None
    loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data, lines = _Builder(name, yaml.SafeLoader("")).build(yaml.parse(text, loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = name if mark is None else f"{name}, line {mark.line + 1}"
        raise PriceFileError(f"{where}: is not YAML: {getattr(error, 'problem', None) or error}") from None
    return Document(data, name, lines)


class _Builder:
    """Makes plain data of YAML's events, without recursion and without what a bomb is made of."""

    def __init__(self, name: str, resolver: Any) -> None:
        self._name = name
        self._resolver = resolver
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
                    raise self._refused(line, f"{key}: stands twice")
                continue
            step: str | int = key if key is not None else len(parent)
            key = None
            here = (*place, step) if parent is not top else ()
            self._lines[here] = line
            if isinstance(event, yaml.ScalarEvent):
                value: object = self._scalar(event, line)
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
                if len(open_ones) > _MAX_DEPTH:
                    raise self._refused(line, f"nested too deep; at most {_MAX_DEPTH} levels are understood")
        return (top[0] if top else None), self._lines

    def _scalar(self, event: Any, line: int) -> object:
        import yaml

        if not event.implicit[0]:
            return event.value  # in quotes
        tag = self._resolver.resolve(yaml.ScalarNode, event.value, (True, False))
        try:
            return self._resolver.construct_object(yaml.ScalarNode(tag, event.value))
        except (yaml.YAMLError, ValueError) as error:
            raise self._refused(line, f"{event.value[:40]!r} is not understood: {error}") from None

    def _refused(self, line: int, problem: str) -> PriceFileError:
        return PriceFileError(f"{self._name}, line {line}: {problem}")
