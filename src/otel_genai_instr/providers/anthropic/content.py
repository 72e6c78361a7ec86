"""Request bodies and messages to neutral messages; only used when content is captured or counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from ...model import (
    Blob,
    Content,
    File,
    Generic,
    Message,
    Part,
    Reasoning,
    ServerToolCall,
    Text,
    ToolCall,
    ToolCallResponse,
    Uri,
)
from ..fields import as_list, as_str, fields_of
from ..json_text import json_or_text

_KEPT_BY_THE_PROVIDER: Final = ("container", "mcp_servers")
# The message schema's words for the provider's stop reasons.
_FINISH: Final = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_call",
    "refusal": "content_filter",
}
_TOOL_RESULT: Final = "_tool_result"
_OPAQUE: Final = "encrypted_"


def read_content(body: Mapping[str, object]) -> Content:
    """The body of a request."""
    return Content(
        system_instructions=[_instruction(part) for part in _parts(body.get("system"))],
        messages=[_message(fields_of(message)) for message in as_list(body.get("messages"))],
        tools=[_tool(fields_of(tool)) for tool in as_list(body.get("tools"))],
        complete=not any(body.get(name) for name in _KEPT_BY_THE_PROVIDER),
    )


def read_output(message: Mapping[str, object]) -> list[Message]:
    """The one message that came; none, if it says nothing."""
    parts = list(_parts(message.get("content")))
    if not parts:
        return []
    reason = as_str(message.get("stop_reason"))
    finish = _FINISH.get(reason, reason) if reason is not None else None
    return [Message(as_str(message.get("role")) or "assistant", parts, finish_reason=finish)]


def plain(value: object) -> object:
    """JSON data of dictionaries and SDK objects, in a copy; without what only the provider can read."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list | tuple):
        return [plain(item) for item in cast("list[object]", value)]
    fields = fields_of(value)
    if not fields and type(value) is not dict:
        return value
    return {name: plain(item) for name, item in fields.items() if not str(name).startswith(_OPAQUE)}


def _instruction(part: Part) -> Part:
    """The conventions have but text here."""
    return part if isinstance(part, Text | Generic) else Generic(part.type)


def _message(message: Mapping[str, object]) -> Message:
    parts = list(_parts(message.get("content")))
    role = as_str(message.get("role")) or "user"
    if parts and all(isinstance(part, ToolCallResponse) for part in parts):
        role = "tool"  # Anthropic has no such role: results come from the user
    return Message(role, parts)


def _parts(content: object) -> Iterator[Part]:
    text = as_str(content)
    if text is not None:
        yield Text(text)
    for item in as_list(content):
        words = as_str(item)
        if words is not None:
            yield Text(words)
        else:
            yield from _block_parts(fields_of(item))


def _block_parts(block: Mapping[str, object]) -> Iterator[Part]:
    kind = as_str(block.get("type")) or "unknown"
    if kind == "text":
        yield Text(as_str(block.get("text")) or "")
    elif kind == "thinking":
        thought = as_str(block.get("thinking"))
        if thought is not None:  # left out on request
            yield Reasoning(thought)
    elif kind in ("image", "document"):
        yield from _media(kind, fields_of(block.get("source")))
    elif kind == "tool_use":
        yield ToolCall(_name(block), as_str(block.get("id")), json_or_text(plain(block.get("input"))))
    elif kind == "tool_result":
        yield ToolCallResponse(_tool_answer(block.get("content")), as_str(block.get("tool_use_id")))
    elif kind == "server_tool_use":
        yield _server_call(block, {"type": _name(block)})
    elif kind == "mcp_tool_use":
        yield _server_call(block, {"type": "mcp", "server_name": as_str(block.get("server_name"))})
    elif kind.endswith(_TOOL_RESULT):
        yield _server_answer(kind.removesuffix(_TOOL_RESULT), block)
    elif kind == "container_upload" and (file_id := as_str(block.get("file_id"))) is not None:
        yield File("document", file_id)
    else:
        told = {name: plain(block[name]) for name in ("id", "name", "title", "source", "content") if block.get(name)}
        yield Generic(kind, told)


def _media(modality: str, source: Mapping[str, object]) -> Iterator[Part]:
    kind = as_str(source.get("type"))
    data, url, file_id = as_str(source.get("data")), as_str(source.get("url")), as_str(source.get("file_id"))
    if kind == "base64" and data is not None:
        yield Blob(modality, data, as_str(source.get("media_type")))
    elif kind == "url" and url is not None and not url.startswith("data:"):
        yield Uri(modality, url)
    elif kind == "file" and file_id is not None:
        yield File(modality, file_id)
    elif kind == "text" and data is not None:
        yield Text(data)
    elif kind == "content":
        yield from _parts(source.get("content"))
    else:
        yield Generic(modality)


def _name(block: Mapping[str, object]) -> str:
    return as_str(block.get("name")) or "unknown"


def _tool_answer(content: object) -> object:
    blocks = [fields_of(item) for item in as_list(content)]
    if blocks and all(as_str(block.get("type")) == "text" for block in blocks):
        return "".join(as_str(block.get("text")) or "" for block in blocks)
    return "" if content is None else plain(content)


def _server_call(block: Mapping[str, object], said: Mapping[str, object]) -> ServerToolCall:
    call = {name: value for name, value in said.items() if value is not None}
    return ServerToolCall(
        _name(block), {**call, "input": json_or_text(plain(block.get("input")))}, as_str(block.get("id"))
    )


def _server_answer(kind: str, block: Mapping[str, object]) -> Generic:
    fields: dict[str, object] = {"server_tool_call_response": {"type": kind, "content": plain(block.get("content"))}}
    if (identity := as_str(block.get("tool_use_id"))) is not None:
        fields["id"] = identity
    return Generic("server_tool_call_response", fields)


def _tool(tool: Mapping[str, object]) -> Mapping[str, object]:
    """Type and name, and what the model is told of it: a tool of the provider's has no more than these."""
    kind = as_str(tool.get("type")) or "custom"
    read: dict[str, object] = {
        "type": "function" if kind == "custom" else kind,
        "name": as_str(tool.get("name")) or as_str(tool.get("mcp_server_name")) or kind,
    }
    if (description := as_str(tool.get("description"))) is not None:
        read["description"] = description
    if parameters := fields_of(tool.get("input_schema")):
        read["parameters"] = parameters
    return read
