"""Masks in what tools are given and answer, wherever it stands in content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from ..semconv import attributes as names
from .paths import Path, masked, parsed

EVERY_TOOL: Final = "*"

_OF_A_TOOL: Final = (names.TOOL_CALL_ARGUMENTS, names.TOOL_CALL_RESULT)
_CALLS: Final = {"tool_call": "arguments", "server_tool_call": "server_tool_call"}
_ANSWERS: Final = {"tool_call_response": "response", "server_tool_call_response": "server_tool_call_response"}
"""Parts of messages by their type, and where in them the tool's data is."""


class Masks:
    """Paths by the name of a tool or of an attribute."""

    def __init__(self, paths: Mapping[str, Sequence[str]]) -> None:
        self._paths: Final = {name: tuple(parsed(path) for path in listed) for name, listed in paths.items()}
        self._all: Final = tuple(path for listed in self._paths.values() for path in listed)

    def on(self, structure: dict[str, object], tool: str | None) -> dict[str, object]:
        """Content like ``structure``, which is not changed; ``tool`` is whose arguments and result are attributes."""
        if not self._all:
            return structure
        tools = dict(_calls(structure))
        cleaned: dict[str, object] = {}
        for name, value in structure.items():
            value = masked(value, self._of(tool)) if name in _OF_A_TOOL else self._on_parts(value, tools)
            cleaned[name] = masked(value, self._paths.get(name, ()))
        return cleaned

    def _of(self, tool: str | None) -> tuple[Path, ...]:
        """What is masked for ``tool``. Of one that nobody can name it is all that is masked for any."""
        if tool is None:
            return self._all
        return self._paths.get(tool, ()) + self._paths.get(EVERY_TOOL, ())

    def _on_parts(self, value: object, tools: Mapping[str, str]) -> object:
        """Messages, the parts of one, or a part."""
        if isinstance(value, list):
            return [self._on_parts(item, tools) for item in cast("list[object]", value)]
        if not isinstance(value, dict):
            return value
        part = cast("dict[str, object]", value)
        if "parts" in part:
            return {**part, "parts": self._on_parts(part["parts"], tools)}
        kind = str(part.get("type"))
        if (field := _CALLS.get(kind)) is not None:
            tool = _text(part.get("name"))
        elif (field := _ANSWERS.get(kind)) is not None:
            tool = tools.get(str(part.get("id")))
        else:
            return part
        return {**part, field: masked(part[field], self._of(tool))} if field in part else part


def _calls(value: object) -> Iterator[tuple[str, str]]:
    """Ids of the calls of tools in ``value``, with the tools' names."""
    if isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _calls(item)
    elif isinstance(value, dict):
        part = cast("dict[str, object]", value)
        if str(part.get("type")) in _CALLS:  # an app may write anything there, and a list is no key
            tool = _text(part.get("name"))
            if tool is not None:
                yield str(part.get("id")), tool
        else:
            for inner in part.values():
                if isinstance(inner, list):
                    yield from _calls(cast("list[object]", inner))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
