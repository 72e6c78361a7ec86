"""Runs frameworks that call ``openai`` or ``anthropic``: ``python -m tests.frameworks.run [NAME ...]``.

Each has an environment of its own, and three processes: the app without us, the app imported before we are turned on,
and after. Our spans and metrics must be what the server's ledger says, and the app must print and send what it does
without us. Exit code 1 when anything differs, also when a form that is expected to fail no longer does. The apps of
``docs/frameworks.md`` run with their frameworks' own spans beside ours.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.environments.process import Ran, run

from . import traced
from .judge import Problem, problems
from .table import ALONE, APP_FIRST, ENVIRONMENTS, FRAMEWORKS, OURS_FIRST, Expected

BOTH: Final = (APP_FIRST, OURS_FIRST)
PROGRAM: Final = "tests.frameworks.program"
SHOWN: Final = 3000
"""Characters of the output of a process that failed."""


def verdict(expected: Iterable[Expected], ran: Mapping[str, Ran], order: str) -> Iterator[str]:
    """Everything that is wrong with an order."""
    for needed in (ALONE, order):
        if ran[needed].failure:
            yield f"{needed}: {ran[needed].failure}\n{ran[needed].output[-SHOWN:]}"
            return
    with_us, alone = ran[order], ran[ALONE]
    if with_us.result["internal errors"]:
        yield f"internal errors: {with_us.result['internal errors']}"
    for line in with_us.output.splitlines():
        if "otel_genai_instr" in line:
            yield f"printed: {line}"
    forms = with_us.result["forms"]
    yield from unexpected(expected, forms, list(problems(forms, alone.result["forms"])))


def unexpected(expected: Iterable[Expected], forms: Iterable[str], found: list[Problem]) -> Iterator[str]:
    """The problems that nobody expects, and the forms whose problems were expected and are gone."""
    wrong = {problem.form for problem in found if problem.part == "telemetry"}
    known = {form: entry for entry in expected for form in forms if re.fullmatch(entry.forms, form)}
    yield from (str(problem) for problem in found if problem.part == "app" or problem.form not in known)
    yield from (f"{form}: no longer fails: {entry}" for form, entry in known.items() if form not in wrong)
    yield from (f"is about no form: {entry}" for entry in expected if entry not in known.values())


def _tree(name: str, environment: Path) -> tuple[list[str], float]:
    """What is wrong with its app of the page, and the seconds that it took."""
    row = FRAMEWORKS[name].traced
    began = time.monotonic()
    wrong = list(traced.problems(row, environment)) if row is not None else []
    return wrong, time.monotonic() - began


def main(arguments: list[str]) -> int:
    """Run the frameworks that are named, or all."""
    began = time.monotonic()
    names = arguments or list(FRAMEWORKS)
    environments = {name: ENVIRONMENTS.environment_of(FRAMEWORKS[name].requirements) for name in names}
    print(f"{len(environments)} environments, {time.monotonic() - began:.0f} s", flush=True)
    table: list[str] = []
    failed = False
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        started = {
            name: {
                order: pool.submit(run, environments[name], PROGRAM, name, order, environ=FRAMEWORKS[name].environ)
                for order in (ALONE, *BOTH)
            }
            for name in names
        }
        trees = {
            name: pool.submit(_tree, name, environments[name]) for name in names if FRAMEWORKS[name].traced is not None
        }
        for name, futures in started.items():
            ran = {order: future.result() for order, future in futures.items()}
            expected = FRAMEWORKS[name].expected
            for order in BOTH:
                wrong = list(verdict(expected, ran, order))
                failed = failed or bool(wrong)
                for line in wrong:
                    print(f"{name} ({order} first): {line}", flush=True)
                state = f"{len(wrong)} wrong" if wrong else "passed"
                forms = ran[order].result.get("forms", {})
                waived = sum(any(re.fullmatch(entry.forms, form) for entry in expected) for form in forms)
                counted = f"{len(forms)} forms" + (f", {waived} expected to fail" if waived else "")
                table.append(f"{state:12} {name:16} {order:5} first {ran[order].seconds:5.1f} s  {counted}")
        for name, future in trees.items():
            wrong, seconds = future.result()
            failed = failed or bool(wrong)
            for line in wrong:
                print(f"{name} (of the page): {line}", flush=True)
            table.append(f"{f'{len(wrong)} wrong' if wrong else 'passed':12} {name:16} of the page {seconds:4.1f} s")
    print(*table, f"{time.monotonic() - began:.0f} s", sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
