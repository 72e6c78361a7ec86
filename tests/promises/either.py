"""One body of user code for both SDKs: what the synchronous one answers at once, the other is awaited for."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, TypeVar

_T = TypeVar("_T")


async def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``function(...)``, awaited where that is needed."""
    result = function(*args, **kwargs)
    return await result if inspect.isawaitable(result) else result


class Chunks:
    """``for`` or ``async for`` over a stream; it holds what the loop would hold, and nothing else."""

    def __init__(self, stream: Any) -> None:
        self._iterator: Any = aiter(stream) if hasattr(stream, "__aiter__") else iter(stream)

    def __aiter__(self) -> Chunks:
        return self

    async def __anext__(self) -> Any:
        if hasattr(self._iterator, "__anext__"):
            return await self._iterator.__anext__()
        try:
            return next(self._iterator)
        except StopIteration:
            raise StopAsyncIteration from None


class Block:
    """``with`` or ``async with``."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager

    async def __aenter__(self) -> Any:
        manager = self._manager
        return await call(manager.__aenter__ if hasattr(manager, "__aenter__") else manager.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        manager = self._manager
        leave = manager.__aexit__ if hasattr(manager, "__aexit__") else manager.__exit__
        return await call(leave, kind, error, trace)


def run(body: Coroutine[Any, Any, _T], *, is_async: bool, complaints: list[str] | None = None) -> _T:
    """Run user code on an event loop, or without one, where it must never have to wait.

    ``complaints`` collects what the event loop would only have logged.
    """
    if is_async:
        return asyncio.run(_listening(body, complaints if complaints is not None else []))
    try:
        body.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("synchronous user code had to wait")


async def _listening(body: Coroutine[Any, Any, _T], complaints: list[str]) -> _T:
    def complain(_loop: asyncio.AbstractEventLoop, details: dict[str, Any]) -> None:
        complaints.append(str(details))

    asyncio.get_running_loop().set_exception_handler(complain)
    return await body
