"""Odd processes with real calls: with us they print the same, end with the same code, and as soon as without us."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from examples.openai_server import OpenAIServer, Timing

from .children import CHILDREN, LIBRARIES
from .endings import ENDINGS, STDERR
from .table import ENVIRONMENTS, Setup
from .table import LIBRARIES as REQUIREMENTS

SETUPS: Final = {**ENDINGS, **STDERR, **CHILDREN, **LIBRARIES}
CHILD: Final = Path(__file__).with_name("child")
SLOW: Final = Timing(0, 0.01, 0)
"""So slow that a stream that is left has not come whole."""
LONGEST: Final = 60.0
"""Seconds after which a process hangs."""
BOUNDED: Final = ("sh", "-c", f'ulimit -t {LONGEST:.0f}; exec "$@"', "sh")
"""Runs a command that ends by itself after so many seconds of work, also when the tests are killed meanwhile."""
LATE: Final = 1.0
"""Seconds that a process may take longer with us..."""
BUSY: Final = 0.5
"""...or this part of its time without us, which is more than that second on a busy machine only."""
TRIES: Final = 3
"""A busy machine may be late by itself; what is ours is late each time."""

WATERFALL: Final = re.compile(r"\n?^trace [0-9a-f]{32}.*\n(?:.+\n)*?(?:total .*\n|(?=\n)|\Z)", re.MULTILINE)
"""A trace in the terminal, from the line end before it to its total."""


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    output: str
    errors: str
    """Without the waterfall."""
    seen: list[str]
    """The calls."""
    seconds: float


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(SLOW) as server:
        yield server


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what is locked for these set-ups, for the interpreter of the tests."""
    target = tmp_path_factory.mktemp("libraries")
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable]
    locked = ["--no-deps", "--require-hashes", "--requirement", ENVIRONMENTS.lock_of(REQUIREMENTS)]
    subprocess.run([*uv, "--target", target, *locked], check=True)
    return target


def _command(setup: Setup, program: Path) -> list[str]:
    python = [sys.executable, *setup.options]
    if setup.by_stdin:
        return [*python, "-"]
    if setup.how == "launcher":
        return [str(Path(sys.executable).with_name("opentelemetry-instrument")), *python, str(program)]
    if "-I" in setup.options:  # neither the variables nor the folder of the program are looked at
        found = f"import runpy, sys; sys.path[:0] = {_paths()!r}; runpy.run_path({str(program)!r}, run_name='__main__')"
        return [*python, "-c", found]
    return [*python, str(program)]


def _paths(*more: Path) -> list[str]:
    inherited = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    return [str(CHILD), *map(str, more), *inherited]


def _environment(setup: Setup, folder: Path, how: str, server: str, libraries: Path | None) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "OPENAI_", "PYTHON"))}
    exporters = {"OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    if how == "without":
        exporters |= {"OTEL_TRACES_EXPORTER": "none", "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "openai,anthropic"}
    elif how == "launcher":
        exporters |= {"OTEL_TRACES_EXPORTER": "genai_console", "COLUMNS": "100"}
    return {
        **clean,
        **(exporters if setup.how == "launcher" else {}),
        **setup.environ,
        "PYTHONPATH": os.pathsep.join(_paths(*([libraries] if libraries else []))),
        "KIT": "launcher" if setup.how == "launcher" else how,
        "LEDGER": str(folder / "ledger"),
        "SERVER": server,
    }


def _run(setup: Setup, folder: Path, how: str, server: str, libraries: Path | None) -> Ended:
    folder.mkdir()
    program = folder / "app.py"
    program.write_text(setup.program.lstrip())
    began = time.monotonic()
    process = subprocess.Popen(
        [*BOUNDED, *_command(setup, program)],
        cwd=folder,
        env=_environment(setup, folder, how, server, libraries),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(setup.program if setup.by_stdin else None, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # the session is ours alone, with whatever it has started
        output, errors = process.communicate()
        pytest.fail(f"{how}: hangs after {LONGEST:g} s\n{output}\n{errors}")
    seconds = time.monotonic() - began
    traces = "".join(WATERFALL.findall(errors))
    seen = re.findall(r"chat gpt-4o-mini", traces)
    ledger = folder / "ledger"
    if ledger.exists():
        seen += ledger.read_text().splitlines()
    shown = re.sub(r"\b0x[0-9a-f]+", "ADDRESS", WATERFALL.sub("", errors).replace(str(folder), "FOLDER"))
    return Ended(process.returncode, output, shown, seen, seconds)


@pytest.mark.parametrize("name", SETUPS)
def test_it_ends_as_without_us(name: str, tmp_path: Path, server: OpenAIServer, request: pytest.FixtureRequest) -> None:
    setup = SETUPS[name]
    if setup.lacks:
        pytest.skip(setup.lacks)
    libraries = request.getfixturevalue("libraries") if setup.libraries else None
    late: list[float] = []
    for number in range(TRIES):
        with ThreadPoolExecutor(2) as side_by_side:  # so that both share what else the machine does
            started = [
                side_by_side.submit(_run, setup, tmp_path / f"{how} {number}", how, server.url, libraries)
                for how in ("without", setup.how)
            ]
            without, with_us = (each.result() for each in started)
        assert (with_us.code, with_us.output) == (without.code, without.output)
        if setup.by_chance:
            assert "otel_genai" not in with_us.errors
        else:
            assert with_us.errors == without.errors
        assert without.seen == []
        assert len(with_us.seen) == setup.seen, with_us.seen
        late.append(with_us.seconds - without.seconds)
        if late[-1] < max(LATE, BUSY * without.seconds):
            return
    raise AssertionError(f"later by {late} s")


def test_what_they_need_is_locked() -> None:
    assert list(ENVIRONMENTS.problems()) == []
