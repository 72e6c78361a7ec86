"""What was asked, as bodies of chat completions and of responses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from ..model import Blob, Message, Part, Reasoning, Text, ToolCall, ToolCallResponse, Uri
from .captured import Api, CapturedCall
from .exceptions import NotReplayable

_NEWER_LIMIT: Final = ("openai", "azure.ai.openai")
"""Whose reasoning models refuse ``max_tokens``. Others, who speak OpenAI's language, may not know the newer name."""
_CHAT: Final = {
    "temperature": "temperature",
    "top_p": "top_p",
    "n": "n",
    "seed": "seed",
    "stop": "stop",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "reasoning": "reasoning_effort",
}
_RESPONSES: Final = {"max_tokens": "max_output_tokens", "temperature": "temperature", "top_p": "top_p"}

Body = dict[str, Any]


def chat_body(call: CapturedCall, provider: str, notes: list[str]) -> Body:
    """The body of a chat completion, without its model; ``notes`` are told what is left out.

    Raises:
        NotReplayable: for what a chat completion can't say.
    """
    if call.previous_response is not None:
        raise NotReplayable("it goes on from a response that the provider keeps, which only the Responses API can do")
    parameters = dict(call.parameters)
    body: Body = {"messages": _chat_messages(call, notes)}
    limit = "max_completion_tokens" if provider in _NEWER_LIMIT else "max_tokens"
    if (most := parameters.pop("max_tokens", None)) is not None:
        body[limit] = most
    if "top_k" in parameters and provider != "openai":
        body["extra_body"] = {"top_k": parameters.pop("top_k")}
    if call.api is Api.MESSAGES and "reasoning" in parameters:
        notes.append(f"the level of reasoning is another maker's word, and left out: {parameters.pop('reasoning')}")
    _add(body, parameters, _CHAT, notes)
    if call.tools:
        body["tools"] = [{"type": "function", "function": _function(tool)} for tool in call.tools]
    return body


def response_body(call: CapturedCall, provider: str, notes: list[str]) -> Body:
    """The body of a response that nobody keeps, without its model; ``notes`` are told what is left out.

    Raises:
        NotReplayable: for what a response can't be asked.
    """
    del provider
    parameters = dict(call.parameters)
    body: Body = {"input": list(_items(call, notes)), "store": False}
    if call.instructions:
        body["instructions"] = "\n".join(text.content for text in call.instructions)
    if call.previous_response is not None:
        body["previous_response_id"] = call.previous_response
    if (effort := parameters.pop("reasoning", None)) is not None:
        body["reasoning"] = {"effort": effort}
    _add(body, parameters, _RESPONSES, notes)
    if call.tools:
        body["tools"] = [{"type": "function", "strict": False, **_function(tool)} for tool in call.tools]
    return body


def _add(body: Body, parameters: dict[str, Any], known: dict[str, str], notes: list[str]) -> None:
    for name, value in parameters.items():
        if name in known:
            body[known[name]] = value
        else:
            notes.append(f"{name} can't be asked for here, and is left out")


def _function(tool: Any) -> Body:
    said = {name: tool[name] for name in ("name", "description") if tool.get(name) is not None}
    return {**said, "parameters": tool.get("parameters") or {"type": "object", "properties": {}}}


def _chat_messages(call: CapturedCall, notes: list[str]) -> list[Body]:
    messages: list[Body] = []
    if call.instructions:
        messages.append({"role": "system", "content": "\n".join(text.content for text in call.instructions)})
    for message in call.messages:
        messages += _chat_message(message, notes)
    return messages


def _chat_message(message: Message, notes: list[str]) -> Iterator[Body]:
    answers, others = _split(message)
    for answer in answers:
        yield {"role": "tool", "tool_call_id": _identity(answer.id), "content": text_of(answer)}
    if not others and answers:
        return
    said: Body = {"role": message.role, "content": _content(others, notes, _chat_media)}
    if message.name is not None:
        said["name"] = message.name
    calls = [part for part in others if isinstance(part, ToolCall)]
    if calls:
        said["tool_calls"] = [
            {
                "id": _identity(call.id),
                "type": "function",
                "function": {"name": call.name, "arguments": _arguments(call)},
            }
            for call in calls
        ]
    if calls or said["content"] is not None:
        yield said


def _items(call: CapturedCall, notes: list[str]) -> Iterator[Body]:
    for message in call.messages:
        answers, others = _split(message)
        for answer in answers:
            yield {"type": "function_call_output", "call_id": _identity(answer.id), "output": text_of(answer)}
        content = _content(others, notes, _response_media)
        if isinstance(content, list):
            kind = "output_text" if message.role == "assistant" else "input_text"
            content = [{**part, "type": kind} if part["type"] == "text" else part for part in content]
        if content is not None:
            yield {"role": message.role, "content": content}
        for part in others:
            if isinstance(part, ToolCall):
                yield {
                    "type": "function_call",
                    "call_id": _identity(part.id),
                    "name": part.name,
                    "arguments": _arguments(part),
                }


def _split(message: Message) -> tuple[list[ToolCallResponse], Sequence[Part]]:
    answers = [part for part in message.parts if isinstance(part, ToolCallResponse)]
    others = [part for part in message.parts if not isinstance(part, ToolCallResponse)]
    if message.role == "tool" and others:
        raise NotReplayable("a message of a tool has something else than its answer")
    return answers, others


def _content(parts: Sequence[Part], notes: list[str], media: Callable[[Uri | Blob], Body]) -> str | list[Body] | None:
    """A text where that is all; ``None`` where nothing is said."""
    said: list[Body] = []
    for part in parts:
        if isinstance(part, Text):
            said.append({"type": "text", "text": part.content})
        elif isinstance(part, Uri | Blob):
            said.append(media(part))
        elif isinstance(part, Reasoning):
            notes.append("what was thought in earlier turns can't be sent again, and is left out")
    if not said:
        return None
    return said[0]["text"] if len(said) == 1 and said[0]["type"] == "text" else said


def _chat_media(part: Uri | Blob) -> Body:
    return {"type": "image_url", "image_url": {"url": _image_of(part)}}


def _response_media(part: Uri | Blob) -> Body:
    return {"type": "input_image", "image_url": _image_of(part)}


def _image_of(part: Uri | Blob) -> str:
    if part.modality != "image":
        raise NotReplayable(f"{part.modality} can't be rebuilt")
    if isinstance(part, Uri):
        return part.uri
    return f"data:{part.mime_type or 'image/png'};base64,{part.content}"


def text_of(answer: ToolCallResponse) -> str:
    """What a tool answered.

    Raises:
        NotReplayable: if that is no text.
    """
    if isinstance(answer.response, str):
        return answer.response
    raise NotReplayable("a tool answered something else than text")


def _arguments(call: ToolCall) -> str:
    return call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments, ensure_ascii=False)


def _identity(identity: str | None) -> str:
    if identity is None:
        raise NotReplayable("which answer of a tool belongs to which call isn't recorded")
    return identity
