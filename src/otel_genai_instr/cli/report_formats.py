"""A report, written down: as tables for people, Markdown for a page, CSV for a sheet, JSON for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from ..reports.writing import cell_of, heading, headline, is_text, shown_columns, texts_first
from .figures import price
from .tables import JSON, clean_line, say, say_json, show_table

if TYPE_CHECKING:
    from ..reports.report import Cells, Report, Section

TABLE: Final = "table"
HTML: Final = "html"
REPORT_FORMATS: Final = (TABLE, JSON, "csv", "markdown", HTML)


def write(report: Report, form: str, limit: int) -> None:
    """Write a report on standard output.

    Args:
        report: The answer.
        form: One of :data:`REPORT_FORMATS`, but for the page.
        limit: Rows that people are shown; programs get all.
    """
    if form == JSON:
        say_json(report.as_json())
    elif form == "csv":
        _write_csv(report)
    elif form == "markdown":
        _writemarkdown_text(report, limit)
    else:
        _write_tables(report, limit)


def _write_tables(report: Report, limit: int) -> None:
    say(clean_line(headline(report)))
    say()
    _show(shown_columns(report), _with_total(report, limit), len(report.keys))
    _say_more(report, limit)
    for section in report.sections.values():
        say()
        say(clean_line(section.title))
        if section.rows:
            _show(section.columns, section.rows, 0)
        if section.note or not section.rows:
            say(clean_line(f"  {section.note or 'none'}"))
    for note in report.notes:
        say()
        say(clean_line(f"note: {note}"))


def _say_more(report: Report, limit: int) -> None:
    if len(report.rows) > limit:
        say(f"and {len(report.rows) - limit:,} more rows: --limit {len(report.rows)} shows them, --format csv has all")


def _with_total(report: Report, limit: int) -> list[Cells]:
    rows = report.rows[:limit]
    if not report.keys:
        return rows or [report.total]
    return [*rows, {report.keys[0]: "total", **report.total}]


def _show(columns: Sequence[str], rows: Sequence[Cells], keys: int) -> None:
    """Show a table. What is text stands left of what is a number, so the order of columns is kept where it can be."""
    texts, numbers = texts_first(columns, keys)
    ordered = [*texts, *numbers]
    show_table(
        [heading(name) for name in ordered],
        [[cell_of(name, row) for name in ordered] for row in rows],
        numbers=len(numbers),
    )


def _write_csv(report: Report) -> None:
    """Write the rows, and nothing else: a sheet adds up by itself."""
    text = io.StringIO()
    columns = (*report.keys, *report.columns)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in report.rows:
        writer.writerow([_csv_cell(row.get(name)) for name in columns])
    say(text.getvalue().removesuffix("\n"))


def _csv_cell(value: Any) -> str:
    if value is None or isinstance(value, tuple):
        return ""
    if isinstance(value, float):
        return price(value)
    if isinstance(value, date):
        return value.isoformat()
    # A sheet takes such a text as a formula and runs it; what stands in it may be anybody's.
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else str(value)


def _writemarkdown_text(report: Report, limit: int) -> None:
    say(f"## {markdown_text(headline(report))}")
    say()
    _markdown_table(shown_columns(report), _with_total(report, limit), len(report.keys))
    if len(report.rows) > limit:
        say()
        _say_more(report, limit)
    for section in report.sections.values():
        _markdown_section(section)
    for note in report.notes:
        say()
        say(f"> {markdown_text(note)}")


def _markdown_section(section: Section) -> None:
    say()
    say(f"### {markdown_text(section.title)}")
    say()
    if section.rows:
        _markdown_table(section.columns, section.rows, 0)
    if section.note or not section.rows:
        say(markdown_text(section.note or "none"))


def _markdown_table(columns: Sequence[str], rows: Sequence[Cells], keys: int) -> None:
    say("| " + " | ".join(heading(name) for name in columns) + " |")
    say("|" + "|".join("---" if is_text(name) or place < keys else "---:" for place, name in enumerate(columns)) + "|")
    for row in rows:
        say("| " + " | ".join(markdown_text(cell_of(name, row)) for name in columns) + " |")


def markdown_text(text: str) -> str:
    """Text in which Markdown finds nothing to obey."""
    text = clean_line(text).replace("\\", "\\\\").replace("<", "&lt;")
    for sign in "|*_`[]":
        text = text.replace(sign, f"\\{sign}")
    return text
