"""What is tested: rows of a Python and an SDK, and the versions that each of them has."""

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
    sdk: str
    """A requirement of an older one, ``LOCKED`` or ``NEWEST``."""
    usual_minutes: float = 3

    @property
    def name(self) -> str:
        """As it is printed."""
        return f"{'.'.join(map(str, self.python))} {self.sdk}"

    @property
    def folder(self) -> Path:
        """Where its environment stands."""
        return ENVIRONMENTS / re.sub(r"[^\w.]+", "-", self.name)

    @property
    def provider(self) -> str | None:
        """Whose older SDK it is; ``None`` for a row with the newest of all."""
        return next((name for name in LINES if re.match(rf"{name}[=<]", self.sdk)), None)

    @property
    def absent(self) -> Sequence[str]:
        """The other SDKs, where it is about one: who uses us has no other either. The extra ``dev`` brings all."""
        return [name for name in LINES if name != self.provider] if self.provider else []


LOCKED: Final = "SDKs as locked"
NEWEST: Final = "newest of everything"
LINES: Final[Mapping[str, Sequence[str]]] = {"openai": ("<2", "<3"), "anthropic": ("<1", "<2")}
"""The older lines of each SDK, whose newest release is tested besides the oldest that we claim."""


def older_sdks() -> Sequence[str]:
    """The floor of each extra, so that it can't be claimed without being tested, and the newest of each older line."""
    project = (ROOT / "pyproject.toml").read_text()
    found: list[str] = []
    for sdk, lines in LINES.items():
        floor = re.search(rf'^{sdk} = \["{sdk}>=([\d.]+)', project, re.MULTILINE)
        if floor is None:
            raise SystemExit(f"pyproject.toml: the extra `{sdk}` states no lower bound")
        found += [f"{sdk}=={floor[1]}", *(f"{sdk}{line}" for line in lines)]
    return found


def locked_rows(newest: Version) -> Iterator[Row]:
    """Every older SDK on the oldest Python; the locked ones, which ``make test`` has there, on the newest Python."""
    for requirement in older_sdks():
        yield Row(OLDEST, requirement)
    if newest != OLDEST:
        yield Row(newest, LOCKED, usual_minutes=5)


def newest_row(newest: Version) -> Row:
    """Whatever was released until now: nothing is pinned, and all suites run, but for what needs one version only."""
    return Row(newest, NEWEST, usual_minutes=14)


def constraints(row: Row) -> str:
    """What the lock pins, but for what the older SDK of the row needs to be different.

    Without hashes: uv and pip refuse an editable install beside them, and the older SDKs need packages that the lock
    has none for. Versions alone give the same files, since a registry never replaces one.
    """
    pins = _pins().get(row.sdk, {})
    locked = [line for name, line in locked_lines() if name not in pins]
    return "\n".join([*locked, *(f"{name}=={version}" for name, version in pins.items())]) + "\n"


def locked_lines() -> Iterator[tuple[str, str]]:
    """Each package of the lock, and its requirement without hashes."""
    for line in LOCK.read_text().splitlines():
        if found := re.match(r"([a-z0-9-]+)==", line):
            yield found[1], line.removesuffix("\\").strip()


def _pins() -> Mapping[str, Mapping[str, str]]:
    return cast("dict[str, dict[str, str]]", tomllib.loads(PINS.read_text()))
