"""Measure and print. Reports, and gates nothing: figures of a shared machine are no reason to fail a build."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from . import report, work
from .arms import Setup, arms_of
from .cases import all_cases
from .details import Figure, chunk_cost, chunk_memory, message_cost, price_cost, start_up
from .measuring import FULL_EFFORT, QUICK_EFFORT, Effort, measure, pin_to_one_core


def main() -> None:
    """Entry point of ``python -m benchmarks``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: about a minute instead of several")
    parser.add_argument("--only", metavar="NAME", default="", help="only lines whose name contains NAME")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures to FILE as well")
    options = parser.parse_args()
    effort = QUICK_EFFORT if options.quick else FULL_EFFORT
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        del os.environ[name]

    print(", ".join(f"{name} {value}" for name, value in report.machine().items()))
    print("pinned to one core" if pin_to_one_core() else "not pinned: this system can't", end="\n\n")
    figures: list[Figure] = []
    rows: list[report.Row] = []
    chosen = [setup for setup in setups() if options.only in name_of(setup)]
    if chosen:
        print(report.calls_header())
    for setup in chosen:
        with arms_of(setup) as arms:
            rows.append(report.Row(setup, measure(arms, effort), work.count(arms)))
        print(report.calls_row(rows[-1]), flush=True)
    details = [measured for name, measured in details_with(effort) if options.only in name]
    if details:
        print("\n" + report.figures_header())
    for measured in details:
        for figure in measured():
            figures.append(figure)
            print(report.figures_row(figure), flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(report.as_json(rows, figures), indent=2) + "\n")


def setups() -> Iterator[Setup]:
    """Every comparison of calls. Unsampled calls serialise no content, so they have one line."""
    for mode in ("stub", "full"):
        for case in all_cases():
            for is_async in (False, True):
                yield Setup(case, mode, is_async)
                if case.has_content:
                    yield Setup(case, mode, is_async, digest=True)
                    yield Setup(case, mode, is_async, capture=True)
                yield Setup(case, mode, is_async, sampled=False)


def name_of(setup: Setup) -> str:
    """What ``--only`` looks at."""
    return " ".join(
        (
            setup.mode,
            setup.case.name,
            "async" if setup.is_async else "sync",
            {"off": "", "digest": "digest", "on": "content"}[setup.content],
            "sampled" if setup.sampled else "unsampled",
        )
    )


def details_with(effort: Effort) -> Iterator[tuple[str, Callable[[], list[Figure]]]]:
    """Name and measurement of everything that is no line of the table of calls."""

    def chunk(api: str, is_async: bool, capture: bool) -> Callable[[], list[Figure]]:
        return lambda: [chunk_cost(api, is_async, capture, effort)]

    def memory(api: str) -> Callable[[], list[Figure]]:
        return lambda: [chunk_memory(api)]

    for capture in (False, True):
        for api in ("chat", "responses"):
            for is_async in (False, True):
                yield f"chunk {api} {'async' if is_async else 'sync'}", chunk(api, is_async, capture)
    for api in ("chat", "responses"):
        yield f"memory {api}", memory(api)
    yield "price", lambda: [price_cost(effort)]
    yield "messages", lambda: [message_cost(effort)]
    yield "startup", start_up


if __name__ == "__main__":
    main()
