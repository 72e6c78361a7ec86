"""What a report says, before anybody writes it down: rows, a total, and sections of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Final

from .asked import Window
from .figures import is_number_column

Cells = dict[str, Any]
"""A row: what it is of, and its figures, by the names of the columns. ``None`` for what can't be said."""


@dataclass
class Section:
    """A table of its own inside a report."""

    title: str
    columns: tuple[str, ...]
    rows: list[Cells]
    note: str = ""
    """What has to be known to read it; or why it is empty."""

    @property
    def keys(self) -> tuple[str, ...]:
        """What its rows are of: the columns before the first figure."""
        return tuple(takewhile(lambda name: not is_number_column(name), self.columns))


@dataclass
class Report:
    """The answer to one question."""

    name: str
    window: Window
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    """The figures of the rows and of the total, in order."""
    rows: list[Cells]
    total: Cells
    sections: dict[str, Section] = field(default_factory=dict[str, Section])
    """By the name that they have in JSON."""
    notes: list[str] = field(default_factory=list[str])
    """What has to be known to trust the figures."""

    def as_json(self) -> dict[str, Any]:
        """The one shape that all reports have."""
        return {
            "report": self.name,
            "from": f"{self.window.start.isoformat()}Z",
            "to": f"{self.window.end.isoformat()}Z",
            "rows": [_plain(row) for row in self.rows],
            "total": _plain(self.total),
            **{name: [_plain(row) for row in section.rows] for name, section in self.sections.items()},
            "notes": self.notes,
        }


_DIGITS: Final = 12
"""Behind the point: finer than any price of a token, and coarser than the noise of sums."""


def _plain(row: Mapping[str, Any]) -> Cells:
    return {name: _plain_cell(cell) for name, cell in row.items()}


def _plain_cell(cell: Any) -> Any:
    if isinstance(cell, float):
        return round(cell, _DIGITS)
    return cell.isoformat() if hasattr(cell, "isoformat") else cell


def share(part: float | None, whole: float | None) -> float | None:
    """A part of a whole; ``None`` where there is none."""
    return part / whole if part is not None and whole else None


def sorted_rows(rows: Sequence[Cells], keys: Sequence[str], by: str) -> list[Cells]:
    """Rows in the order of their periods; within one, the largest first."""
    periods = [key for key in keys if key in ("hour", "day", "week", "month")]
    return sorted(
        rows,
        key=lambda row: (
            *(row[period] for period in periods),
            -(row[by] or 0),
            *(str(row[key]) for key in keys if key not in periods),
        ),
    )
