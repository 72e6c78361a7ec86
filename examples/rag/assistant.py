"""The model side: finds pages by their embeddings, and asks the chat model with them and one tool."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from openai import AsyncOpenAI, OpenAIError

from .chat import Chat, ServiceError, Tool
from .handbook import DOCUMENTS
from .settings import Settings
from .store import Page, Store

_INSTRUCTIONS = "You assist the customers of a lamp shop. Rely on these pages only, and be brief.\n\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the assistant found out."""

    text: str
    pages: list[str]
    """Titles of the pages that it read."""
    tools: list[str]
    """Tools that it used."""


class Assistant:
    """Answers one question after the other. Whatever it asks of a model may raise ServiceError."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._store = store
        self._chat = _chat(settings)
        self._embeddings = AsyncOpenAI(base_url=settings.embedding_url)
        self._embedding_model = settings.embedding_model
        self._order_status = Tool(
            name="get_order_status",
            description="Look up where an order is.",
            parameters={
                "type": "object",
                "properties": {"order_id": {"type": "string", "description": "Such as A-1042."}},
                "required": ["order_id"],
            },
            function=self._find_order,
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
        """Answer a question about the handbook or about an order."""
        embedding = (await self._embed([question]))[0]
        pages = await asyncio.to_thread(self._store.closest, embedding)
        known = "\n\n".join(f"{page.title}\n{page.text}" for page in pages)
        reply = await self._chat.reply(_INSTRUCTIONS + known, question, self._order_status)
        return Answer(reply.text, [page.title for page in pages], reply.tools)

    async def _embed(self, texts: list[str]) -> list[list[float]]:
        try:
            result = await self._embeddings.embeddings.create(model=self._embedding_model, input=texts)
        except OpenAIError as error:
            raise ServiceError(str(error)) from error
        return [one.embedding for one in result.data]

    async def _find_order(self, arguments: Any) -> dict[str, str]:
        try:
            order_id = str(arguments["order_id"])
        except (KeyError, TypeError):
            return {"error": "order_id is missing"}
        order = await asyncio.to_thread(self._store.order, order_id)
        return order or {"error": f"there is no order {order_id}"}


def _chat(settings: Settings) -> Chat:
    """The chat of the provider. Only its SDK is imported."""
    if settings.provider == "anthropic":
        from .chat_anthropic import AnthropicChat

        return AnthropicChat(settings.chat_model, settings.max_tokens)
    from .chat_openai import OpenAIChat

    return OpenAIChat(settings.chat_model, settings.max_tokens)
