"""Figures that a small sample can't give."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from .report import Cells

LEAST_FOR_MEDIAN: Final = 5
LEAST_FOR_P95: Final = 20
LEAST_FOR_P99: Final = 100
"""One value in twenty lies beyond the 95th percentile, one in a hundred beyond the 99th: fewer say nothing of it."""


class TooFew(NamedTuple):
    """Stands for a figure that so few values can't give."""

    n: int

    def __str__(self) -> str:
        return f"not enough data (n = {self.n})"


def withhold(row: Cells, n: int, least: dict[str, int]) -> None:
    """Take out of a row what its sample is too small for.

    Args:
        row: The row, which is changed.
        n: How many values there are.
        least: How many values each figure needs.
    """
    for name, needed in least.items():
        if n < needed and row.get(name) is not None:
            row[name] = TooFew(n)


def is_number(cell: Any) -> bool:
    """Whether a figure could be given."""
    return isinstance(cell, int | float)
