"""``otel-genai report``: what stored calls say, as a table or for programs."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ..reports.names import REPORTS
from .problems import Misuse
from .progress import working
from .report_formats import HTML, write
from .sources import open_source, require, require_reports
from .tables import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..reports.asked import Asked
    from ..reports.report import Report
    from ..reports.tables import Tables

PAGE_NEEDS: Final = ("jinja2", "vl_convert")
"""What pages of HTML are made by."""


def report(options: Namespace) -> int:
    """Run the command, and return its exit code."""
    require_reports()
    require_format(options.format)
    from ..reports.computed.all import ANSWERS, Options

    if options.name is None:
        raise Misuse(f"say which report: {', '.join(REPORTS)}")
    about = REPORTS[options.name]
    if options.by and not about.by:
        raise Misuse(f"--by: the report {options.name} has no rows that could be grouped")
    asked = asked_from(options, about.by, about.last)
    if options.daily_budget is not None and options.name != "cost":
        raise Misuse("--daily-budget is an option of the report cost")
    opened = open_source(options.source, options.prices)
    with working(f"asking {opened.name}"):
        tables = opened.tables(asked.window)

    def answer(question: Asked) -> Report:
        return ANSWERS[options.name](tables, question, Options(options.daily_budget))

    with working(f"asking {opened.name}"):
        found = answer(asked)
    found.notes[:0] = opened.notes
    show(found, options, tables, asked, answer)
    return 0


def require_format(form: str) -> None:
    """Make sure that what writes this format is there.

    Raises:
        Problem: says what to install.
    """
    if form == HTML:
        require(PAGE_NEEDS, "ui")


def show(found: Report, options: Namespace, tables: Tables, asked: Asked, answer: Callable[[Asked], Report]) -> None:
    """Write a report in the format that the options say.

    Args:
        found: The report.
        options: Of the command line.
        tables: Where it is from.
        asked: The question.
        answer: Answers the question with other groups.
    """
    if options.format == HTML:
        from ..page.report_page import report_file

        with working("drawing the page"):
            page = report_file(found, tables, asked, answer)
        say(page)
    else:
        write(found, options.format, options.limit)


def asked_from(options: Namespace, by: tuple[str, ...], last: str = "7d") -> Asked:
    """Read what is asked for.

    Args:
        options: Of the command line.
        by: What rows are made by, where nobody says it.
        last: How long the time is, where nobody says it.

    Raises:
        NotUnderstood: for what can't be meant.
    """
    from ..reports.asked import Asked, condition_from, groups_from, window_from, zone_from

    now = datetime.now(UTC).replace(tzinfo=None)
    zone = zone_from(options.tz)
    return Asked(
        window_from(options.last, options.since, options.until, zone, now, last),
        by if options.by is None else groups_from(options.by),
        tuple(condition_from(each) for each in options.where or ()),
        zone,
    )
