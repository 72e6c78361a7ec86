"""What a set-up is: a small program, how it is started, and how many calls of it are seen."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from tests.environments.environments import ROOT, Environments, Requirements

LIBRARIES: Final[Requirements] = ("gevent", "gunicorn", "uvloop")
ENVIRONMENTS: Final = Environments(
    folder=ROOT / ".venv-processes", locks=Path(__file__).with_name("locks"), wanted=frozenset({LIBRARIES})
)
"""What some set-ups need besides the environment of the tests."""

How = Literal["ledger", "waterfall", "launcher"]


@dataclass(frozen=True)
class Setup:
    """One row."""

    program: str
    seen: int
    """Calls that have a span: in the ledger, or in the waterfall on standard error."""
    how: How = "ledger"
    options: tuple[str, ...] = ()
    """Of the interpreter."""
    environ: Mapping[str, str] = field(default_factory=dict[str, str])
    libraries: bool = False
    """Needs those above."""
    by_stdin: bool = False
    """The program comes by standard input."""
    by_chance: bool = False
    """What it writes to standard error is another thing each time, without us too: there nothing of ours may stand."""
    lacks: str = ""
    """Why it can't be here."""


NO_FORK: Final = "" if sys.platform == "linux" else "no fork here, or not a safe one"
NO_SUBINTERPRETERS: Final = (
    "" if find_spec("_xxsubinterpreters") or find_spec("_interpreters") else "no module for subinterpreters"
)
QUIET_FORKS: Final = {"PYTHONWARNINGS": "ignore::DeprecationWarning"}
"""From 3.12 on, Python warns of every fork of a process that has threads."""
