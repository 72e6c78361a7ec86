"""Runs us beside other instrumentations of ``openai``: ``python -m tests.neighbours.run [NAME ... | --lock]``.

Each neighbour has an environment of its own, and a process for each order in which it and we are turned on. The app
must get and send what it does with the neighbour alone, our spans must be what they are without it, and the neighbour
must see what it sees without us. Exit code 1 when anything differs. ``--lock`` runs nothing, and takes the newest
versions from then on.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .environments import ROOT, environment_of, lock, python_of
from .judge import Problem, own_problems, problems
from .table import NEIGHBOURS, OURS_FIRST, THEIRS_FIRST, Exempt, Neighbour

ALONE: Final = ("theirs", "ours")
BOTH: Final = (THEIRS_FIRST, OURS_FIRST)
LONGEST: Final = 90.0
"""Seconds after which a process hangs."""
SHOWN: Final = 3000
"""Characters of the output of a process that failed."""


@dataclass(frozen=True)
class Ran:
    """One process that made all calls."""

    result: dict[str, Any]
    """What it wrote; empty when it failed."""
    failure: str
    output: str
    """What it printed, standard error too."""
    seconds: float


def run(name: str, order: str, environment: Path) -> Ran:
    """Make all calls in a process of its own."""
    began = time.monotonic()
    # It writes byte code, unlike whoever starts it: the next process with the same SDK starts much sooner.
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environ = {**kept, **NEIGHBOURS[name].environ}
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "result.json")
        command = [str(python_of(environment)), "-m", "tests.neighbours.program", name, order, str(target)]
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=LONGEST,
            )
            output, failure = done.stdout, f"exit code {done.returncode}" if done.returncode else ""
        except subprocess.TimeoutExpired as late:
            output, failure = (late.stdout or b"").decode(), f"hangs after {LONGEST} s"
        result: dict[str, Any] = json.loads(target.read_text()) if target.exists() else {}
    return Ran(result, failure, output, time.monotonic() - began)


def verdict(neighbour: Neighbour, ran: Mapping[str, Ran], order: str) -> Iterator[str]:
    """Everything that is wrong with an order."""
    for needed in (*ALONE, order):
        if ran[needed].failure:
            yield f"{needed}: {ran[needed].failure}\n{ran[needed].output[-SHOWN:]}"
            return
    both, theirs, ours = ran[order], ran["theirs"], ran["ours"]
    if both.result["internal errors"]:
        yield f"internal errors: {both.result['internal errors']}"
    for line in both.output.splitlines():
        # A warning of theirs may come while a frame of ours runs.
        if "otel_genai_instr" in line and line.partition(": ")[2] not in theirs.output:
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
    """Run the neighbours that are named, or all; or lock them."""
    began = time.monotonic()
    if arguments == ["--lock"]:
        # All of them, and first what they have in common: each holds only what is different from that.
        for requirements in sorted({neighbour.requirements for neighbour in NEIGHBOURS.values()}):
            lock(requirements)
        return 0
    names = arguments or list(NEIGHBOURS)
    environments = {name: environment_of(NEIGHBOURS[name].requirements) for name in names}
    print(f"{len(set(environments.values()))} environments, {time.monotonic() - began:.0f} s", flush=True)
    table: list[str] = []
    failed = False
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        started = {
            name: {order: pool.submit(run, name, order, environments[name]) for order in (*ALONE, *BOTH)}
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
