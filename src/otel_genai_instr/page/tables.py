"""Tables of a report as a page shows them: each cell as text, and as what it is sorted by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from ..reports.figures import FIGURES
from ..reports.report import Cells, Report, Section
from ..reports.writing import cell_of, heading, is_text, shown_columns, texts_first

Link = Callable[[str], str | None]
"""Where a trace is shown; ``None`` for one that isn't."""
RowLink = Callable[[Sequence[str], Cells], str | None]
"""Where the traces of a row are, by what the row is of; ``None`` where they are nowhere."""
_LONG: Final = 32
"""Characters from which on a cell may be cut where it is shown."""
_ALWAYS: Final = ("started_at", "name", "models", "calls", "tokens", "cost", "duration_ms", "errors")
"""Columns of a list of traces that stand there even if nothing is in them."""


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
    whole: str = ""
    """The text again, where there may be no room for all of it."""


class Table(NamedTuple):
    """A table."""

    columns: list[Column]
    rows: list[list[Cell]]
    total: list[Cell] | None
    left_out: int
    """Rows that aren't shown."""


def no_rows(_keys: Sequence[str], _row: Cells) -> None:
    """Where there is no list of traces."""


def main_table(report: Report, link: Link, row_link: RowLink, most: int) -> Table:
    """The rows of a report and their total."""
    total = {report.keys[0]: "total", **report.total} if report.keys and report.rows else None
    rows = report.rows if report.keys or report.rows else [report.total]
    table = _table(shown_columns(report), rows, len(report.keys), link, most, total)
    return _with_links(table, report.keys, rows, row_link)


def section_table(section: Section, link: Link, row_link: RowLink) -> Table:
    """The rows of a section."""
    table = _table(section.columns, section.rows, 0, link, len(section.rows))
    return table if "trace_id" in section.columns else _with_links(table, section.keys, section.rows, row_link)


def _with_links(table: Table, keys: Sequence[str], rows: Sequence[Cells], row_link: RowLink) -> Table:
    """The first cell of each row leads to the traces of the row."""
    if keys:
        for cells, row in zip(table.rows, rows, strict=False):
            cells[0] = cells[0]._replace(link=row_link(keys, row))
    return table


def trace_table(columns: Sequence[str], rows: Sequence[Cells], link: Link) -> Table:
    """A row for each trace, which its first cell leads to."""
    shown = [name for name in columns if name in _ALWAYS or any(row.get(name) is not None for row in rows)]
    currencies = {row["currency"] for row in rows if row["currency"] is not None}
    headings = {"lowest": "lowest score"}
    if len(currencies) == 1:
        shown.remove("currency")
        headings["cost"] = f"cost, {currencies.pop()}"
    table = _table(shown, rows, 0, link, len(rows), is_ordered=True)
    table.columns[:] = [each._replace(heading=headings.get(each.name, each.heading)) for each in table.columns]
    for cells, row in zip(table.rows, rows, strict=True):
        began = f"{row['started_at']:%Y-%m-%d %H:%M:%S}"
        cells[0] = cells[0]._replace(text=began, link=link(row["trace_id"]))
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
        [_cell(name, total, link) if total.get(name) is not None else Cell("", "") for name in names]
        if total is not None
        else None,
        max(len(rows) - most, 0),
    )


def _meaning(name: str) -> str:
    figure = FIGURES.get(name)
    return figure.meaning.replace("`", "") if figure is not None and "](" not in figure.meaning else ""


def _cell(name: str, row: Cells, link: Link) -> Cell:
    value = row.get(name)
    target = link(value) if name == "trace_id" and isinstance(value, str) else None
    text = cell_of(row, name)
    return Cell(text, _order(name, value), target, text if len(text) > _LONG else "")


def _order(name: str, value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return repr(value)
    return value if isinstance(value, str) and is_text(name) else ""
