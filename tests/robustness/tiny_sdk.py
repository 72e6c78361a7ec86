"""An SDK as others are: functions of a module, generators of both kinds, and attempts that are awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from typing import Any


class Refused(Exception):
    """What the SDK raises."""


def generate(*, model: str | None, chunks: list[Any]) -> Generator[Any, Any, int]:
    """A generator function, whose caller may send and throw something into it; it returns how many chunks there were.

    Raises:
        Refused: where a chunk is missing.
    """
    for chunk in chunks:
        if chunk is None:
            raise Refused
        try:
            answered = yield chunk
            if answered is not None:
                yield answered
        except LookupError as thrown:
            yield str(thrown)
    return len(chunks)


async def generate_async(*, model: str | None, chunks: list[Any]) -> AsyncGenerator[Any, Any]:
    """The same, asynchronous."""
    for chunk in chunks:
        await asyncio.sleep(0)
        if chunk is None:
            raise Refused
        try:
            answered = yield chunk
            if answered is not None:
                yield answered
        except LookupError as thrown:
            yield str(thrown)


def hand_out(*, model: str, chunks: list[Any]) -> Generator[Any, Any, None]:
    """A plain function that returns a generator."""
    return (chunk for chunk in chunks)


async def hand_out_async(*, model: str, chunks: list[Any]) -> AsyncGenerator[Any, Any]:
    """A coroutine function that returns an asynchronous generator."""
    await asyncio.sleep(0)

    async def inside() -> AsyncGenerator[Any, Any]:
        for chunk in chunks:
            await asyncio.sleep(0)
            yield chunk

    return inside()


async def ask(*, model: str, answer: Any) -> Any:
    """A coroutine function that tries twice."""
    for _ in range(2):
        await attempt()
    return answer


def run_tool(name: str | None, arguments: str, fail: bool = False) -> list[Any]:
    """A tool that the SDK runs.

    Raises:
        Refused: if it shall fail.
    """
    if fail:
        raise Refused
    return [name, arguments]


async def _answer(name: str | None, arguments: str, fail: bool) -> list[Any]:
    if fail:
        raise Refused
    return [name, arguments]


async def run_tool_async(name: str | None, arguments: str, fail: bool = False) -> list[Any]:
    """The same, awaited."""
    await asyncio.sleep(0)
    return await _answer(name, arguments, fail)


async def attempt() -> None:
    """One request."""
    await asyncio.sleep(0)
