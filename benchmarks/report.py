"""The table: goal beside measured value."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from time import process_time
from typing import Final

from opentelemetry.sdk.trace import TracerProvider

from .arms import Setup
from .cases import STREAM_CHUNKS
from .details import CHUNK_GOAL, Figure
from .measuring import Added
from .work import Work

_FLOORS: Final = {"off": 1.3, "digest": 1.6, "on": 1.5}
"""The most that ours should add to a call, in floors. The floor of a digest has no content."""


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison of calls."""

    setup: Setup
    added: Added
    work: Work

    @property
    def goal(self) -> float:
        """The most microseconds that ours should add: so many floors a call, and a little for each chunk."""
        floors = _FLOORS[self.setup.content if self.setup.sampled else "off"]
        chunks = STREAM_CHUNKS if self.setup.case.is_stream else 0
        return floors * self.added.floor + CHUNK_GOAL * chunks


def machine() -> dict[str, str]:
    """What the figures depend on."""
    packages = ("openai", "opentelemetry-sdk", "opentelemetry-instrumentation", "genai-prices", "pydantic")
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "cores": str(os.cpu_count()),
        "a million additions": f"{_speed(_additions) / 1e3:.0f} ms",
        "an empty span": f"{_speed(_empty_spans):.0f} us",
        **{package: version(package) for package in packages},
    }


def _speed(work: Callable[[], int]) -> float:
    """Microseconds that a fixed piece of work takes here at best, to compare machines by; it says how many it did."""

    def once() -> float:
        started = process_time()
        done = work()
        return (process_time() - started) / done

    return min(once() for _ in range(20)) * 1e6


def _additions() -> int:
    for _ in range(10):
        sum(number + number for number in range(100_000))
    return 1


def _empty_spans() -> int:
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("speed")
    for _ in range(500):
        tracer.start_span("empty").end()
    return 500


def calls_header() -> str:
    """The head of the table of calls."""
    return (
        "| call | mode | content | sampled | plain us | floor adds | ours adds | goal | ± | x floor | in bytecodes |\n"
        "|---|---|---|---|---:|---:|---:|---:|---:|---:|---:|"
    )


def calls_row(row: Row) -> str:
    """One line of the table of calls."""
    setup, added = row.setup, row.added
    return (
        f"| {setup.case.name}, {'async' if setup.is_async else 'sync'} | {setup.mode} "
        f"| {setup.content} | {'yes' if setup.sampled else 'no'} "
        f"| {added.plain:.1f} | {added.floor:.1f} | {added.ours:.1f} | ≤ {row.goal:.1f} | {added.spread:.1f} "
        f"| {added.ratio:.2f} | {row.work.ratio:.2f} |"
    )


def figures_header() -> str:
    """The head of the table of figures."""
    return "| what | measured | ± | goal |\n|---|---:|---:|---:|"


def figures_row(figure: Figure) -> str:
    """One line of the table of figures."""
    goal = f"≤ {figure.goal:g} {figure.unit}" if figure.goal is not None else ""
    return f"| {figure.name} | {figure.value:.2f} {figure.unit} | {figure.spread:.2f} | {goal} |"


def as_json(rows: Sequence[Row], figures: Sequence[Figure]) -> dict[str, object]:
    """Everything that was measured, as plain data."""
    return {
        "machine": machine(),
        "calls": [
            {
                "case": row.setup.case.name,
                "mode": row.setup.mode,
                "async": row.setup.is_async,
                "content": row.setup.content,
                "sampled": row.setup.sampled,
                "plain_us": row.added.plain,
                "floor_us": row.added.floor,
                "ours_us": row.added.ours,
                "spread_us": row.added.spread,
                "ratio": row.added.ratio,
                "floor_bytecodes": row.work.floor,
                "ours_bytecodes": row.work.ours,
                "goal_us": row.goal,
            }
            for row in rows
        ],
        "figures": [
            {
                "name": figure.name,
                "unit": figure.unit,
                "value": figure.value,
                "spread": figure.spread,
                "goal": figure.goal,
            }
            for figure in figures
        ],
    }
