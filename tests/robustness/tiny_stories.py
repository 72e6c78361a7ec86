"""Stories of what no SDK that we support does yet: generators, handed out and called, and attempts that are awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any, Final

from otel_genai_instr.model import Endpoint, ToolRun
from otel_genai_instr.patching.contract import Arguments, Asked, Attempt, Call, Keywords, Provider, Tool
from otel_genai_instr.patching.instrumentor import GenAIInstrumentor
from otel_genai_instr.patching.patcher import Patcher
from otel_genai_instr.providers.errors import read_error
from otel_genai_instr.providers.openai.apis import CHAT

from ..support import answers
from ..support.provider import FakeProvider
from . import tiny_sdk
from .stories import Story

SDK: Final = "tests.robustness.tiny_sdk"
MODEL: Final = "gpt-4o-mini"
CHUNKS: Final = answers.chat_chunks()


def _unpack(_args: Arguments, kwargs: Keywords) -> Asked | None:
    return (CHAT, kwargs, tiny_sdk, None) if kwargs["model"] is not None else None


def _unpack_tool(args: Arguments, _kwargs: Keywords) -> ToolRun | None:
    name, arguments, *_ = args
    return None if name is None else ToolRun(name, "call_1", "Looks something up.", arguments)


def _read_result(result: object) -> object:
    return result


class TinyInstrumentor(GenAIInstrumentor):
    """Instruments the tiny SDK."""

    patcher = Patcher(
        Provider(
            seams=(
                Call(SDK, "generate", _unpack),
                Call(SDK, "generate_async", _unpack),
                Call(SDK, "hand_out", _unpack),
                Call(SDK, "hand_out_async", _unpack),
                Call(SDK, "ask", _unpack),
                Attempt(SDK, "attempt"),
                Tool(SDK, "run_tool", _unpack_tool, _read_result),
                Tool(SDK, "run_tool_async", _unpack_tool, _read_result),
            ),
            look=lambda _result: None,
            read_endpoint=lambda _client, _url, _names: Endpoint("openai"),
            read_error=read_error,
        )
    )
    requirements = ()


def _talked_to(_provider: FakeProvider) -> object:
    """Something is sent and thrown into it, and it returns something."""
    said: list[object] = []
    talking = tiny_sdk.generate(model=MODEL, chunks=CHUNKS)
    said += [next(talking), talking.send("sent"), next(talking), talking.throw(LookupError("thrown"))]
    while True:
        try:
            said.append(next(talking))
        except StopIteration as over:
            return said, over.value


def _closed(_provider: FakeProvider) -> object:
    talking = tiny_sdk.generate(model=MODEL, chunks=CHUNKS)
    first = next(talking)
    talking.close()
    return first


def _all(model: str | None, chunks: list[Any]) -> Callable[[FakeProvider], object]:
    return lambda _provider: list(tiny_sdk.generate(model=model, chunks=chunks))


def _handed_out(_provider: FakeProvider) -> object:
    return list(tiny_sdk.hand_out(model=MODEL, chunks=CHUNKS))


def _async(act: Callable[[], Coroutine[Any, Any, object]]) -> Callable[[FakeProvider], object]:
    return lambda _provider: asyncio.run(act())


async def _talked_to_async() -> object:
    talking = tiny_sdk.generate_async(model=MODEL, chunks=CHUNKS)
    said = [await anext(talking), await talking.asend("sent"), await anext(talking)]
    said.append(await talking.athrow(LookupError("thrown")))
    return [*said, *[chunk async for chunk in talking]]


async def _closed_async() -> object:
    async with aclosing(tiny_sdk.generate_async(model=MODEL, chunks=CHUNKS)) as talking:
        return await anext(talking)


def _all_async(model: str | None, chunks: list[Any]) -> Callable[[FakeProvider], object]:
    async def act() -> object:
        return [chunk async for chunk in tiny_sdk.generate_async(model=model, chunks=chunks)]

    return _async(act)


async def _handed_out_async() -> object:
    return [chunk async for chunk in await tiny_sdk.hand_out_async(model=MODEL, chunks=CHUNKS)]


async def _asked() -> object:
    return await tiny_sdk.ask(model=MODEL, answer=answers.chat())


def _run(name: str | None, fail: bool = False) -> Callable[[FakeProvider], object]:
    return lambda _provider: tiny_sdk.run_tool(name, '{"city": "Paris"}', fail)


def _run_async(name: str | None, fail: bool = False) -> Callable[[FakeProvider], object]:
    return _async(lambda: tiny_sdk.run_tool_async(name, "Paris", fail))


_BROKEN: Final = [*CHUNKS[:2], None]

TINY_STORIES: Final = (
    Story("generator talked to", list, _talked_to),
    Story("generator closed early", list, _closed),
    Story("generator that fails", list, _all(MODEL, _BROKEN)),
    Story("generator that is no operation", list, _all(None, CHUNKS)),
    Story("generator that is no operation and fails", list, _all(None, _BROKEN)),
    Story("generator handed out", list, _handed_out),
    Story("async generator talked to", list, _async(_talked_to_async)),
    Story("async generator closed early", list, _async(_closed_async)),
    Story("async generator that fails", list, _all_async(MODEL, _BROKEN)),
    Story("async generator that is no operation", list, _all_async(None, CHUNKS)),
    Story("async generator handed out", list, _async(_handed_out_async)),
    Story("attempts that are awaited", list, _async(_asked)),
    Story("tool", list, _run("lookup")),
    Story("tool that fails", list, _run("lookup", fail=True)),
    Story("tool that is none", list, _run(None)),
    Story("tool awaited", list, _run_async("lookup")),
    Story("tool awaited that fails", list, _run_async("lookup", fail=True)),
    Story("tool awaited that is none", list, _run_async(None)),
)
