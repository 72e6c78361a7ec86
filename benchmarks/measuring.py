"""Interleaved blocks of calls in one process: CPU time per call, and the telemetry compared beforehand."""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from time import process_time
from typing import Any, Final

from opentelemetry.sdk.trace import ReadableSpan

from otel_genai_instr import guard

from .arms import Arms, Create

Block = Callable[[int], float]
"""Makes that many calls and returns the CPU seconds they took."""

_TURNS: Final = 5
_TIMES: Final = frozenset({"gen_ai.response.time_to_first_chunk"})
_DIGEST_OF_ALL: Final = frozenset({"otel_genai.content.tier", "otel_genai.input.hash", "otel_genai.output.preview"})
"""What every digest says, and the floor doesn't."""


class DifferentTelemetryError(AssertionError):
    """Floor and instrumentation didn't say the same, so their costs can't be compared."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure."""

    rounds: int
    block_seconds: float
    """CPU time of one block of calls of one arm."""


FULL_EFFORT: Final = Effort(rounds=400, block_seconds=0.002)
QUICK_EFFORT: Final = Effort(rounds=90, block_seconds=0.0015)


@dataclass(frozen=True, slots=True)
class Added:
    """CPU microseconds per call."""

    plain: float
    floor: float
    """Added by the floor."""
    ours: float
    """Added by the instrumentation."""
    spread: float
    """How far the fastest quarter of our blocks reaches above the fastest one: how far to trust it."""

    @property
    def ratio(self) -> float:
        """What ours adds, in floors."""
        return self.ours / self.floor


def pin_to_one_core() -> bool:
    """Keep this process on one core where the system allows it."""
    if not hasattr(os, "sched_setaffinity"):
        return False
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return True


def settle() -> None:
    """Put what lives until the end out of the collector's way, so that a collection before a block is short."""
    gc.collect()
    gc.freeze()


def measure(arms: Arms, effort: Effort) -> Added:
    """The fastest block of each arm, after they were seen to export the same: what else runs on a machine only adds.

    Raises:
        DifferentTelemetryError: when they don't.
    """
    with blocks_of(arms, "plain", "floor", "ours") as blocks:
        compare(arms, blocks)
        seconds = interleave(blocks, effort)
    if faults := guard.counts():
        raise DifferentTelemetryError(f"internal errors: {faults}")
    plain, floor, ours = (min(seconds[arm]) for arm in ("plain", "floor", "ours"))
    return Added(_us(plain), _us(floor - plain), _us(ours - plain), _us(spread_of(seconds["ours"])))


def interleave(blocks: dict[str, Block], effort: Effort) -> dict[str, list[float]]:
    """CPU seconds per call of each arm, one value per round; the order of the arms rotates.

    The last arm decides how many calls make a block.
    """
    arms = list(blocks)
    settle()
    together = _calls_for(blocks[arms[-1]], effort.block_seconds)
    seconds: dict[str, list[float]] = {arm: [] for arm in arms}
    for number in range(effort.rounds):
        shift = number % len(arms)
        for arm in (*arms[shift:], *arms[:shift]):
            gc.collect()
            seconds[arm].append(blocks[arm](together) / together)
    return seconds


def in_turns(
    blocks_with: Callable[[int], AbstractContextManager[dict[str, Block]]], sizes: Sequence[int], effort: Effort
) -> dict[int, dict[str, list[float]]]:
    """:func:`interleave` for each size, a part of each in turn: machines change their speed from second to second."""
    seconds: dict[int, dict[str, list[float]]] = {size: {} for size in sizes}
    part = replace(effort, rounds=effort.rounds // _TURNS)
    for _ in range(_TURNS):
        for size in sizes:
            with blocks_with(size) as blocks:
                for arm, measured in interleave(blocks, part).items():
                    seconds[size].setdefault(arm, []).extend(measured)
    return seconds


def spread_of(values: Sequence[float]) -> float:
    """How far the fastest quarter reaches above the fastest value."""
    low, _, _ = statistics.quantiles(values, n=4)
    return low - min(values)


def compare(arms: Arms, blocks: dict[str, Block]) -> None:
    """Make a few calls with the floor and with ours and compare everything they exported.

    Raises:
        DifferentTelemetryError: naming what differs.
    """
    spans: dict[str, list[dict[str, Any]]] = {}
    for arm in ("floor", "ours"):
        kept = arms.sinks[arm].keep()
        blocks[arm](3)
        spans[arm] = [_as_data(span) for span in kept]
        arms.sinks[arm].drop()
        if len(kept) != (3 if arms.setup.sampled else 0):
            raise DifferentTelemetryError(f"{arm}: {len(kept)} spans for 3 calls")
    for floor, ours in zip(spans["floor"], spans["ours"], strict=True):
        _same("spans", floor, _without_digest(ours, floor) if arms.setup.digest else ours)
    points = {arm: sink.points() for arm, sink in arms.sinks.items()}
    counters = {
        key: points["ours"].pop(key) for key in list(points["ours"]) if not isinstance(points["ours"][key], tuple)
    }
    _same("histogram points", points["floor"], points["ours"])
    modality = "gen_ai.token.modality"
    totals = {(name, dict(attributes)[modality]): total for (name, attributes), total in counters.items()}
    _same("counters", arms.floor.totals, totals)


def _as_data(span: ReadableSpan) -> dict[str, Any]:
    attributes = {
        name: "a time" if name in _TIMES else round(value, 12) if isinstance(value, float) else value
        for name, value in (span.attributes or {}).items()
    }
    return {"span.name": span.name, "span.kind": span.kind, "span.status": span.status.status_code, **attributes}


def _without_digest(ours: Mapping[str, Any], floor: Mapping[str, Any]) -> dict[str, Any]:
    """What the floor has to say as well. It keeps no text of a stream, so only a digest can count it."""
    if missing := _DIGEST_OF_ALL - ours.keys():
        raise DifferentTelemetryError(f"no digest: {', '.join(sorted(missing))}")
    more = _DIGEST_OF_ALL | {"otel_genai.system_instructions.hash"} | ({"otel_genai.output.length"} - floor.keys())
    return {name: value for name, value in ours.items() if name not in more}


def _same(what: str, floor: Mapping[Any, Any], ours: Mapping[Any, Any]) -> None:
    differing = {key: (floor.get(key), ours.get(key)) for key in {**floor, **ours} if floor.get(key) != ours.get(key)}
    if differing:
        listed = "\n".join(f"  {key}: floor {left!r}, ours {right!r}" for key, (left, right) in differing.items())
        raise DifferentTelemetryError(f"{what} differ\n{listed}")


@contextmanager
def blocks_of(arms: Arms, *names: str) -> Generator[dict[str, Block], None, None]:
    """A block of calls for each arm; all asynchronous ones run in one event loop."""
    with asyncio.Runner() as runner:
        yield {name: _block(arms, name, runner) for name in names}


def _block(arms: Arms, arm: str, runner: asyncio.Runner) -> Block:
    resource, arguments = arms.resource, arms.setup.case.arguments
    stream = arms.setup.case.is_stream

    def block(calls: int) -> float:
        return _calls(arms.choose(arm), resource, arguments, calls, stream)

    def block_async(calls: int) -> float:
        return runner.run(_calls_async(arms.choose(arm), resource, arguments, calls, stream))

    return block_async if arms.setup.is_async else block


def _calls(create: Create, resource: Any, arguments: Any, calls: int, stream: bool) -> float:
    started = process_time()
    for _ in range(calls):
        result = create(resource, **arguments)
        if stream:
            for _ in result:
                pass
    return process_time() - started


async def _calls_async(create: Create, resource: Any, arguments: Any, calls: int, stream: bool) -> float:
    started = process_time()
    for _ in range(calls):
        result = await create(resource, **arguments)
        if stream:
            async for _ in result:
                pass
    return process_time() - started


def _calls_for(block: Block, seconds: float) -> int:
    calls = 1
    while (taken := block(calls)) < seconds / 4:
        calls *= 2
    return max(1, round(calls * seconds / taken))


def _us(seconds: float) -> float:
    return seconds * 1e6
