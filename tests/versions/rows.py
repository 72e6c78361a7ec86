"""What is tested: rows of a Python and an ``openai``, and the versions that each of them has."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from .interpreters import OLDEST, Version

ROOT: Final = Path(__file__).parents[2]
ENVIRONMENTS: Final = ROOT / ".venv-versions"
LOCK: Final = ROOT / "requirements-dev.lock"
PINS: Final = Path(__file__).with_name("pins.toml")
"""Of each requirement of an older SDK: the versions that the lock doesn't have."""


@dataclass(frozen=True)
class Row:
    """One environment to test in."""

    python: Version
    openai: str
    """A requirement, ``LOCKED`` or ``NEWEST``."""
    usual_minutes: float = 3

    @property
    def name(self) -> str:
        """As it is printed."""
        return f"{'.'.join(map(str, self.python))} {self.openai}"

    @property
    def folder(self) -> Path:
        """Where its environment stands."""
        return ENVIRONMENTS / re.sub(r"[^\w.]+", "-", self.name)


LOCKED: Final = "openai as locked"
NEWEST: Final = "newest of everything"


def older_sdks() -> Sequence[str]:
    """The floor of the extra, so that it can't be claimed without being tested, and the newest of each older line."""
    found = re.search(r'^openai = \["openai>=([\d.]+)', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    if found is None:
        raise SystemExit("pyproject.toml: the extra `openai` states no lower bound")
    return (f"openai=={found[1]}", "openai<2", "openai<3")


def locked_rows(newest: Version) -> Iterator[Row]:
    """Every SDK line on the oldest Python, and the locked one on the newest Python too."""
    for requirement in (*older_sdks(), LOCKED):
        yield Row(OLDEST, requirement)
    yield Row(newest, LOCKED)


def newest_row(newest: Version) -> Row:
    """Whatever was released until now: nothing is pinned, and all tests run."""
    return Row(newest, NEWEST, usual_minutes=7)


def constraints(row: Row) -> str:
    """What the lock pins, but for what the older SDK of the row needs to be different.

    Without hashes: uv and pip refuse an editable install beside them, and the older SDKs need packages that the lock
    has none for. Versions alone give the same files, since a registry never replaces one.
    """
    pins = _pins().get(row.openai, {})
    locked = [line for name, line in locked_lines() if name not in pins]
    return "\n".join([*locked, *(f"{name}=={version}" for name, version in pins.items())]) + "\n"


def locked_lines() -> Iterator[tuple[str, str]]:
    """Each package of the lock, and its requirement without hashes."""
    for line in LOCK.read_text().splitlines():
        if found := re.match(r"([a-z0-9-]+)==", line):
            yield found[1], line.removesuffix("\\").strip()


def _pins() -> Mapping[str, Mapping[str, str]]:
    return cast("dict[str, dict[str, str]]", tomllib.loads(PINS.read_text()))
