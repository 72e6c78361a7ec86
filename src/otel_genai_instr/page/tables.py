"""Tables of a report as a page shows them: each cell as text, and as what it is sorted by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

from ..reports.figures import FIGURES
from ..reports.report import Cells, Report, Section
from ..reports.writing import cell_of, heading, is_text, shown_columns, texts_first

Link = Callable[[str], str | None]
"""Where a trace is shown; ``None`` for one that isn't."""


class Column(NamedTuple):
    """A column."""

    name: str
    heading: str
    meaning: str
    is_number: bool


class Cell(NamedTuple):
    """A cell."""

    text: str
    order: str
    """What the row is sorted by: a number, or a text; empty for what isn't there, which comes last."""
    link: str | None = None


class Table(NamedTuple):
    """A table."""

    columns: list[Column]
    rows: list[list[Cell]]
    total: list[Cell] | None
    left_out: int
    """Rows that aren't shown."""


def main_table(report: Report, link: Link, most: int) -> Table:
    """The rows of a report and their total."""
    total = {report.keys[0]: "total", **report.total} if report.keys and report.rows else None
    rows = report.rows if report.keys or report.rows else [report.total]
    return _table(shown_columns(report), rows, len(report.keys), link, most, total)


def section_table(section: Section, link: Link) -> Table:
    """The rows of a section."""
    return _table(section.columns, section.rows, 0, link, len(section.rows))


def trace_table(columns: Sequence[str], rows: Sequence[Cells], link: Link) -> Table:
    """A row for each trace, which its first cell leads to."""
    table = _table(columns, rows, 0, link, len(rows), is_ordered=True)
    for cells, row in zip(table.rows, rows, strict=True):
        cells[0] = cells[0]._replace(link=link(row["trace_id"]))
    return table


def _table(
    columns: Sequence[str],
    rows: Sequence[Cells],
    keys: int,
    link: Link,
    most: int,
    total: Cells | None = None,
    is_ordered: bool = False,
) -> Table:
    texts, numbers = texts_first(columns, keys)
    names = list(columns) if is_ordered else [*texts, *numbers]
    return Table(
        [Column(name, heading(name), _meaning(name), name not in texts) for name in names],
        [[_cell(name, row, link) for name in names] for row in rows[:most]],
        [_cell(name, total, link) for name in names] if total is not None else None,
        max(len(rows) - most, 0),
    )


def _meaning(name: str) -> str:
    figure = FIGURES.get(name)
    return figure.meaning.replace("`", "") if figure is not None and "](" not in figure.meaning else ""


def _cell(name: str, row: Cells, link: Link) -> Cell:
    value = row.get(name)
    target = link(value) if name == "trace_id" and isinstance(value, str) else None
    return Cell(cell_of(row, name), _order(name, value), target)


def _order(name: str, value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return repr(value)
    return value if isinstance(value, str) and is_text(name) else ""
