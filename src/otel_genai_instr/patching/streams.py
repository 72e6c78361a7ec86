"""Streams: the SDK's own object goes to the caller, with its inner iterator observed.

Every way a stream can end meets at one watch: drained or failed in the iterator, closed through the object that each
``close()``, ``with`` block and stream manager of the SDK closes in the end, or dropped and collected. The operation's
context is current only while a chunk is being read, so the caller's own spans between two chunks are siblings of the
stream's span.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Final, cast

from .. import guard
from ..telemetry import later
from ..telemetry.current import current, enter, leave
from ..telemetry.life import Answer
from ..telemetry.operation import Operation
from .contract import Streamed, StreamReader
from .hooks import Hooked, let_go


def _ignore(_chunk: object) -> None:
    """For a stream that nobody reads for us."""


class StreamWatch:
    """Ends the operation of one stream exactly once."""

    __slots__ = ("__weakref__", "_handled_before", "answer", "busy", "chunk", "context", "feed", "hooked", "operation")

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.context = operation.context
        self.chunk = operation.chunk
        self.answer: Answer | None = None
        self.busy = False
        """A chunk is being read; then the read itself tells how the stream ends."""
        self.hooked: Hooked = []
        """Hooks that tell how the stream ends; taken out when it has."""
        self.feed: Callable[[object], bool | None] = _ignore
        # A stream that is opened while the caller handles an exception did not fail because of it.
        self._handled_before = sys.exc_info()[1]
        _keep_until_exit(self)

    def read_with(self, reader: StreamReader) -> None:
        """Read the chunks to come with ``reader``."""
        self.answer = lambda: reader
        self.feed = reader.feed

    def drained(self) -> None:
        """The stream is at its end."""
        self.operation.finish(self.answer)
        let_go(self.hooked)

    def failed(self, error: BaseException) -> None:
        """``error`` is on its way to the caller."""
        self.operation.fail(error, self.answer)
        let_go(self.hooked)

    def closed(self, because: BaseException | None) -> None:
        """The HTTP response was closed while ``because`` was being handled: a block left by an exception."""
        if self.busy:
            return
        if because is None or because is self._handled_before:
            self.operation.stop(self.answer)
            let_go(self.hooked)
        else:
            self.failed(because)

    def dropped(self) -> None:
        """Whoever held the stream is gone."""
        _open.pop(id(self), None)
        operation = getattr(self, "operation", None)  # a half-built watch has none
        if operation is not None:
            guard.run("stream.dropped", operation.drop, getattr(self, "answer", None))

    __del__ = dropped


_open: Final[dict[int, weakref.ref[StreamWatch]]] = {}
"""Streams that somebody holds, or that the garbage collector has not come to."""
_ends_at_exit = False


def _keep_until_exit(watch: StreamWatch) -> None:
    global _ends_at_exit
    if not _ends_at_exit:
        # Not before the first stream: what is registered last is called first, and the app's providers shut down then.
        _ends_at_exit = True
        atexit.register(end_all)
    _open[id(watch)] = weakref.ref(watch)


def end_all() -> None:
    """The process is about to end, and the garbage collector would come too late."""
    later.finish()
    for found in list(_open.values()):
        watch = found()
        if watch is not None:
            guard.run("stream.exit", watch.operation.stop, watch.answer)


def _leave_to_parent() -> None:
    """In a forked child: what is open here is open in the parent too, and has one end, there."""
    for found in list(_open.values()):
        watch = found()
        if watch is not None:
            watch.operation.disown()
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)


def observe(inner: Iterator[object], watch: StreamWatch) -> Iterator[object]:
    """The inner iterator of a synchronous stream. A generator: nothing that stands in between is cheaper."""
    entered, stamp = watch.context, watch.chunk
    advance, feed = inner.__next__, watch.feed
    stamps = True
    while True:
        watch.busy = True
        try:
            token = enter(entered)
            try:
                chunk = advance()
            finally:
                leave(token)
                watch.busy = False
        except StopIteration:
            guard.run("stream.drained", watch.drained)
            return
        except BaseException as error:
            guard.run("stream.failed", watch.failed, error)
            raise
        try:
            if stamps:
                stamps = stamp()
            if feed(chunk):
                continue
        except Exception as fault:
            guard.report("stream.chunk", fault)
        yield chunk


async def observe_async(inner: AsyncIterator[object], watch: StreamWatch) -> AsyncGenerator[object]:
    """The same for an asynchronous stream."""
    entered, stamp = watch.context, watch.chunk
    advance, feed = inner.__anext__, watch.feed
    stamps = True
    while True:
        watch.busy = True
        try:
            token = enter(entered)
            try:
                chunk = await advance()
            finally:
                # A coroutine that is dropped while suspended is closed in whatever context the collector runs.
                if current() is entered:
                    leave(token)
                watch.busy = False
        except StopAsyncIteration:
            guard.run("stream.drained", watch.drained)
            return
        except BaseException as error:
            guard.run("stream.failed", watch.failed, error)
            raise
        try:
            if stamps:
                stamps = stamp()
            if feed(chunk):
                continue
        except Exception as fault:
            guard.report("stream.chunk", fault)
        yield chunk


class ObservedAsyncIterator:
    """The inner iterator of an asynchronous stream: ``observe_async``, and what else the SDK's generator can do.

    An event loop keeps a dropped generator for another turn, and some warn of it. This object goes at once, and
    takes the generator and the operation with it.
    """

    # The generator's own ``__anext__``, in a slot: a method around it would make a coroutine for each chunk.
    __slots__ = ("__anext__", "_observed", "_watch", "aclose", "asend", "athrow")

    def __init__(self, inner: AsyncIterator[object], watch: StreamWatch) -> None:
        self._watch = watch
        self._observed = observe_async(inner, watch)
        self.__anext__ = self._observed.__anext__
        self.aclose: object = getattr(inner, "aclose", None)
        self.asend: object = getattr(inner, "asend", None)
        self.athrow: object = getattr(inner, "athrow", None)

    def __aiter__(self) -> ObservedAsyncIterator:
        return self

    def __del__(self) -> None:
        watch, observed = getattr(self, "_watch", None), getattr(self, "_observed", None)  # it may be half-built
        if watch is not None:
            watch.dropped()
        if observed is not None and observed.ag_frame is not None:
            with contextlib.suppress(StopIteration, RuntimeError):  # closed; or still waiting for a chunk
                observed.aclose().send(None)


def watch_chunks(stream: Streamed, watch: StreamWatch) -> None:
    """Let ``watch``, which is told when the stream is closed, see every chunk of it too."""
    inner: object = getattr(stream.holder, stream.attribute)
    observed = (
        ObservedAsyncIterator(cast("AsyncIterator[object]", inner), watch)
        if hasattr(inner, "__anext__")
        else observe(cast("Iterator[object]", inner), watch)
    )
    setattr(stream.holder, stream.attribute, observed)
