"""What the table of calls lacks: the cost of a chunk, a message, a price, of memory and of starting up."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter, process_time, time_ns
from typing import Any, Final

from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Pricer

from . import cases
from .arms import Arms, Create, Setup, arms_of
from .clients import Request
from .measuring import Block, Effort, blocks_of, in_turns, spread_of

SHORT: Final = 200
LONG: Final = 2000
MESSAGES: Final = (1, 1000)
STARTS: Final = 15
CHUNK_GOAL: Final = 0.4
"""Microseconds that one more chunk may cost."""
START_GOAL: Final = 25.0
"""Milliseconds that importing and instrumenting may cost."""
PRICE_GOAL: Final = 0.5
"""Microseconds that pricing one call may cost, once its model's price is resolved."""
_HALF_A_POINTER: Final = 4.0  # bytes: the least that a kept object costs is the eight of its place in a list


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number and what it should be."""

    name: str
    unit: str
    value: float
    spread: float
    goal: float | None = None


def chunk_cost(api: str, is_async: bool, capture: bool, effort: Effort) -> Figure:
    """CPU time per chunk over an iterator that only stamps the first one: long streams less short ones."""
    make = cases.chat_stream if api == "chat" else cases.responses_stream

    @contextmanager
    def blocks_with(chunks: int) -> Generator[dict[str, Block]]:
        with arms_of(Setup(make(chunks), "stub", is_async, capture)) as arms:
            arms.requests["floor"] = _stamping(arms.requests["plain"], is_async)
            with blocks_of(arms, "floor", "ours") as blocks:
                yield blocks

    seconds = in_turns(blocks_with, (SHORT, LONG), effort)
    added = {chunks: min(times["ours"]) - min(times["floor"]) for chunks, times in seconds.items()}
    more = LONG - SHORT
    name = f"one more chunk, {api} stream, {_form(is_async)}, content {'on' if capture else 'off'}"
    return Figure(
        name,
        "us",
        (added[LONG] - added[SHORT]) / more * 1e6,
        spread_of(seconds[LONG]["ours"]) / more * 1e6,
        None if capture else CHUNK_GOAL,
    )


def price_cost(effort: Effort, calls: int = 5_000) -> Figure:
    """CPU time of pricing one call whose price is resolved."""
    pricer, now = Pricer(), time_ns() / 1e9
    usage = Usage(input_tokens=1_200, output_tokens=300, cache_read_tokens=1_000, reasoning_tokens=64)

    def block() -> float:
        started = process_time()
        for _ in range(calls):
            pricer.price("openai", cases.CHAT_MODEL, cases.CHAT_MODEL, usage, at=now)
        return (process_time() - started) / calls * 1e6

    block()
    measured = [block() for _ in range(effort.rounds)]
    return Figure("price of a call", "us", min(measured), spread_of(measured), PRICE_GOAL)


def message_cost(effort: Effort) -> Figure:
    """What a chat call with many messages costs more than one with a single message, content off."""

    @contextmanager
    def blocks_with(messages: int) -> Generator[dict[str, Block]]:
        with arms_of(Setup(cases.chat(messages), "stub")) as arms, blocks_of(arms, "plain", "ours") as blocks:
            yield blocks

    seconds = in_turns(blocks_with, MESSAGES, effort)
    few, many = (min(seconds[messages]["ours"]) - min(seconds[messages]["plain"]) for messages in MESSAGES)
    spread = spread_of(seconds[MESSAGES[1]]["ours"]) / few
    return Figure(f"{MESSAGES[1]} messages instead of {MESSAGES[0]}, content off", "x", many / few, spread, 1.1)


def chunk_memory(api: str, streams: int = 10) -> Figure:
    """Bytes kept per chunk by streams that are being read, content off, beyond what the SDK keeps."""
    kept = {
        chunks: _memory_of_open_streams(api, chunks, streams, "ours")
        - _memory_of_open_streams(api, chunks, streams, "plain")
        for chunks in (SHORT // 4, SHORT)
    }
    per_chunk = (kept[SHORT] - kept[SHORT // 4]) / streams / (SHORT - SHORT // 4)
    return Figure(f"memory per chunk, {api} stream, content off", "bytes", per_chunk, 0.0, _HALF_A_POINTER)


def start_up() -> list[Figure]:
    """Import and instrument in fresh processes that have openai, the SDK and the instrumentation base loaded.

    Raises:
        AssertionError: when instrumenting loaded price data or an SDK module.
    """
    runs: list[dict[str, Any]] = [_fresh_start() for _ in range(STARTS)]
    for run in runs:
        if run["prices"] or run["sdk"]:
            raise AssertionError(f"instrument() loaded {run['prices'] or run['sdk']}")
    names = ("import", "instrument")
    total = [run["import"] + run["instrument"] for run in runs]
    return [
        *(
            Figure(f"{name}, CPU", "ms", min(run[name] for run in runs), spread_of([run[name] for run in runs]))
            for name in names
        ),
        Figure("import + instrument, CPU", "ms", min(total), spread_of(total), START_GOAL),
    ]


_FRESH: Final = """
import json, sys
from time import process_time
import openai
import opentelemetry.instrumentation.instrumentor, opentelemetry.instrumentation.utils
import opentelemetry.sdk._logs, opentelemetry.sdk.metrics, opentelemetry.sdk.trace
before = set(sys.modules)
a = process_time()
import otel_genai_instr
from otel_genai_instr import OpenAIInstrumentor
b = process_time()
otel_genai_instr.instrument()
c = process_time()
added = set(sys.modules) - before
print(json.dumps({
    "import": (b - a) * 1e3,
    "instrument": (c - b) * 1e3,
    "prices": sorted(name for name in added if name.split(".")[0] == "genai_prices"),
    "sdk": sorted(name for name in added if name.split(".")[0] == "openai"),
    "others": sorted({name.split(".")[0] for name in added} - {"otel_genai_instr"}),
}))
"""


def _fresh_start() -> dict[str, Any]:
    # An installed package has compiled files; some machines tell Python not to write any.
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, "-c", _FRESH], capture_output=True, text=True, check=True, env=compiled)
    return json.loads(done.stdout)


def _stamping(plain: Request, is_async: bool) -> Request:
    def request(*arguments: Any) -> Any:
        stream = plain(*arguments)
        stream._iterator = _Stamp(stream._iterator).pass_on()
        return stream

    async def request_async(*arguments: Any) -> Any:
        stream = await plain(*arguments)
        stream._iterator = _Stamp(stream._iterator).pass_on_async()
        return stream

    return request_async if is_async else request


class _Stamp:
    """Notes when the first chunk came, and nothing else."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.first: float | None = None

    def pass_on(self) -> Any:
        for chunk in self.inner:
            if self.first is None:
                self.first = perf_counter()
            yield chunk

    async def pass_on_async(self) -> Any:
        async for chunk in self.inner:
            if self.first is None:
                self.first = perf_counter()
            yield chunk


def _memory_of_open_streams(api: str, chunks: int, streams: int, arm: str) -> int:
    make = cases.chat_stream if api == "chat" else cases.responses_stream
    case = make(chunks + 10)  # the end is not reached
    with arms_of(Setup(case, "full")) as arms:
        create = arms.choose(arm)
        _read_some(arms, create, 3)  # caches that are filled once
        gc.collect()
        tracemalloc.start()
        try:
            held = [_read_some(arms, create, chunks) for _ in range(streams)]
            gc.collect()
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        for stream in held:
            stream.close()
    return kept


def _read_some(arms: Arms, create: Create, chunks: int) -> Any:
    stream = create(arms.resource, **arms.setup.case.arguments)
    for _ in range(chunks):
        next(stream)
    return stream


def _form(is_async: bool) -> str:
    return "async" if is_async else "sync"
