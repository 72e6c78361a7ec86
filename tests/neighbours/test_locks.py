"""What ``python -m tests.neighbours.run`` installs is what the table asks for."""

from __future__ import annotations

import re

import pytest

from .environments import COMMON, LOCKS, name_of
from .table import NEIGHBOURS, Neighbour

each_neighbour = pytest.mark.parametrize("neighbour", NEIGHBOURS.values(), ids=NEIGHBOURS)


@each_neighbour
def test_a_neighbour_is_locked(neighbour: Neighbour) -> None:
    locked = (LOCKS / f"{name_of(neighbour.requirements)}.txt").read_text()
    for requirement in neighbour.requirements:
        package = re.split(r"[<>=~!]", requirement)[0]
        assert re.search(rf"^{re.escape(package)}==\S+ \\\n    --hash=sha256:", locked, re.MULTILINE)


def test_no_lock_is_left_over() -> None:
    wanted = {name_of(neighbour.requirements) for neighbour in NEIGHBOURS.values()}
    assert {path.stem for path in LOCKS.iterdir()} == wanted | {COMMON}


def test_a_lock_names_no_index() -> None:
    for path in LOCKS.iterdir():
        assert "://" not in path.read_text()
