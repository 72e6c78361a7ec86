"""What ``python -m tests.neighbours.run`` installs is what the table asks for."""

from __future__ import annotations

from .table import ENVIRONMENTS


def test_the_locks_are_those_of_the_table() -> None:
    assert list(ENVIRONMENTS.problems()) == []
