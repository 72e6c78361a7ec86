"""Request bodies and results to neutral messages; only used when content is captured or counted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

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
from .endings import finish_reasons_of

_KEPT_BY_THE_PROVIDER: Final = ("previous_response_id", "conversation", "prompt")
# The message schema's words for the provider's finish reasons.
_FINISH: Final = {"tool_calls": "tool_call", "function_call": "tool_call"}


def read_chat_content(body: Mapping[str, object]) -> Content:
    """The body of a chat completion request."""
    return Content(
        messages=[_chat_message(fields_of(message)) for message in as_list(body.get("messages"))],
        tools=[*_tools(body.get("tools")), *_functions(body.get("functions"))],
        tools_in_full=[fields_of(tool) for tool in (*as_list(body.get("tools")), *as_list(body.get("functions")))],
    )


def read_responses_content(body: Mapping[str, object]) -> Content:
    """The body of a Responses request; of a response, which says its instructions and tools again, those."""
    given = body.get("input")
    text = as_str(given)
    return Content(
        system_instructions=_instructions(body.get("instructions")),
        messages=[Message("user", [Text(text)])] if text is not None else read_items(given),
        tools=_tools(body.get("tools")),
        tools_in_full=[fields_of(tool) for tool in as_list(body.get("tools"))],
        complete=not any(body.get(name) for name in _KEPT_BY_THE_PROVIDER),
    )


def _instructions(given: object) -> list[Part]:
    """Text; a response may say them as the items of a prompt that the provider keeps."""
    text = as_str(given)
    if text is not None:
        return [Text(text)]
    return [part for item in as_list(given) for part in _item_parts(fields_of(item))]


def read_chat_output(result: object) -> list[Message]:
    """One message per choice of a chat completion."""
    return [
        output_message(fields_of(fields_of(choice).get("message")), as_str(fields_of(choice).get("finish_reason")))
        for choice in as_list(fields_of(result).get("choices"))
    ]


def read_response_output(result: object) -> list[Message]:
    """The items of a response as its one message."""
    response = fields_of(result)
    parts = [part for item in as_list(response.get("output")) for part in _item_parts(fields_of(item))]
    if not parts:
        return []
    (reason,) = finish_reasons_of(response) or (None,)
    return [Message("assistant", parts, finish_reason=_in_schema(reason))]


def output_message(message: Mapping[str, object], finish_reason: str | None) -> Message:
    """A choice's message."""
    read = _chat_message(message)
    read.finish_reason = _in_schema(finish_reason)
    return read


def _in_schema(finish_reason: str | None) -> str | None:
    """As the message schema of the conventions has it."""
    return _FINISH.get(finish_reason or "", finish_reason)


def _chat_message(message: Mapping[str, object]) -> Message:
    role = as_str(message.get("role")) or "assistant"
    if role == "tool":
        answer = ToolCallResponse(_tool_answer(message.get("content")), as_str(message.get("tool_call_id")))
        return Message(role, [answer])
    parts: list[Part] = []
    # Not in OpenAI's own API; DeepSeek and OpenRouter say it so.
    reasoning = as_str(message.get("reasoning_content")) or as_str(message.get("reasoning"))
    if reasoning is not None:
        parts.append(Reasoning(reasoning))
    parts.extend(_content_parts(message.get("content")))
    refusal = as_str(message.get("refusal"))
    if refusal is not None:
        parts.append(Text(refusal))
    parts.extend(_tool_call(fields_of(call)) for call in as_list(message.get("tool_calls")))
    function = fields_of(message.get("function_call"))
    if function:
        parts.append(_tool_call({"function": function}))
    return Message(role, parts, as_str(message.get("name")))


def _content_parts(content: object) -> Iterator[Part]:
    text = as_str(content)
    if text is not None:
        yield Text(text)
    for item in as_list(content):
        plain = as_str(item)
        part = Text(plain) if plain is not None else _content_part(fields_of(item))
        if part is not None:
            yield part


def _content_part(item: Mapping[str, object]) -> Part | None:
    kind = as_str(item.get("type")) or "unknown"
    if kind in ("text", "input_text", "output_text"):
        return Text(as_str(item.get("text")) or "")
    if kind == "refusal":
        return Text(as_str(item.get("refusal")) or "")
    if kind in ("image_url", "input_image"):
        image = item.get("image_url")
        return _media("image", as_str(image) or as_str(fields_of(image).get("url")), item)
    if kind == "input_audio":
        audio = fields_of(item.get("input_audio"))
        data, mime = as_str(audio.get("data")), as_str(audio.get("format"))
        return Blob("audio", data, f"audio/{mime}" if mime else None) if data else None
    if kind in ("file", "input_file"):
        file = fields_of(item.get("file")) or item
        return _media("document", as_str(file.get("file_data")) or as_str(file.get("file_url")), file)
    return Generic(kind)


def _media(modality: str, address: str | None, item: Mapping[str, object]) -> Part | None:
    if address is None:
        file_id = as_str(item.get("file_id"))
        return File(modality, file_id) if file_id is not None else None
    if not address.startswith("data:"):
        return Uri(modality, address)
    header, _, data = address[len("data:") :].partition(",")
    mime, *options = header.split(";")
    try:
        if "base64" not in options:
            data = base64.b64encode(unquote_to_bytes(data)).decode("ascii")
        else:
            base64.b64decode(data[:64] if len(data) > 64 else data, validate=True)
    except (binascii.Error, ValueError):
        return None  # malformed: this part is left out, the message stays
    return Blob(modality, data, mime or None)


def _tool_call(call: Mapping[str, object]) -> ToolCall:
    function = inside(call)
    arguments = function.get("arguments", function.get("input"))
    return ToolCall(
        as_str(function.get("name")) or "unknown",
        as_str(call.get("call_id")) or as_str(call.get("id")),
        json_or_text(arguments),
    )


def inside(tool: Mapping[str, object]) -> Mapping[str, object]:
    """Of a tool or a call of one: its fields, which chat completions keep one level further down than responses."""
    return fields_of(tool.get("function")) or fields_of(tool.get("custom")) or tool


def _tool_answer(content: object) -> object:
    texts = [as_str(fields_of(item).get("text")) for item in as_list(content)]
    return "".join(text for text in texts if text) if texts else content


def _tools(tools: object) -> list[Mapping[str, object]]:
    return [_tool(tool, inside(tool)) for tool in map(fields_of, as_list(tools))]


def _functions(functions: object) -> list[Mapping[str, object]]:
    """The older form of tools."""
    return [_tool({"type": "function"}, fields_of(function)) for function in as_list(functions)]


def _tool(tool: Mapping[str, object], definition: Mapping[str, object]) -> Mapping[str, object]:
    """Type and name, and what the model is told of it: a tool of the provider's has no more than its type."""
    kind = as_str(tool.get("type"))
    name = as_str(definition.get("name")) or as_str(tool.get("server_label")) or kind or "unknown"
    read: dict[str, object] = {"type": kind or "function", "name": name}
    if (description := as_str(definition.get("description"))) is not None:
        read["description"] = description
    if parameters := fields_of(definition.get("parameters")):
        read["parameters"] = parameters
    return read


def read_items(items: object) -> list[Message]:
    """Input items as messages; neighbouring items of the assistant are one turn of it."""
    turns: list[Message] = []
    for item in map(fields_of, as_list(items)):
        kind = as_str(item.get("type")) or "message"
        if kind.endswith("_output"):
            answer = ToolCallResponse(_tool_answer(item.get("output")), as_str(item.get("call_id")))
            turns.append(Message("tool", [answer]))
            continue
        role = (as_str(item.get("role")) or "user") if kind == "message" else "assistant"
        parts = list(_item_parts(item))
        previous = turns[-1] if turns else None
        if role == "assistant" and previous is not None and previous.role == "assistant":
            previous.parts = [*previous.parts, *parts]
        else:
            turns.append(Message(role, parts))
    return turns


def _item_parts(item: Mapping[str, object]) -> Iterator[Part]:
    kind = as_str(item.get("type")) or "message"
    if kind == "message":
        yield from _content_parts(item.get("content"))
    elif kind in ("function_call", "custom_tool_call"):
        yield _tool_call(item)
    elif kind == "reasoning":
        summaries = [*as_list(item.get("summary")), *as_list(item.get("content"))]
        texts = [as_str(fields_of(summary).get("text")) for summary in summaries]
        text = "\n".join(text for text in texts if text)
        if text:
            yield Reasoning(text)
    elif kind.endswith("_call"):
        name = as_str(item.get("name")) or kind.removesuffix("_call")
        details = {key: item[key] for key in ("status", "action", "queries", "code", "arguments") if item.get(key)}
        yield ServerToolCall(name, {"type": kind, **_plain_fields(details)}, as_str(item.get("id")))
    else:
        yield Generic(kind)


def _plain_fields(details: Mapping[str, object]) -> dict[str, object]:
    return {
        key: value if isinstance(value, str | int | float | list) else dict(fields_of(value))
        for key, value in details.items()
    }
