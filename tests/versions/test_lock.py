"""What we develop and test with is locked: all of it, for every Python that we claim, and from no particular index."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .rows import LOCK, LOCKED, NEWEST, PINS, ROOT, Row, constraints, locked_lines, locked_rows, older_sdks

PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PYTHONS: Final = ("3.11", "3.12", "3.13")
NOT_LOCKED: Final = frozenset({"presidio"})
"""Extras that bring language models, hundreds of megabytes, which no test here loads."""


def _asked_for() -> Iterator[Requirement]:
    """What the editable install with its extras needs, and what builds it."""
    project = PROJECT["project"]
    texts = [*project["dependencies"], *PROJECT["build-system"]["requires"]]
    for extra, wanted in project["optional-dependencies"].items():
        texts += () if extra in NOT_LOCKED else wanted
    yield from (each for each in map(Requirement, texts) if each.name != project["name"])


def _pinned(python: str) -> dict[str, str]:
    """Of each package the version that this Python gets, here."""
    pins: dict[str, str] = {}
    for _, line in locked_lines():
        requirement = Requirement(line)
        environment = {"python_version": python, "python_full_version": f"{python}.0"}
        if requirement.marker is None or requirement.marker.evaluate(environment):
            assert requirement.name not in pins
            pins[requirement.name] = str(requirement.specifier).removeprefix("==")
    return pins


@pytest.mark.parametrize("python", PYTHONS)
def test_everything_asked_for_is_pinned_to_a_version_that_fits(python: str) -> None:
    assert f"Programming Language :: Python :: {python}" in PROJECT["project"]["classifiers"]
    pinned = _pinned(python)
    for requirement in _asked_for():
        version = pinned[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement}, but {version}: `make lock`"


def test_every_python_that_is_claimed_is_looked_at() -> None:
    claimed = re.findall(r"Python :: (3\.\d+)", " ".join(PROJECT["project"]["classifiers"]))
    assert tuple(claimed) == PYTHONS


def test_a_row_of_an_older_sdk_has_no_other() -> None:
    absent = {row.sdk.rstrip("=<.0123456789"): row.absent for row in locked_rows((3, 13))}
    assert absent == {"openai": ["anthropic"], "anthropic": ["openai"], LOCKED: []}


def test_every_pin_has_a_hash() -> None:
    entries = re.split(r"\n(?=[a-z])", LOCK.read_text())[1:]
    assert len(entries) == len(list(locked_lines()))
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==[^ ]+( ; [^\\\n]+)? \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry[:100]


def test_it_names_no_index_no_machine_and_not_the_project() -> None:
    text = LOCK.read_text() + PINS.read_text()
    assert "://" not in text
    for option in re.findall(r"(?<!\S)--?[a-z][\w-]*", text):
        assert option == "--hash"
    assert not re.search(r"(?<!\S)(\.{0,2}/|[A-Za-z]:\\)", text)
    assert PROJECT["project"]["name"] not in dict(locked_lines())


def test_rows_differ_from_the_lock_in_their_sdk_and_what_it_needs() -> None:
    locked = dict.fromkeys(line for _, line in locked_lines())
    for requirement in older_sdks():
        lines = constraints(Row((3, 11), requirement)).splitlines()
        wanted = Requirement(requirement)
        (version,) = (line.removeprefix(f"{wanted.name}==") for line in lines if line.startswith(f"{wanted.name}=="))
        assert wanted.specifier.contains(version)
        assert any(line not in locked for line in lines)
    assert constraints(Row((3, 11), LOCKED)).splitlines() == list(locked)
    assert NEWEST not in {row.sdk for row in locked_rows((3, 13))}
