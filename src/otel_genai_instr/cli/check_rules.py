"""``otel-genai check``: whether stored calls break rules, for cron and CI; and to the Alertmanager with what does."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ..pricing import UserFileError
from ..pricing.files.price_file import read_document
from .alertmanager import alerts, checked_address, post
from .files import expanded
from .problems import Problem
from .progress import working
from .report_formats import REPORT_FORMATS, write
from .sources import open_source, require_reports

if TYPE_CHECKING:
    from ..reports.asked import Asked
    from ..reports.checks.rules import Rules
    from ..reports.report import Report

CHECK_FORMATS: Final = tuple(form for form in REPORT_FORMATS if form != "csv")
EXIT_CODES: Final = {"info": 0, "warning": 3, "critical": 4}
"""By the worst that fires."""


def check_rules(options: Namespace) -> int:
    """Run the command, and return its exit code."""
    require_reports()
    from ..reports.asked import length_from
    from ..reports.checks.checking import check
    from ..reports.checks.rules import RulesError
    from ..reports.computed.all import ANSWERS, Options

    address = None if options.alertmanager is None else checked_address(options.alertmanager)
    lasts = length_from("--for", options.lasts)
    try:
        rules = _rules(options)
        opened = open_source(options.source, options.prices)

        def answer(name: str, asked: Asked) -> Report:
            return ANSWERS[name](opened.tables(asked.window), asked, Options())

        with working(f"asking {opened.name}"):
            outcome = check(rules, answer)
    except (RulesError, UserFileError) as error:
        raise Problem(*error.args) from None
    told = outcome.as_report()
    told.notes[:0] = opened.notes
    write(told, options.format, options.limit)
    if address is not None and outcome.findings:
        with working(f"telling {address}"):
            post(address, alerts(outcome.findings, datetime.now(UTC), lasts))
    return 0 if outcome.severity is None else EXIT_CODES[outcome.severity.value]


def _rules(options: Namespace) -> Rules:
    from ..reports.asked import moment_from, zone_from
    from ..reports.checks.rules import EXPECTED, checked_rules

    zone = zone_from(options.tz)
    now = datetime.now(UTC).replace(tzinfo=None)
    if options.until is not None:
        now = moment_from("--until", options.until, zone)
    return checked_rules(read_document(expanded(options.rules), EXPECTED), now, zone)
