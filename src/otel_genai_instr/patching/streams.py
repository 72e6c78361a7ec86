"""Streams: the SDK's own object goes to the caller, with its inner iterator observed.

Every way a stream can end meets at one watch: drained or failed in the iterator, closed through its
HTTP response (which each ``close()``, ``with`` block and stream manager of the SDK does in the end),
or dropped and collected. The operation's context is current only while a chunk is being read, so the
caller's own spans between two chunks are siblings of the stream's span.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import cast

from opentelemetry import context

from .. import guard
from ..telemetry.operation import Operation, Reading
from .hooks import hook_close
from .methods import StreamReader
from .shapes import SdkStream


class StreamWatch:
    """Ends the operation of one stream exactly once."""

    __slots__ = ("_feed", "_handled_before", "_stamp", "busy", "operation", "reading")

    def __init__(self, operation: Operation, reading: Reading) -> None:
        self.operation = operation
        self.reading = reading
        self.busy = False
        """A chunk is being read; then the read itself tells how the stream ends."""
        self._feed: Callable[[object], None] | None = None
        self._stamp = True
        # A stream that is opened while the caller handles an exception did not fail because of it.
        self._handled_before = sys.exc_info()[1]

    def read_with(self, reader: StreamReader) -> None:
        """Read the chunks to come with ``reader``."""
        self.reading = reader
        self._feed = reader.feed

    def take(self, chunk: object) -> None:
        """A chunk is on its way to the caller."""
        if self._stamp:
            self.operation.chunk()
            self._stamp = self.operation.times_chunks
        if self._feed is not None:
            self._feed(chunk)

    def drained(self) -> None:
        """The stream is at its end."""
        self.operation.finish(self.reading)

    def failed(self, error: BaseException) -> None:
        """``error`` is on its way to the caller."""
        self.operation.fail(error, self.reading)

    def closed(self, because: BaseException | None) -> None:
        """The HTTP response was closed while ``because`` was being handled: a block left by an exception."""
        if self.busy:
            return
        if because is None or because is self._handled_before:
            self.operation.stop(self.reading)
        else:
            self.failed(because)

    def __del__(self) -> None:
        # Dropped: whoever held the stream is gone. A half-built watch has no operation.
        operation = getattr(self, "operation", None)
        if operation is not None:
            guard.run("stream.dropped", operation.stop, getattr(self, "reading", None))


class ObservedIterator:
    """The inner iterator of a synchronous stream."""

    __slots__ = ("_advance", "_context", "_inner", "_watch")

    def __init__(self, inner: Iterator[object], watch: StreamWatch) -> None:
        self._inner = inner
        self._advance = inner.__next__
        self._watch = watch
        self._context = watch.operation.context

    def __iter__(self) -> ObservedIterator:
        return self

    def __next__(self) -> object:
        watch = self._watch
        watch.busy = True
        try:
            token = context.attach(self._context)
            try:
                chunk = self._advance()
            finally:
                context.detach(token)
                watch.busy = False
        except StopIteration:
            guard.run("stream.drained", watch.drained)
            raise
        except BaseException as error:
            guard.run("stream.failed", watch.failed, error)
            raise
        try:
            watch.take(chunk)
        except Exception as fault:
            guard.report("stream.chunk", fault)
        return chunk

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


class ObservedAsyncIterator:
    """The inner iterator of an asynchronous stream."""

    __slots__ = ("_advance", "_context", "_inner", "_watch")

    def __init__(self, inner: AsyncIterator[object], watch: StreamWatch) -> None:
        self._inner = inner
        self._advance = inner.__anext__
        self._watch = watch
        self._context = watch.operation.context

    def __aiter__(self) -> ObservedAsyncIterator:
        return self

    async def __anext__(self) -> object:
        watch = self._watch
        watch.busy = True
        try:
            token = context.attach(self._context)
            try:
                chunk = await self._advance()
            finally:
                # A coroutine that is dropped while suspended is closed in whatever context the collector runs.
                if context.get_current() is self._context:
                    context.detach(token)
                watch.busy = False
        except StopAsyncIteration:
            guard.run("stream.drained", watch.drained)
            raise
        except BaseException as error:
            guard.run("stream.failed", watch.failed, error)
            raise
        try:
            watch.take(chunk)
        except Exception as fault:
            guard.report("stream.chunk", fault)
        return chunk

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


def watch_stream(stream: SdkStream, watch: StreamWatch) -> None:
    """Let ``watch`` see every chunk of ``stream`` and its end."""
    hook_close(stream.response, watch)
    watch_chunks(stream, watch)


def watch_chunks(stream: SdkStream, watch: StreamWatch) -> None:
    """Let ``watch``, which already sees the response being closed, see every chunk of ``stream`` too."""
    inner = stream._iterator  # pyright: ignore[reportPrivateUsage]
    observed = (
        ObservedAsyncIterator(cast("AsyncIterator[object]", inner), watch)
        if hasattr(inner, "__anext__")
        else ObservedIterator(cast("Iterator[object]", inner), watch)
    )
    stream._iterator = observed  # pyright: ignore[reportPrivateUsage]
