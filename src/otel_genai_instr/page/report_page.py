"""A report as a page: what its template is told, and all that has to be asked besides the report itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any, Final, NamedTuple

from markupsafe import Markup

from ..reports.asked import Asked
from ..reports.computed.headline import Headlines, headlines
from ..reports.report import Report, Section
from ..reports.tables import Tables
from ..reports.traces.trace_list import traces_of
from ..reports.writing import heading, headline
from .cards import cards
from .charts import Drawing, draw, with_chart
from .html import drawn, page
from .tables import Link, RowLink, Table, main_table, no_rows, section_table
from .waterfall import Waterfall, waterfall

MOST_ROWS: Final = 1000
"""Of a report, on a page."""
_MOST_TRACES: Final = 20
_MOST_SPANS: Final = 200
"""Of one trace, that are drawn in a report."""
_MOST_READ: Final = 5000
"""Of one trace, that its figures are of."""
Answer = Callable[[Asked], Report]
"""Answers the question of one report."""


class View(NamedTuple):
    """What a template shows of a report."""

    title: str
    """Of the rows."""
    chart: Drawing | None
    svg: Markup | None
    table: Table
    sections: list[tuple[str, str, Table, str]]
    """Name, title, rows and note."""
    traces: list[Waterfall]
    notes: list[str]


def report_file(report: Report, tables: Tables, asked: Asked, answer: Answer) -> str:
    """A report as one file, with the waterfalls of the traces that it names.

    Args:
        report: The answer, with notes about where it is from.
        tables: Where it is from.
        asked: The question.
        answer: Answers it again with other groups, for the chart.
    """
    traces = _traces(report, tables)
    there = {trace.trace_id for trace in traces}

    def link(trace_id: str) -> str | None:
        return f"#trace-{trace_id}" if trace_id in there else None

    view = view_of(report, asked, answer, link, no_rows, traces)
    return page("report", **heads(report, headlines(tables, asked), asked), view=view, pages=(), here="", form=None)


def heads(report: Report, found: Headlines, asked: Asked) -> dict[str, Any]:
    """What stands above a report."""
    name, time = headline(report).split(", ", 1)
    return {"title": name, "subtitle": time + zone_said(asked), "cards": cards(found, report)}


def zone_said(asked: Asked) -> str:
    """Where days and hours begin, if that isn't UTC, as moments are."""
    return "" if asked.zone is UTC else f"; days and hours of {asked.zone}"


def view_of(
    report: Report, asked: Asked, answer: Answer, link: Link, row_link: RowLink, traces: list[Waterfall]
) -> View:
    """Everything of a report but its head."""
    over_time = with_chart(asked, report.name)
    drawing = draw(report if over_time == asked else answer(over_time))
    return View(
        f"by {', '.join(map(heading, report.keys))}" if report.keys else "figures",
        drawing,
        drawn(drawing) if drawing is not None else None,
        main_table(report, link, row_link, MOST_ROWS),
        [(name, each.title, section_table(each, link, row_link), each.note) for name, each in report.sections.items()],
        traces,
        report.notes,
    )


def _traces(report: Report, tables: Tables) -> list[Waterfall]:
    named = list(dict.fromkeys(_named(report.sections.values())))[:_MOST_TRACES]
    found = traces_of(tables, named, _MOST_READ)
    return [waterfall(found[name], _MOST_SPANS) for name in named if name in found]


def _named(sections: Any) -> Iterator[str]:
    section: Section
    for section in sections:
        if "trace_id" in section.columns:
            yield from (row["trace_id"] for row in section.rows if isinstance(row.get("trace_id"), str))
