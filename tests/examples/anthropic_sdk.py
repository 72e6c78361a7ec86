"""Calls of the real SDK of Anthropic, in the same words whether they are awaited or not, and what they ask."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from anthropic import Anthropic, AsyncAnthropic

Json = dict[str, Any]

KNOWN = "The Aurora lamp has a warranty of five years. Returns are free within 30 days."
WARRANTY = "The Aurora lamp has a warranty of five years."
QUESTION: Json = {"role": "user", "content": "How long is the warranty of the lamp?"}
ORDERS: Json = {"role": "user", "content": "Where are my orders A-1041 and A-1042?"}
TOOL: Json = {
    "name": "get_order_status",
    "input_schema": {"type": "object", "properties": {"order_id": {"type": "string"}}},
}
SEARCH: Json = {"type": "web_search_20250305", "name": "web_search"}
THINKING: Json = {"type": "enabled", "budget_tokens": 1024}
BODY: Json = {"model": "claude-haiku-4-5", "max_tokens": 2048, "system": KNOWN, "messages": [QUESTION]}


class Client(Protocol):
    """One SDK, called in the same words whether it is awaited or not. Results are what was sent, as plain data."""

    def create(self, **body: Any) -> Json: ...
    def events(self, into: list[Json], **body: Any) -> list[Json]: ...
    def collected(self, **body: Any) -> Json: ...
    def count(self, **body: Any) -> int: ...


class Sync:
    def __init__(self, sdk: Anthropic) -> None:
        self._sdk = sdk

    def create(self, **body: Any) -> Json:
        return _sent(self._sdk.messages.create(**(BODY | body)))

    def events(self, into: list[Json], **body: Any) -> list[Json]:
        into.extend(map(_sent, self._sdk.messages.create(**(BODY | body), stream=True)))
        return into

    def collected(self, **body: Any) -> Json:
        with self._sdk.messages.stream(**(BODY | body)) as stream:
            return _sent(stream.get_final_message())

    def count(self, **body: Any) -> int:
        return self._sdk.messages.count_tokens(**_without_limit(body)).input_tokens


class Async:
    def __init__(self, sdk: AsyncAnthropic, runner: asyncio.Runner) -> None:
        self._sdk = sdk
        self._runner = runner

    def create(self, **body: Any) -> Json:
        async def call() -> Json:
            return _sent(await self._sdk.messages.create(**(BODY | body)))

        return self._runner.run(call())

    def events(self, into: list[Json], **body: Any) -> list[Json]:
        async def call() -> None:
            # One by one, so that what came before an error is kept.
            async for event in await self._sdk.messages.create(**(BODY | body), stream=True):
                into.append(_sent(event))  # noqa: PERF401

        self._runner.run(call())
        return into

    def collected(self, **body: Any) -> Json:
        async def call() -> Json:
            async with self._sdk.messages.stream(**(BODY | body)) as stream:
                return _sent(await stream.get_final_message())

        return self._runner.run(call())

    def count(self, **body: Any) -> int:
        async def call() -> int:
            return (await self._sdk.messages.count_tokens(**_without_limit(body))).input_tokens

        return self._runner.run(call())


def _sent(result: Any) -> Json:
    """What the service sent, without what an SDK knows beside it."""
    return result.to_dict()


def _without_limit(body: Json) -> Json:
    return {name: value for name, value in (BODY | body).items() if name != "max_tokens"}


def text_of(events: list[Json]) -> str:
    """The text that a stream told."""
    return "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")


def marked(ttl: str | None = None) -> Json:
    """What marks a block as the end of a prefix to be cached."""
    return {"cache_control": {"type": "ephemeral"} | ({"ttl": ttl} if ttl else {})}
