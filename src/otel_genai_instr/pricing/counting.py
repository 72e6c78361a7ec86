"""How many tokens a chat is, by the rules that OpenAI published for its chat formats.

The rules: https://developers.openai.com/cookbook/examples/how_to_count_tokens_with_tiktoken
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from ..model import Content, Message, Part, Reasoning, ServerToolCall, Text, ToolCall, ToolCallResponse

if TYPE_CHECKING:
    from tiktoken import Encoding

NEWER: Final = "o200k_base"
OLDER: Final = "cl100k_base"

# Around each message, for a name, and for the beginning of the answer.
_PER_MESSAGE: Final = 3
_PER_NAME: Final = 1
_PER_ANSWER: Final = 3
_INSTRUCTIONS_ROLE: Final = "system"
# Around the functions that are offered: around all of them, each of them, and what each of them takes.
_PER_FUNCTION: Final = {NEWER: 7, OLDER: 10}
_PER_FUNCTIONS: Final = 12
_PER_PARAMETERS: Final = 3
_PER_PARAMETER: Final = 3
_PER_ENUM: Final = -3
_PER_ENUM_VALUE: Final = 3
_SAID_BY_THE_RULE: Final = frozenset({"type", "description", "enum"})
# Longer texts are counted in pieces: the time of a count grows faster than the length of a word.
_PIECE: Final = 4_000


class NotText(Exception):
    """Something that can't be counted: images, audio, files."""


def count_sent(encoding: Encoding, sent: Content) -> int:
    """Count messages, instructions and tools.

    Raises:
        NotText: for anything but text.
    """
    if not sent.framed:
        return count_received(encoding, sent.messages)
    tokens = _PER_ANSWER + sum(_count_message(encoding, message) for message in sent.messages)
    if sent.system_instructions:
        tokens += _count_message(encoding, Message(_INSTRUCTIONS_ROLE, sent.system_instructions))
    return tokens + _count_tools(encoding, sent.tools_in_full or sent.tools)


def count_received(encoding: Encoding, received: Sequence[Message]) -> int:
    """Count what came back.

    Raises:
        NotText: for anything but text.
    """
    return sum(_count_parts(encoding, message.parts) for message in received)


def _count_message(encoding: Encoding, message: Message) -> int:
    tokens = _PER_MESSAGE + _count(encoding, message.role) + _count_parts(encoding, message.parts)
    if message.name:
        tokens += _PER_NAME + _count(encoding, message.name)
    return tokens


def _count_parts(encoding: Encoding, parts: Sequence[Part]) -> int:
    return sum(_count(encoding, text) for part in parts for text in _texts(part))


def _texts(part: Part) -> Iterator[str]:
    if isinstance(part, Text | Reasoning):
        yield part.content
    elif isinstance(part, ToolCall):
        yield part.name
        yield _as_json(part.arguments)
    elif isinstance(part, ToolCallResponse):
        yield _as_json(part.response)
    elif isinstance(part, ServerToolCall):
        yield part.name
        yield _as_json(part.server_tool_call)
    else:
        raise NotText(part.type)


def _count_tools(encoding: Encoding, tools: Iterable[Mapping[str, object]]) -> int:
    """Functions are told to the model in a language of their own; how other tools are, nobody published."""
    tokens = functions = 0
    for tool in tools:
        function = _fields(tool.get("function")) or tool
        if tool.get("type", "function") == "function" and "name" in function:
            functions += 1
            tokens += _count_function(encoding, function)
        else:
            tokens += _count(encoding, _as_json(tool))
    return tokens + (_PER_FUNCTIONS if functions else 0)


def _count_function(encoding: Encoding, function: Mapping[str, object]) -> int:
    tokens = _PER_FUNCTION.get(encoding.name, _PER_FUNCTION[NEWER])
    tokens += _count_line(encoding, function["name"], function.get("description"))
    parameters = _fields(_fields(function.get("parameters")).get("properties"))
    if parameters:
        tokens += _PER_PARAMETERS
    return tokens + sum(_count_parameter(encoding, name, _fields(schema)) for name, schema in parameters.items())


def _count_parameter(encoding: Encoding, name: str, schema: Mapping[str, object]) -> int:
    tokens = _PER_PARAMETER + _count_line(encoding, name, schema.get("type"), schema.get("description"))
    values = schema.get("enum")
    if isinstance(values, list):
        tokens += _PER_ENUM
        for value in cast("list[object]", values):
            tokens += _PER_ENUM_VALUE + _count(encoding, _as_json(value))
    # The rule ends here; objects in objects are at least as long as what they say.
    further = {key: value for key, value in schema.items() if key not in _SAID_BY_THE_RULE}
    return tokens + (_count(encoding, _as_json(further)) if further else 0)


def _count_line(encoding: Encoding, *words: object) -> int:
    return _count(encoding, ":".join(_as_json(word) for word in words).removesuffix("."))


def _fields(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def _as_json(value: object) -> str:
    if value is None:
        return ""
    return (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    )


def _count(encoding: Encoding, text: str) -> int:
    return sum(len(encoding.encode_ordinary(text[start : start + _PIECE])) for start in range(0, len(text), _PIECE))
