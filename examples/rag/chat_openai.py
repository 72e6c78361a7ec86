"""A streamed chat with a model of OpenAI, or of a service that is compatible."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openai import AsyncOpenAI, OpenAIError, omit

from .chat import MOST_ROUNDS, Reply, ServiceError, Tool

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam
    from openai.types.shared_params import FunctionDefinition


@dataclass(slots=True)
class _ToolCall:
    id: str = ""
    name: str = ""
    arguments: str = ""


class OpenAIChat:
    """A model of OpenAI. The SDK itself reads the key and the address."""

    def __init__(self, model: str, max_tokens: int | None) -> None:
        self._client = AsyncOpenAI()
        self._model = model
        self._max_tokens = max_tokens

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    async def reply(self, instructions: str, question: str, tool: Tool) -> Reply:
        """Answer a question. Raises ServiceError."""
        reply = Reply()
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": instructions},
            {"role": "user", "content": question},
        ]
        for _ in range(MOST_ROUNDS):
            reply.text, calls = await self._stream(messages, tool)
            if not calls:
                break
            reply.tools += [call.name for call in calls]
            messages.append(_asked_by_model(calls))
            for call in calls:
                result = await tool.run(call.name, _parsed(call.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        return reply

    async def _stream(self, messages: Sequence[ChatCompletionMessageParam], tool: Tool) -> tuple[str, list[_ToolCall]]:
        """One round: the text, and the tools that the model wants to have run."""
        text: list[str] = []
        calls: list[_ToolCall] = []
        function: FunctionDefinition = {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        }
        try:
            stream = await self._client.chat.completions.create(
                model=self._model,
                messages=messages,
                tools=[{"type": "function", "function": function}],
                max_tokens=self._max_tokens or omit,
                stream=True,
                stream_options={"include_usage": True},
            )
            async for chunk in stream:
                text.append(_text(chunk))
                _collect(calls, chunk)
        except OpenAIError as error:
            raise ServiceError(str(error)) from error
        return "".join(text), calls


def _text(chunk: ChatCompletionChunk) -> str:
    return (chunk.choices[0].delta.content or "") if chunk.choices else ""


def _collect(calls: list[_ToolCall], chunk: ChatCompletionChunk) -> None:
    """Add the pieces of tool calls that a chunk carries."""
    for delta in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
        if delta.index == len(calls):
            calls.append(_ToolCall())
        call = calls[delta.index]
        call.id = delta.id or call.id
        if delta.function is not None:
            call.name = delta.function.name or call.name
            call.arguments += delta.function.arguments or ""


def _asked_by_model(calls: Sequence[_ToolCall]) -> ChatCompletionMessageParam:
    return {
        "role": "assistant",
        "tool_calls": [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in calls
        ],
    }


def _parsed(arguments: str) -> object:
    """What the model wrote as JSON, or None if it is none."""
    try:
        return json.loads(arguments)
    except ValueError:
        return None
