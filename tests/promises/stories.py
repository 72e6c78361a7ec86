"""What the user's code does in each cell, told once for all SDKs, synchronous or not.

It writes a diary of everything it can notice, which must read the same without the instrumentation.
"""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final

from opentelemetry import context, trace

from ..support.under_test import Case, Ending, Form
from .either import Block, Chunks, call, run

_TURNS: Final = 5
"""Of the event loop, for the tasks that close what the collector found."""
MADE_WHEN_ASKED_FOR: Final = {"__annotations__", "__signature__", "__slotnames__"}
"""What a class remembers from the first time that anybody, such as a debugger, asks for it."""


class UserError(Exception):
    """Raised by the user's own code."""


class User:
    """The user's code with its diary."""

    def __init__(self, case: Case, client: Any, tracer: trace.Tracer) -> None:
        self.case = case
        self.sdk = case.provider
        self.client = client
        self.tracer = tracer
        self.diary: list[Any] = []
        self.strayed: list[str] = []
        """Moments at which the current context was not the user's own."""
        self.error: type[BaseException] | None = None
        """Class of what the SDK, or the user's own code, raised in the end."""
        self.task: asyncio.Future[None] | None = None

    # The call, in all its forms.

    def start(self) -> Any:
        """The expression in which the user calls the SDK."""
        return self.sdk.forms[self.case.form](self.client, self.case.api)

    async def block(self) -> Block:
        """What the user writes into a ``with`` statement."""
        if self.case.form.managed:
            return Block(self.start())
        return Block(await self.parsed(await call(self.start)))

    async def opened(self) -> Any:
        """The stream, or the raw response, without any block around it."""
        started = self.start()
        if self.case.form.managed:
            return await self.parsed(await Block(started).__aenter__())
        return await self.parsed(await call(lambda: started))

    async def parsed(self, result: Any) -> Any:
        """The stream of a raw response that has one; everything else as it is."""
        if self.case.form in (Form.RAW, Form.STREAMING_RAW, Form.RAW_STREAM, Form.STREAMING_RAW_STREAM):
            self.look_at(result)
        if self.case.form in (Form.RAW_STREAM, Form.STREAMING_RAW_STREAM):
            return await call(self.sdk.parse, result)
        return result

    # Reading.

    async def read(self, source: Any, chunks: int | None = None, then: Callable[[], None] | None = None) -> None:
        """Read the answer, or some of it, and note what came; ``then`` is called from within the loop."""
        before = context.get_current()
        self.look_at(source)
        if self.case.form.streams:
            left = chunks
            async for chunk in Chunks(source):
                self.here("between chunks", before)
                self.note_object(chunk)
                left = left - 1 if left is not None else None
                if left == 0:
                    if then is not None:
                        then()
                    break
        elif chunks is not None:
            async for piece in Chunks(self.sdk.pieces(source, 8)):
                self.diary.append(piece)
                if then is not None:
                    then()
                break
        elif self.case.form is Form.PLAIN:
            self.note_object(source)
        else:
            parsed = await call(self.sdk.parse, source)
            self.note_object(parsed)
            assert await call(self.sdk.parse, source) is parsed
        self.here("after reading", before)

    def look_at(self, source: Any) -> None:
        """Note everything that can be seen of an object without reading it."""
        self.diary.append((type(source), sorted(set(dir(source)) - MADE_WHEN_ASKED_FOR)))
        http = self.sdk.http_of(source)
        if http is not None:
            self.diary.append((type(http), http.status_code, dict(http.headers), http.is_closed, sorted(dir(http))))

    def note_object(self, value: Any) -> None:
        """Note a result of the SDK."""
        dumped = value.model_dump(warnings=False) if hasattr(value, "model_dump") else repr(value)
        self.diary.append((type(value), dumped))

    def here(self, moment: str, before: context.Context) -> None:
        """Is the user's context the current one?"""
        if context.get_current() != before:
            self.strayed.append(moment)

    async def tell(self) -> None:
        """Live through the cell, whatever comes of it."""
        with self.tracer.start_as_current_span("user"):
            before = context.get_current()
            try:
                await _STORIES[self.case.ending](self)
            except (Exception, KeyboardInterrupt, asyncio.CancelledError) as error:
                self.error = type(error)
                self.diary.append((type(error), error.args, str(error), type(error.__cause__), type(error.__context__)))
            self.here("after the call", before)
            await self.settle()
            self.here("at the end", before)

    def cancel(self) -> None:
        """Cancel the task that is reading."""
        if self.task is not None:
            self.task.cancel()

    async def settle(self) -> None:
        """Whatever was dropped is collected, and the event loop has cleaned up after it."""
        turns = _TURNS if self.case.is_async else 0
        # Byte iterators are nested async generators, which an event loop finalises one after the other.
        nested = turns and self.case.form is Form.STREAMING_RAW and self.case.ending in _DROPPED
        for _ in range(5 if nested else 1):
            for _ in range(turns):
                await asyncio.sleep(0)
            gc.collect()
            for _ in range(turns):
                await asyncio.sleep(0)


_DROPPED: Final = (Ending.ABANDONED, Ending.GENERATOR_CLOSED)


async def _read_all(user: User) -> None:
    if user.case.form.managed:
        async with await user.block() as entered:
            await user.read(await user.parsed(entered))
    else:
        await user.read(await user.opened())


async def _close_early(user: User) -> None:
    source = await user.opened()
    await user.read(source, 1)
    await call(source.close)
    await call(source.close)
    user.look_at(source)


async def _break_out(user: User) -> None:
    async with await user.block() as entered:
        await user.read(await user.parsed(entered), 1)


async def _close_generator(user: User) -> None:
    async def generator() -> AsyncGenerator[str, None]:
        async with await user.block() as entered:
            await user.read(await user.parsed(entered), 1)
            yield "a chunk"

    chunks = generator()
    user.diary.append(await anext(chunks))
    await chunks.aclose()


async def _abandon(user: User) -> None:
    await user.read(await user.opened(), 1)


async def _never_read(user: User) -> None:
    if user.case.form.managed:
        async with await user.block() as entered:
            user.look_at(entered)
    else:
        user.look_at(await call(user.start))


async def _raise_in_block(user: User) -> None:
    # In the loop: leaving it drops a byte iterator, which closes the response before the block sees the exception.
    async with await user.block() as entered:
        await user.read(await user.parsed(entered), 1, then=_make_a_mistake)


def _make_a_mistake() -> None:
    raise UserError("the user's own mistake", 42)


async def _be_cancelled(user: User) -> None:
    user.task = asyncio.ensure_future(_read_all(user))
    await user.task


async def _read_elsewhere(user: User) -> None:
    source = await user.opened()
    if user.case.is_async:
        await asyncio.create_task(user.read(source))
    else:
        _in_a_thread(lambda: run(user.read(source), is_async=False))


def _in_a_thread(work: Callable[[], None]) -> None:
    failed: list[BaseException] = []

    def body() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


async def _interleave(user: User) -> None:
    if not user.case.form.lazy:
        await asyncio.gather(_read_all(user), _read_all(user))
        return
    async with await user.block() as first, await user.block() as second:
        if not user.case.form.streams:
            await user.read(second)
            await user.read(first)
            return
        before = context.get_current()
        left, right = Chunks(await user.parsed(first)), Chunks(await user.parsed(second))
        async for chunk in left:
            user.here("between two streams", before)
            user.note_object(chunk)
            user.note_object(await anext(right))
        user.diary.append([chunk async for chunk in right])


async def _call_inside(user: User) -> None:
    async with await user.block() as entered:
        source = await user.parsed(entered)
        if user.case.form.streams:
            chunks = Chunks(source)
            user.note_object(await anext(chunks))
            await _read_all(user)
            async for chunk in chunks:
                user.note_object(chunk)
        else:
            await _read_all(user)
            await user.read(source)


_STORIES: Final[dict[Ending, Callable[[User], Awaitable[None]]]] = {
    Ending.DRAINED: _read_all,
    Ending.CLOSED: _close_early,
    Ending.BROKEN_OFF: _break_out,
    Ending.GENERATOR_CLOSED: _close_generator,
    Ending.ABANDONED: _abandon,
    Ending.NEVER_READ: _never_read,
    Ending.REFUSED: _read_all,
    Ending.UNREACHABLE: _read_all,
    Ending.MIDWAY: _read_all,
    Ending.USER_ERROR: _raise_in_block,
    Ending.INTERRUPTED: _read_all,
    Ending.CANCELLED: _be_cancelled,
    Ending.ELSEWHERE: _read_elsewhere,
    Ending.INTERLEAVED: _interleave,
    Ending.CALL_INSIDE: _call_inside,
}
