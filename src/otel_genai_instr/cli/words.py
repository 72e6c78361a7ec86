"""What the words of all commands have in common: their values, their help, their options for stored telemetry."""

from __future__ import annotations

import math
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from typing import TYPE_CHECKING, Final

from ..file_settings import REPORTS_FROM
from .completion import completed_as_file, completed_as_groups
from .report_formats import REPORT_FORMATS
from .tables import JSON

if TYPE_CHECKING:
    from argparse import _SubParsersAction  # pyright: ignore[reportPrivateUsage] - argparse has no other name for it

    Commands = _SubParsersAction[ArgumentParser]

_LAST_PORT: Final = 65_535
_MOST_TRACES: Final = 100
_LONGEST_WAIT: Final = 3_600


def add_command(
    commands: Commands, name: str, what: str, *examples: str, description: str | None = None, more: str = ""
) -> ArgumentParser:
    """Add a command.

    Args:
        commands: Where it belongs.
        name: Its word.
        what: What it does, in the list of commands.
        examples: Lines that may be pasted.
        description: The same at more length.
        more: What else its help has, above the examples.
    """
    shown = "".join(f"  {example}\n" for example in examples)
    return commands.add_parser(
        name,
        help=what,
        description=description or f"{what[0].upper()}{what[1:]}.",
        epilog=f"{more}examples:\n{shown}",
        formatter_class=RawDescriptionHelpFormatter,
    )


def add_format(parser: ArgumentParser) -> None:
    """Add the choice between people and programs."""
    parser.add_argument("--format", choices=("text", JSON), default="text", help="for people (%(default)s) or programs")


def some_text(text: str) -> str:
    """Read a text that says something."""
    if not text.strip():
        raise ArgumentTypeError("must not be empty")
    return text


def amount(text: str) -> float:
    """Read an amount of zero or more."""
    try:
        read = float(text)
    except ValueError:
        read = -1.0
    if not 0 <= read < math.inf:
        raise ArgumentTypeError(f"{text!r} is not allowed; an amount of zero or more")
    return read


def row_count(text: str) -> int:
    """Read a number of one or more."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not allowed; a number of one or more")
    return int(text)


def port(text: str) -> int:
    """Read the number of a port."""
    if not text.isdecimal() or not 0 <= int(text) <= _LAST_PORT:
        raise ArgumentTypeError(f"{text!r} is not allowed; a number from 0 to {_LAST_PORT:,}")
    return int(text)


def share(text: str) -> float:
    """Read a part of a whole: ``0.6`` or ``60%``."""
    try:
        part = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        part = -1.0
    if not 0 <= part <= 1:
        raise ArgumentTypeError(f"{text!r} is not allowed; a share from 0% to 100%")
    return part


def trace_count(text: str) -> int:
    """Read how many traces are shown."""
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_TRACES:
        raise ArgumentTypeError(f"{text!r} is not allowed; a number from 1 to {_MOST_TRACES}")
    return int(text)


def seconds(text: str) -> float:
    """Read how long something may take."""
    read = amount(text)
    if not 0 < read <= _LONGEST_WAIT:
        raise ArgumentTypeError(f"{text!r} is not allowed; seconds, {_LONGEST_WAIT:,} at most")
    return read


def add_source(parser: ArgumentParser) -> None:
    """Add what everything knows that asks stored calls."""
    place = parser.add_argument(
        "--from",
        dest="source",
        type=some_text,
        metavar="WHERE",
        help=f"folder, file, - for standard input, or URL; by default {REPORTS_FROM}",
    )
    completed_as_file(place)
    parser.add_argument("--until", metavar="TIME", help="a day or a time; by default now")
    parser.add_argument("--tz", default="UTC", metavar="ZONE", help="in which days begin (%(default)s)")
    add_prices(parser, "for calls that carry no cost")


def add_prices(parser: ArgumentParser, what: str) -> None:
    """Add a price file, and what it is for."""
    file = parser.add_argument("--prices", type=some_text, metavar="FILE", help=f"price file, {what}")
    completed_as_file(file)


def add_times(parser: ArgumentParser) -> None:
    """Add which time is asked about."""
    parser.add_argument("--last", metavar="TIME", help="such as 24h, 30d or 4w; by default 7d")
    parser.add_argument("--since", metavar="TIME", help="a day or a time, instead of --last")


def add_limit(parser: ArgumentParser) -> None:
    """Add how much a table shows."""
    parser.add_argument("--limit", type=row_count, default=50, help="rows that a table shows (%(default)s)")


def add_question(parser: ArgumentParser) -> None:
    """Add what a report is asked for, and how it is written."""
    add_times(parser)
    add_limit(parser)
    groups = parser.add_argument(
        "--by", metavar="GROUPS", help="rows by, as in day,model: hour, day, week, month, model, feature, user, ..."
    )
    completed_as_groups(groups, "report")
    parser.add_argument(
        "--where", action="append", metavar="CONDITION", help="such as feature=chat or cost>0.1; may be said again"
    )
    parser.add_argument("--format", choices=REPORT_FORMATS, default=REPORT_FORMATS[0], help="(%(default)s)")
