"""The completion hook of OpenTelemetry's own GenAI instrumentations: it is given the content of our calls, too.

``opentelemetry-util-genai`` defines what a hook is, and how one is named: by an entry point. Its classes differ by
version, and a hook takes what its own version had: https://pypi.org/project/opentelemetry-util-genai/
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, make_dataclass
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from keyword import iskeyword
from types import ModuleType
from typing import Any, Final, cast

from .. import guard, log, settings
from ..semconv import attributes as names
from ..text import class_name

GROUP: Final = "opentelemetry_genai_completion_hook"

_PARTS: Final = {
    "text": ("TextPart", "Text"),
    "reasoning": ("ReasoningPart", "Reasoning"),
    "tool_call": ("ToolCallRequestPart", "ToolCallRequest", "ToolCall"),
    "tool_call_response": ("ToolCallResponsePart", "ToolCallResponse"),
    "server_tool_call": ("ServerToolCallPart", "ServerToolCall"),
    "server_tool_call_response": ("ServerToolCallResponsePart", "ServerToolCallResponse"),
    "compaction": ("CompactionPart",),
    "blob": ("BlobPart", "Blob"),
    "file": ("FilePart", "File"),
    "uri": ("UriPart", "Uri"),
}
"""What the class of a part is named, in newer versions and in older ones."""
_OTHER_PART: Final = ("GenericPart",)
_TOOLS: Final = {"function": ("FunctionToolDefinition",)}
_OTHER_TOOL: Final = ("GenericToolDefinition",)


class Hook:
    """A completion hook, and what its version of the package calls things."""

    def __init__(self, call: Callable[..., object], types: ModuleType) -> None:
        self._call: Final = call
        self._types: Final = types
        taken = inspect.signature(call).parameters
        self._takes: Final = None if any(each.kind is each.VAR_KEYWORD for each in taken.values()) else frozenset(taken)

    def feed(self, content: Mapping[str, object], span: object, log_record: object = None) -> None:
        """Call it with the content of a call: structures by attribute name, as the conventions have them.

        It may set attributes of ``span`` and of ``log_record``, so that both are to be given before they are exported.
        A fault of the hook is counted and logged by the guard.
        """
        guard.run("completion_hook", self._feed, content, span, log_record)

    def _feed(self, content: Mapping[str, object], span: object, log_record: object) -> None:
        given: dict[str, object] = {
            "inputs": self._messages(content.get(names.INPUT_MESSAGES), "InputMessage"),
            "outputs": self._messages(content.get(names.OUTPUT_MESSAGES), "OutputMessage"),
            "system_instruction": self._parts(content.get(names.SYSTEM_INSTRUCTIONS)),
            "tool_definitions": self._tools(content.get(names.TOOL_DEFINITIONS)) or None,
            "span": span,
            "log_record": log_record,
        }
        takes = self._takes
        self._call(**{name: value for name, value in given.items() if takes is None or name in takes})

    def _messages(self, messages: object, kind: str) -> list[object]:
        return [
            self._made((kind,), {**message, "parts": self._parts(message.get("parts"))}) for message in _dicts(messages)
        ]

    def _parts(self, parts: object) -> list[object]:
        return [self._made(_PARTS.get(str(part.get("type")), _OTHER_PART), part) for part in _dicts(parts)]

    def _tools(self, tools: object) -> list[object]:
        return [self._made(_TOOLS.get(str(tool.get("type")), _OTHER_TOOL), tool) for tool in _dicts(tools)]

    def _made(self, known_as: Sequence[str], data: Mapping[str, object]) -> object:
        base: type | None = next((found for name in known_as if (found := getattr(self._types, name, None))), None)
        if base is not None and known_as is _OTHER_PART and not _required(base) <= set(data):
            base = None  # 1.0b0 had something else in mind
        kind = _class(base, known_as[0], tuple(data))
        given = _required(kind) | {each.name for each in _fields(kind) if each.name in data}
        values = {name: data.get(name) for name in given}
        if base is not None and known_as is _PARTS["blob"]:
            values["content"] = str(values.get("content") or "").encode()  # we have its size and digest instead
        return kind(**values)


def completion_hook_from(environ: Mapping[str, str]) -> Hook | None:
    """The hook that ``OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK`` names. Without one, or if it fails, ``None``."""
    name = environ.get(settings.COMPLETION_HOOK, "").strip()
    return completion_hook(name) if name else None


def completion_hook(name: str) -> Hook | None:
    """The hook of that name. If there is none, or it fails, ``None``, after a warning.

    The package's own loader isn't asked: it logs each fault of a hook, and hides it from whoever counts them.
    """
    offered = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in offered:
        allowed = ", ".join(sorted(offered)) or "none is installed"
        log.warning("%s=%r is not understood; allowed: %s; no hook is called.", settings.COMPLETION_HOOK, name, allowed)
        return None
    try:
        made: Any = offered[name].load()()
        return Hook(made.on_completion, import_module("opentelemetry.util.genai.types"))
    except Exception as error:  # a hook of somebody else's
        log.warning(
            "%s=%r can't be used (%s); no hook is called.",
            settings.COMPLETION_HOOK,
            name,
            class_name(type(error)),
            error=error,
        )
        return None


@lru_cache(128)
def _class(base: type | None, name: str, keys: tuple[str, ...]) -> type:
    """The package's own class; with more fields, if it has none for something that we say."""
    known = set[str]() if base is None else {field.name for field in _fields(base)}
    more = [key for key in keys if key not in known and key.isidentifier() and not iskeyword(key)]
    if base is not None and not more:
        return base
    return make_dataclass(name, [(key, object, None) for key in more], bases=() if base is None else (base,))


def _fields(kind: type) -> tuple[Field[Any], ...]:
    return fields(kind)


def _required(kind: type) -> set[str]:
    return {each.name for each in _fields(kind) if each.default is MISSING and each.default_factory is MISSING}


def _dicts(items: object) -> list[dict[str, object]]:
    if not isinstance(items, list):
        return []
    return [cast("dict[str, object]", item) for item in cast("list[object]", items) if isinstance(item, dict)]
