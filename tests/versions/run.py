"""Runs the tests against both ends of the supported range: ``python -m tests.versions.run [pytest arguments]``.

Each row is a Python and an ``openai``, in an environment of its own under ``.venv-versions/``. What can't be run
here is printed as skipped, with the reason. Exit code 1 when a row failed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .interpreters import OLDEST, Version, find_interpreters

ROOT: Final = Path(__file__).parents[2]
ENVIRONMENTS: Final = ROOT / ".venv-versions"
SUITES: Final = ("tests/test_smoke.py", "tests/promises", "tests/providers", "tests/robustness")
"""What depends on the SDK's version; other suites test programs, prices or configuration."""
INDEPENDENT: Final = ("tests/robustness/test_readers.py", "tests/robustness/test_concurrency.py")
"""What takes long in these suites and needs one version only."""


@dataclass(frozen=True)
class Row:
    """One environment to test in."""

    python: Version
    openai: str
    """A requirement."""

    @property
    def name(self) -> str:
        """As it is printed."""
        return f"{'.'.join(map(str, self.python))} {self.openai}"

    @property
    def folder(self) -> Path:
        """Where its environment stands."""
        return ENVIRONMENTS / re.sub(r"[^\w.]+", "-", self.name)


@dataclass(frozen=True)
class Outcome:
    """What came of a row."""

    row: Row
    state: str
    """``passed``, ``failed`` or ``skipped``."""
    detail: str
    seconds: float = 0.0


def oldest_openai() -> str:
    """The floor of the extra, so that it can't be claimed without being tested."""
    found = re.search(r'^openai = \["openai>=([\d.]+)', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    if found is None:
        raise SystemExit("pyproject.toml: the extra `openai` states no lower bound")
    return found[1]


def rows(newest: Version) -> Iterator[Row]:
    """Every SDK line on the oldest Python, and the newest SDK on the newest Python."""
    for requirement in (f"openai=={oldest_openai()}", "openai<2", "openai<3", "openai<4"):
        yield Row(OLDEST, requirement)
    yield Row(newest, "openai<4")


def run(row: Row, interpreter: str, arguments: list[str]) -> Outcome:
    """Build the environment of ``row`` and run the tests there."""
    began = time.monotonic()
    python = str(row.folder / "bin" / "python")
    uv = [sys.executable, "-m", "uv"]
    steps = (
        [*uv, "venv", "--quiet", "--clear", "--python", interpreter, str(row.folder)],
        [*uv, "pip", "install", "--quiet", "--python", python, "-e", ".[dev,demo]", row.openai],
    )
    for step in steps:
        if subprocess.run(step, cwd=ROOT).returncode:
            return Outcome(row, "failed", "the environment can't be built", time.monotonic() - began)
    ignored = [f"--ignore={path}" for path in INDEPENDENT]
    suites = arguments or [*ignored, *(suite for suite in SUITES if (ROOT / suite).exists())]
    tests = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *suites]
    code = subprocess.run(tests, cwd=ROOT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}).returncode
    state = "passed" if code == 0 else "failed"
    return Outcome(row, state, _installed(python), time.monotonic() - began)


def _installed(python: str) -> str:
    ask = "from importlib.metadata import version as v; print('openai', v('openai'), 'otel', v('opentelemetry-sdk'))"
    return subprocess.run([python, "-c", ask], capture_output=True, text=True).stdout.strip()


def main(arguments: list[str]) -> int:
    """Run all rows; arguments go to pytest in place of the suites."""
    interpreters = find_interpreters()
    listed = ", ".join(".".join(map(str, version)) for version in interpreters)
    print(f"Python that runs here: {listed or 'none'}", flush=True)
    outcomes: list[Outcome] = []
    for row in dict.fromkeys(rows(max(interpreters, default=OLDEST))):
        interpreter = interpreters.get(row.python)
        if interpreter is None:
            outcomes.append(Outcome(row, "skipped", "this Python doesn't run here"))
            continue
        print(f"\n== {row.name}", flush=True)
        outcomes.append(run(row, interpreter, arguments))
    if max(interpreters, default=OLDEST) == OLDEST:
        outcomes.append(Outcome(Row((3, 99), "openai<4"), "skipped", "no Python newer than the oldest runs here"))
    print()
    for outcome in outcomes:
        print(f"{outcome.state:8} {outcome.row.name:24} {outcome.seconds:5.0f} s  {outcome.detail}")
    return 1 if any(outcome.state == "failed" for outcome in outcomes) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
