"""A streamed chat with Claude."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from anthropic import AnthropicError, AsyncAnthropic

from .chat import MOST_ROUNDS, Reply, ServiceError, Tool

if TYPE_CHECKING:
    from anthropic.types import Message, MessageParam, ToolResultBlockParam

_MAX_TOKENS = 1024
"""The API wants a bound; this one is far above what a customer would read."""


class AnthropicChat:
    """A model of Anthropic. The SDK itself reads the key and the address."""

    def __init__(self, model: str, max_tokens: int | None) -> None:
        self._client = AsyncAnthropic()
        self._model = model
        self._max_tokens = max_tokens or _MAX_TOKENS

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    async def reply(self, instructions: str, question: str, tool: Tool) -> Reply:
        """Answer a question. Raises ServiceError."""
        reply = Reply()
        messages: list[MessageParam] = [{"role": "user", "content": question}]
        for _ in range(MOST_ROUNDS):
            message = await self._stream(instructions, messages, tool)
            reply.text = "".join(block.text for block in message.content if block.type == "text")
            calls = [block for block in message.content if block.type == "tool_use"]
            if not calls:
                break
            reply.tools += [call.name for call in calls]
            results: list[ToolResultBlockParam] = [
                {"type": "tool_result", "tool_use_id": call.id, "content": await tool.run(call.name, call.input)}
                for call in calls
            ]
            messages.append({"role": "assistant", "content": message.content})
            messages.append({"role": "user", "content": results})
        return reply

    async def _stream(self, instructions: str, messages: Sequence[MessageParam], tool: Tool) -> Message:
        try:
            async with self._client.messages.stream(
                model=self._model,
                max_tokens=self._max_tokens,
                # Cached, since each round of tools sends them again.
                system=[{"type": "text", "text": instructions, "cache_control": {"type": "ephemeral"}}],
                messages=messages,
                tools=[{"name": tool.name, "description": tool.description, "input_schema": tool.parameters}],
            ) as stream:
                return await stream.get_final_message()
        except AnthropicError as error:
            raise ServiceError(str(error)) from error
