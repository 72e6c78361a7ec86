"""What was asked, as the body of a message of Anthropic's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..model import Blob, Message, Reasoning, Text, ToolCall, ToolCallResponse, Uri
from .captured import Api, CapturedCall
from .exceptions import NotReplayable
from .openai_bodies import Body, text_of

_SYSTEM: Final = ("system", "developer")
_IN_EXTRA_BODY: Final = ("temperature", "top_p", "top_k")
"""Later SDKs have no arguments for these, but send what ``extra_body`` says."""
_USUAL_LIMIT: Final = 4_096
"""Output tokens, where nobody said any: this API wants a limit."""
_MEDIA: Final = ("image", "document")


def message_body(call: CapturedCall, provider: str, notes: list[str]) -> Body:
    """The body of a message, without its model; ``notes`` are told what is left out.

    Raises:
        NotReplayable: for what can't be said so.
    """
    del provider
    if call.previous_response is not None:
        raise NotReplayable("it goes on from a response that OpenAI keeps")
    system = list(call.instructions)
    turns = list(call.messages)
    while turns and turns[0].role in _SYSTEM:
        system += [part for part in turns.pop(0).parts if isinstance(part, Text)]
    if any(turn.role in _SYSTEM for turn in turns):
        raise NotReplayable("a system message stands between others, where Anthropic takes none")
    body: Body = {"messages": _merged(turns, notes)}
    if system:
        body["system"] = [{"type": "text", "text": part.content} for part in system if part.content]
    _add_parameters(body, call, notes)
    if call.tools:
        body["tools"] = [_tool(tool) for tool in call.tools]
    return body


def _add_parameters(body: Body, call: CapturedCall, notes: list[str]) -> None:
    parameters = dict(call.parameters)
    extra: Body = {name: parameters.pop(name) for name in _IN_EXTRA_BODY if name in parameters}
    body["max_tokens"] = parameters.pop("max_tokens", _USUAL_LIMIT)
    if "max_tokens" not in call.parameters:
        notes.append(f"Anthropic wants a limit: {_USUAL_LIMIT:,} output tokens; --max-tokens says another one")
    if (stop := parameters.pop("stop", None)) is not None:
        body["stop_sequences"] = list(stop)
    if call.api is Api.MESSAGES and (effort := parameters.pop("reasoning", None)) is not None:
        extra["output_config"] = {"effort": effort}
    if extra:
        body["extra_body"] = extra
    notes += [f"{name} can't be asked for here, and is left out" for name in parameters]


def _tool(tool: Mapping[str, Any]) -> Body:
    said = {name: tool[name] for name in ("name", "description") if tool.get(name) is not None}
    return {**said, "input_schema": tool.get("parameters") or {"type": "object", "properties": {}}}


def _merged(turns: list[Message], notes: list[str]) -> list[Body]:
    """Turns by role: answers of tools come from the user, and all that belong together in one message."""
    merged: list[Body] = []
    for turn in turns:
        role = "assistant" if turn.role == "assistant" else "user"
        blocks = list(_blocks(turn, notes))
        if not blocks:
            continue
        if merged and merged[-1]["role"] == role:
            merged[-1]["content"] += blocks
        else:
            merged.append({"role": role, "content": blocks})
    return merged


def _blocks(turn: Message, notes: list[str]) -> Iterator[Body]:
    for part in turn.parts:
        if isinstance(part, Text):
            if part.content:  # an empty one is refused
                yield {"type": "text", "text": part.content}
        elif isinstance(part, ToolCall):
            given: Any = part.arguments
            if not isinstance(given, dict):
                raise NotReplayable(f"the arguments of a call of {part.name} are no object")
            yield {"type": "tool_use", "id": _identity(part.id), "name": part.name, "input": given}
        elif isinstance(part, ToolCallResponse):
            yield {"type": "tool_result", "tool_use_id": _identity(part.id), "content": text_of(part)}
        elif isinstance(part, Uri | Blob):
            yield _media(part)
        elif isinstance(part, Reasoning):
            notes.append("what was thought in earlier turns can't be sent again, and is left out")


def _media(part: Uri | Blob) -> Body:
    if part.modality not in _MEDIA:
        raise NotReplayable(f"{part.modality} can't be rebuilt")
    if isinstance(part, Uri):
        return {"type": part.modality, "source": {"type": "url", "url": part.uri}}
    source = {"type": "base64", "media_type": part.mime_type, "data": part.content}
    return {"type": part.modality, "source": source}


def _identity(identity: str | None) -> str:
    if identity is None:
        raise NotReplayable("which answer of a tool belongs to which call isn't recorded")
    return identity
