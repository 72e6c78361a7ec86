"""Runs us beside other instrumentations of ``openai``: ``python -m tests.neighbours.run [NAME ...]``.

Each neighbour has an environment of its own, and a process for each order in which it and we are turned on. The app
must get and send what it does with the neighbour alone, our spans must be what they are without it, and the neighbour
must see what it sees without us. Exit code 1 when anything differs.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from otel_genai_instr.log import WHOSE
from tests.environments.process import Ran, run

from .judge import Problem, own_problems, problems
from .table import ENVIRONMENTS, NEIGHBOURS, OURS_FIRST, THEIRS_FIRST, Exempt, Neighbour

ALONE: Final = ("theirs", "ours")
BOTH: Final = (THEIRS_FIRST, OURS_FIRST)
PROGRAM: Final = "tests.neighbours.program"
TWICE: Final = "count its tokens and cost twice"
SHOWN: Final = 3000
"""Characters of the output of a process that failed."""


def verdict(neighbour: Neighbour, ran: Mapping[str, Ran], order: str) -> Iterator[str]:
    """Everything that is wrong with an order."""
    for needed in (*ALONE, order):
        if ran[needed].failure:
            yield f"{needed}: {ran[needed].failure}\n{ran[needed].output[-SHOWN:]}"
            return
    both, theirs, ours = ran[order], ran["theirs"], ran["ours"]
    if both.result["internal errors"]:
        yield f"internal errors: {both.result['internal errors']}"
    notices = [line for line in both.output.splitlines() if TWICE in line]
    expected = [] if neighbour.doubles is None else [neighbour.doubles]
    if [line.removeprefix(WHOSE).partition(" ")[0] for line in notices] != expected:
        yield f"said of doubles: {notices}"
    for line in both.output.splitlines():
        # A warning of theirs may come while a frame of ours runs.
        if "otel_genai_instr" in line and line not in notices and line.partition(": ")[2] not in theirs.output:
            yield f"printed: {line}"
    if neighbour.observes != any(call["theirs"] for call in theirs.result["calls"].values()):
        yield f"observes: {neighbour.observes} is said of it"
    exempt = {entry: 0 for entry in neighbour.exempt if entry.order == order}
    calls = theirs.result["calls"], ours.result["calls"]
    for problem in [*own_problems(calls[1]), *problems(both.result, *calls)]:
        entry = next((entry for entry in exempt if covers(entry, problem)), None)
        if entry is None:
            yield str(problem)
        else:
            exempt[entry] += 1
    yield from (f"no longer happens: {entry}" for entry, times in exempt.items() if not times)


def covers(exempt: Exempt, problem: Problem) -> bool:
    """Whether it is known, and can't be otherwise."""
    return exempt.part == problem.part and re.fullmatch(exempt.forms, problem.form) is not None


def main(arguments: list[str]) -> int:
    """Run the neighbours that are named, or all."""
    began = time.monotonic()
    names = arguments or list(NEIGHBOURS)
    environments = {name: ENVIRONMENTS.environment_of(NEIGHBOURS[name].requirements) for name in names}
    print(f"{len(set(environments.values()))} environments, {time.monotonic() - began:.0f} s", flush=True)
    table: list[str] = []
    failed = False
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        started = {
            name: {
                order: pool.submit(run, environments[name], PROGRAM, name, order, environ=NEIGHBOURS[name].environ)
                for order in (*ALONE, *BOTH)
            }
            for name in names
        }
        for name, futures in started.items():
            ran = {order: future.result() for order, future in futures.items()}
            for order in BOTH:
                wrong = list(verdict(NEIGHBOURS[name], ran, order))
                failed = failed or bool(wrong)
                for line in wrong:
                    print(f"{name} ({order}): {line}", flush=True)
                state = f"{len(wrong)} wrong" if wrong else "passed"
                table.append(f"{state:12} {name:16} {order:12} {ran[order].seconds:5.1f} s")
    print(*table, f"{time.monotonic() - began:.0f} s", sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
