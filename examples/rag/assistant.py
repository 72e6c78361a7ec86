"""The model side: embeddings, streamed chat, and the one tool that the model may ask for."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from openai import AsyncOpenAI, omit

from .handbook import DOCUMENTS
from .store import Page, Store

if TYPE_CHECKING:
    from openai.types.chat import (
        ChatCompletionChunk,
        ChatCompletionFunctionToolParam,
        ChatCompletionMessageParam,
    )

_INSTRUCTIONS = "You assist the customers of a lamp shop. Rely on these pages only, and be brief.\n\n"
_MOST_ROUNDS = 3
_ORDER_STATUS: ChatCompletionFunctionToolParam = {
    "type": "function",
    "function": {
        "name": "get_order_status",
        "description": "Look up where an order is.",
        "parameters": {
            "type": "object",
            "properties": {"order_id": {"type": "string", "description": "Such as A-1042."}},
            "required": ["order_id"],
        },
    },
}


@dataclass(frozen=True)
class Settings:
    """Which models to use. The key and the address are read by the SDK itself."""

    chat_model: str = "gpt-5-mini"
    embedding_model: str = "text-embedding-3-small"
    embedding_url: str | None = None
    """Address of another service for embeddings, where the one for chat has none."""
    max_tokens: int | None = None
    """Bound of an answer, for a model that doesn't know when to stop."""

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the variables that begin with ``RAG_``. Raises ValueError for a bound that is no number."""
        bound = os.environ.get("RAG_MAX_TOKENS")
        return cls(
            chat_model=os.environ.get("RAG_CHAT_MODEL") or cls.chat_model,
            embedding_model=os.environ.get("RAG_EMBEDDING_MODEL") or cls.embedding_model,
            embedding_url=os.environ.get("RAG_EMBEDDING_URL") or None,
            max_tokens=int(bound) if bound else None,
        )


@dataclass(slots=True)
class Answer:
    """What the assistant found out."""

    text: str = ""
    pages: list[str] = field(default_factory=list[str])
    """Titles of the pages that it read."""
    tools: list[str] = field(default_factory=list[str])
    """Tools that it used."""


@dataclass(slots=True)
class _ToolCall:
    id: str = ""
    name: str = ""
    arguments: str = ""


class Assistant:
    """Answers one question: finds pages, asks the model, runs its tools, asks again."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._chat = AsyncOpenAI()
        self._embeddings = (
            self._chat if settings.embedding_url is None else AsyncOpenAI(base_url=settings.embedding_url)
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._chat.close()
        await self._embeddings.close()

    async def index(self) -> int:
        """Embed the handbook and store it; returns the number of pages."""
        pages = [Page(title, text) for title, text in DOCUMENTS]
        embeddings = await self._embed([f"{page.title}. {page.text}" for page in pages])
        await asyncio.to_thread(self._store.fill, pages, embeddings)
        return len(pages)

    async def ask(self, question: str) -> Answer:
        """Answer a question. Raises what the SDK raises when the service fails."""
        embedding = (await self._embed([question]))[0]
        pages = await asyncio.to_thread(self._store.closest, embedding)
        answer = Answer(pages=[page.title for page in pages])
        known = "\n\n".join(f"{page.title}\n{page.text}" for page in pages)
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": _INSTRUCTIONS + known},
            {"role": "user", "content": question},
        ]
        for _ in range(_MOST_ROUNDS):
            answer.text, calls = await self._stream(messages)
            if not calls:
                break
            messages.append(_asked_by_model(calls))
            for call in calls:
                answer.tools.append(call.name)
                result = await self._run(call)
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        return answer

    async def _embed(self, texts: list[str]) -> list[list[float]]:
        model = self._settings.embedding_model
        result = await self._embeddings.embeddings.create(model=model, input=texts)
        return [one.embedding for one in result.data]

    async def _stream(self, messages: Sequence[ChatCompletionMessageParam]) -> tuple[str, list[_ToolCall]]:
        """One streamed chat: the text, and the tools that the model wants to have run."""
        stream = await self._chat.chat.completions.create(
            model=self._settings.chat_model,
            messages=messages,
            tools=[_ORDER_STATUS],
            max_tokens=self._settings.max_tokens or omit,
            stream=True,
            stream_options={"include_usage": True},
        )
        text: list[str] = []
        calls: list[_ToolCall] = []
        async for chunk in stream:
            text.append(_text(chunk))
            _collect(calls, chunk)
        return "".join(text), calls

    async def _run(self, call: _ToolCall) -> str:
        if call.name != _ORDER_STATUS["function"]["name"]:
            return json.dumps({"error": f"there is no tool {call.name}"})
        try:
            order_id = str(json.loads(call.arguments)["order_id"])
        except (ValueError, KeyError, TypeError):
            return json.dumps({"error": "order_id is missing"})
        order = await asyncio.to_thread(self._store.order, order_id)
        return json.dumps(order or {"error": f"there is no order {order_id}"})


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
