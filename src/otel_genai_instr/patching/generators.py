"""Plain generators: nothing of them can be exchanged in place, so the caller gets one of ours, which drives theirs.

What is sent or thrown into it goes on to theirs, and what theirs returns comes back. As with streams, the operation's
context is current only while theirs runs.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from functools import partial
from typing import Any

from opentelemetry.context import Context

from .. import guard
from ..telemetry.current import current, enter, leave
from .streams import StreamWatch

Begin = Callable[[], StreamWatch | None]
"""Called when the first item is asked for; ``None`` where nothing is to be observed."""


class _Bystander:
    """Stands in for the watch of a generator that is not observed after all."""

    context: Context | None = None

    def chunk(self) -> bool:
        return False

    def feed(self, chunk: object) -> None:
        pass

    def drained(self) -> None:
        pass

    def failed(self, error: BaseException) -> None:
        pass


def _begun(begin: Begin) -> StreamWatch | _Bystander:
    try:
        return begin() or _Bystander()
    except Exception as fault:
        guard.report("begin", fault)
        return _Bystander()


def observe_generator(inner: Generator[Any, Any, Any], begin: Begin) -> Generator[Any, Any, Any]:
    """``inner``, read through the watch that ``begin`` opens."""
    watch = _begun(begin)
    entered = watch.context
    resume: Callable[[], Any] = partial(inner.send, None)
    stamps = True
    while True:
        try:
            token = enter(entered) if entered is not None else None
            try:
                chunk = resume()
            finally:
                if token is not None and current() is entered:
                    leave(token)
        except StopIteration as over:
            guard.run("stream.drained", watch.drained)
            return over.value
        except BaseException as error:
            guard.run("stream.failed", watch.failed, error)
            raise
        resume = partial(inner.send, None)
        try:
            if stamps:
                stamps = watch.chunk()
            if watch.feed(chunk):
                continue
        except Exception as fault:
            guard.report("stream.chunk", fault)
        try:
            resume = partial(inner.send, (yield chunk))
        except BaseException as thrown:
            resume = partial(inner.throw, thrown)


async def observe_async_generator(inner: AsyncGenerator[Any, Any], begin: Begin) -> AsyncGenerator[Any, Any]:
    """The same for an asynchronous generator."""
    watch = _begun(begin)
    entered = watch.context
    resume: Callable[[], Any] = partial(inner.asend, None)
    stamps = True
    while True:
        try:
            token = enter(entered) if entered is not None else None
            try:
                chunk = await resume()
            finally:
                if token is not None and current() is entered:
                    leave(token)
        except StopAsyncIteration:
            guard.run("stream.drained", watch.drained)
            return
        except BaseException as error:
            guard.run("stream.failed", watch.failed, error)
            raise
        resume = partial(inner.asend, None)
        try:
            if stamps:
                stamps = watch.chunk()
            if watch.feed(chunk):
                continue
        except Exception as fault:
            guard.report("stream.chunk", fault)
        try:
            resume = partial(inner.asend, (yield chunk))
        except BaseException as thrown:
            resume = partial(inner.athrow, thrown)
