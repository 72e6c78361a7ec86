"""A conversation as people read it. What a terminal would obey in it is shown, and never passed on."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Final, cast

from ..semconv import attributes as names
from ..store.reading import Stored
from .tables import clean_line, say

_APART: Final = {"content"}
_INDENT: Final = "  "
_CALLS: Final = {"tool_call": "arguments", "server_tool_call": "server_tool_call"}
_BLOB: Final = "blob"
_RESULTS: Final = {"tool_call_response": "response", "server_tool_call_response": "server_tool_call_response"}


def show_conversation(stored: Stored) -> None:
    """Write the facts of a call, and what was said in it, on standard output."""
    facts = {name: _text(value) for name, value in stored.record.items() if name not in _APART}
    facts["stored at"] = stored.reference
    width = max(map(len, facts))
    for name, value in facts.items():
        say(f"{clean_line(name):<{width}}  {clean_line(value)}")
    content = stored.record.get("content")
    if isinstance(content, dict):
        show_content(cast("dict[str, object]", content))


def show_content(content: Mapping[str, object]) -> None:
    """Write what was said in a call on standard output; each section after an empty line."""
    for heading, text in sections(content):
        say()
        say_heading(clean_line(heading))
        for line in text.splitlines():
            say(f"{_INDENT}{clean_line(line)}".rstrip())


def sections(content: Mapping[str, object], indent: int | None = None) -> Iterator[tuple[str, str]]:
    """Who said it, and what; in the order in which a model is told. Data is on one line, unless it is indented."""
    left = dict(content)
    tools = _list(left.pop(names.TOOL_DEFINITIONS, None))
    if tools:
        yield "tools", "\n".join(_tool(_mapping(tool)) for tool in tools)
    instructions = _list(left.pop(names.SYSTEM_INSTRUCTIONS, None))
    if instructions:
        yield "system", "\n".join(_part(_mapping(part), indent) for part in instructions)
    for name in (names.INPUT_MESSAGES, names.OUTPUT_MESSAGES):
        for message in map(_mapping, _list(left.pop(name, None))):
            who = " ".join(str(each) for each in (message.get("role", "?"), message.get("name")) if each)
            reason = message.get("finish_reason")
            heading = f"{who} ({reason})" if reason else who
            yield heading, "\n".join(_part(_mapping(part), indent) for part in _list(message.get("parts")))
    for name, value in left.items():
        yield name, _text(value, indent)


def _part(part: Mapping[str, object], indent: int | None) -> str:
    kind = str(part.get("type"))
    if kind == "text":
        return _text(part.get("content"))
    if kind == "reasoning":
        return f"[reasoning] {_text(part.get('content'))}"
    if kind in _CALLS:
        given = _text(part.get(_CALLS[kind]), indent)
        return f"[calls {part.get('name')}{_id(part)}] {given}"
    if kind in _RESULTS:
        return f"[result{_id(part)}] {_text(part.get(_RESULTS[kind]), indent)}"
    said = {name: value for name, value in part.items() if name != "type" and value not in (None, "")}
    if kind == _BLOB and isinstance(data := said.get("content"), str):
        said["content"] = f"{len(data):,} characters of base64"
    return f"[{kind}] " + ", ".join(f"{name}: {_text(value)}" for name, value in said.items())


def _tool(tool: Mapping[str, object]) -> str:
    described = tool.get("description")
    return f"{tool.get('name') or tool.get('type')}" + (f": {_text(described)}" if described else "")


def _id(part: Mapping[str, object]) -> str:
    identity = part.get("id")
    return f" {identity}" if identity else ""


def say_heading(text: str) -> None:
    """Write a line that stands above others on standard output."""
    if sys.stdout.isatty() and _draw_heading(text):
        return
    say(text)


def _draw_heading(text: str) -> bool:
    """Write the line in bold by ``rich``, and return whether it is there."""
    try:
        from rich.console import Console
        from rich.text import Text
    except ImportError:
        return False
    Console().print(Text(text, style="bold"))
    return True


def _text(value: object, indent: int | None = None) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=indent)


def _mapping(value: object) -> Mapping[str, object]:
    """``value``, or what stands for it in content that was cut or is not ours."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {"type": "text", "content": value}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else [] if value is None else [value]
