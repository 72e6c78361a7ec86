"""Runs the tests at both ends of the supported range: ``python -m tests.versions.run [OPTION ...] [pytest arguments]``.

Each row is a Python and an SDK, in an environment of its own under ``.venv-versions/``, with the versions that ``make
lock`` wrote down: a clone gives the same result in a year. The one row of ``--newest`` is for the opposite, to learn
what the releases of others break. All live through the cells of the promise matrix that ``--pairs`` picks: the whole
product is for the locked SDKs, in ``make test``. What can't be run here is printed as skipped, with the reason. Exit
code 1 when a row failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Final

from .interpreters import OLDEST, Version, find_interpreters
from .rows import LINES, LOCKED, NEWEST, ROOT, Row, constraints, locked_rows, newest_row

OF_A_PROVIDER: Final = ("tests/promises", "tests/readers")
"""What depends on the version of any SDK."""
SUITES: Final = ("tests/test_smoke.py", "tests/promises", "tests/robustness")
"""What depends on the version of ``openai``, with which the engine is tested; other suites test programs, prices or
configuration."""
OF_A_PYTHON: Final = ("tests/store", "tests/privacy")
"""What depends on how Python ends, forks and runs threads."""
INDEPENDENT: Final = (
    "tests/first_hour",
    "tests/promises/test_canaries.py",
    "tests/promises/test_hostile_content.py",
    "tests/robustness/test_concurrency.py",
    "tests/robustness/test_fails_closed.py",
    "tests/robustness/test_faults.py",
    "tests/robustness/test_readers.py",
)
"""What takes long in these suites and needs one version only, or asks for what older ones refuse."""
_WITHOUT_INDEPENDENT: Final = tuple(f"--ignore={path}" for path in INDEPENDENT)


@dataclass(frozen=True)
class Outcome:
    """What came of a row."""

    row: Row
    state: str
    """``passed``, ``failed`` or ``skipped``."""
    detail: str
    minutes: float = 0.0

    def __str__(self) -> str:
        slow = f", more than twice the usual {self.row.usual_minutes:g}" if self.is_slow else ""
        return f"{self.state:8} {self.row.name:27} {self.minutes:4.1f} min{slow}  {self.detail}"

    @property
    def is_slow(self) -> bool:
        """Whether somebody should look why."""
        return self.minutes > 2 * self.row.usual_minutes


def run(row: Row, interpreter: str, arguments: Sequence[str]) -> Outcome:
    """Build the environment of ``row`` and run the tests there; what they print is shown whole at the end."""
    began = time.monotonic()
    row.folder.parent.mkdir(exist_ok=True)
    log = row.folder.with_name(f"{row.folder.name}.log")
    with log.open("w") as output:
        state = (
            "passed"
            if all(_runs(command, output.fileno()) for command in _commands(row, interpreter, arguments))
            else "failed"
        )
    outcome = Outcome(row, state, _installed(row), (time.monotonic() - began) / 60)
    print(f"\n== {row.name}\n{log.read_text()}{outcome}", flush=True)
    return outcome


def _commands(row: Row, interpreter: str, arguments: Sequence[str]) -> list[list[str]]:
    python = str(row.folder / "bin" / "python")
    uv = [sys.executable, "-m", "uv"]
    install = [*uv, "pip", "install", "--quiet", "--python", python, "--editable", ".[dev,demo]"]
    suites = list(arguments)
    if row.sdk == NEWEST:
        install += ["--upgrade", "--refresh"]
        suites = suites or [*_WITHOUT_INDEPENDENT, "--pairs"]
    else:
        pinned = row.folder.with_name(f"{row.folder.name}.txt")
        pinned.write_text(constraints(row))
        install += ["--constraint", str(pinned), "--build-constraint", str(pinned)]
        suites = suites or _suites(row)
    return [
        [*uv, "venv", "--quiet", "--clear", "--python", interpreter, str(row.folder)],
        install,
        *([*uv, "pip", "uninstall", "--quiet", "--python", python, sdk] for sdk in row.absent),
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *suites],
    ]


def _suites(row: Row) -> list[str]:
    if row.provider is None:
        return [*_WITHOUT_INDEPENDENT, "--pairs", *SUITES, *OF_A_PYTHON]
    fewer = ["--provider", row.provider, "--pairs"]
    if row.provider == "openai":
        return [*_WITHOUT_INDEPENDENT, *fewer, *SUITES]
    return [*fewer, *OF_A_PROVIDER]


def _runs(command: list[str], output: int) -> bool:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, stdout=output, stderr=output).returncode == 0


def _installed(row: Row) -> str:
    names = (*LINES, "opentelemetry-sdk")
    have = "from importlib.metadata import distributions; have = {each.name: each.version for each in distributions()}"
    ask = f"{have}; print(*(f'{{n}} {{have[n]}}' for n in {names} if n in have))"
    try:
        return subprocess.check_output(
            [row.folder / "bin" / "python", "-c", ask], text=True, stderr=subprocess.DEVNULL
        )[:-1]
    except (OSError, subprocess.SubprocessError):
        return "the environment can't be built"


def main(arguments: Sequence[str]) -> int:
    """Run all rows; what isn't an option of ours goes to pytest in place of the suites."""
    options = argparse.ArgumentParser(prog="python -m tests.versions.run", allow_abbrev=False)
    options.add_argument("--newest", action="store_true", help="the row of the newest release of everything alone")
    options.add_argument("--at-once", type=int, default=2, help="rows beside each other: each keeps one core busy")
    asked, suites = options.parse_known_args(arguments)
    interpreters = find_interpreters()
    listed = ", ".join(".".join(map(str, version)) for version in interpreters)
    print(f"Python that runs here: {listed or 'none'}", flush=True)
    newest = max(interpreters, default=OLDEST)
    rows = [newest_row(newest)] if asked.newest else list(dict.fromkeys(locked_rows(newest)))
    outcomes = _run_all(rows, interpreters, suites, asked.at_once)
    if newest == OLDEST and not asked.newest:
        outcomes.append(Outcome(Row((3, 99), LOCKED), "skipped", "no Python newer than the oldest runs here"))
    return _report(outcomes)


def _run_all(
    rows: Sequence[Row], interpreters: dict[Version, str], suites: Sequence[str], at_once: int
) -> list[Outcome]:
    runnable = [row for row in rows if row.python in interpreters]
    skipped = [Outcome(row, "skipped", "this Python doesn't run here") for row in rows if row not in runnable]
    with ThreadPoolExecutor(at_once) as pool:
        running = [pool.submit(run, row, interpreters[row.python], suites) for row in runnable]
        return [done.result() for done in as_completed(running)] + skipped


def _report(outcomes: Sequence[Outcome]) -> int:
    print()
    for outcome in sorted(outcomes, key=lambda outcome: outcome.row.name):
        print(outcome)
    return 1 if any(outcome.state == "failed" for outcome in outcomes) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
