"""The words of the command line, and what each of them runs."""

from __future__ import annotations

import math
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from .._version import __version__
from ..file_settings import REPORTS_FROM
from ..reports.exceptions import NotFound, NotUnderstood, Unanswered
from ..reports.names import REPORTS
from ..settings import CONTENT_STORE
from .check import check
from .check_rules import CHECK_FORMATS, check_rules
from .content import show_content
from .debug import debug
from .problems import Misuse, Problem
from .pseudonym import pseudonym
from .report import report
from .report_formats import REPORT_FORMATS
from .reprice import reprice
from .repricing import GROUPS
from .show import show
from .status import status
from .tables import JSON, warn
from .ui import ui
from .update import DEFAULT_FILE, update
from .what_if import what_if

if TYPE_CHECKING:
    from argparse import _SubParsersAction  # pyright: ignore[reportPrivateUsage] - argparse has no other name for it

    _Commands = _SubParsersAction[ArgumentParser]

_EXIT_CODES: Final = """\
exit codes:
  0  done
  1  done in part, or not: a file, a model or an address is not what it should be; standard error says why
  2  the command line was not understood
"""
_CHECK_EXIT_CODES: Final = """\
exit codes:
  0  nothing fires, or only rules of severity info
  1  not done, or the Alertmanager took nothing: standard error says why
  2  the command line was not understood
  3  a rule of severity warning fires
  4  a rule of severity critical fires
"""
_REPORT_EXAMPLES: Final = """\
examples:
  otel-genai report cost --last 30d --by day,model
  otel-genai report cost --last 24h --by feature,user --where model=gpt-4o --daily-budget 50
  otel-genai report latency --since 2026-11-01 --until 2026-11-08 --tz Europe/Berlin
  otel-genai report errors --from ./telemetry --format json
"""
_DEBUG_EXAMPLES: Final = """\
examples:
  otel-genai debug 4bf92f3577b34da6a3ce929d0e0e4736 --from ./telemetry
  otel-genai debug --last-error
  otel-genai debug --session s-17 --content --from jaeger+http://localhost:16686
"""
_MOST_MISTAKES: Final = 50
_LAST_PORT: Final = 65_535
_MOST_TRACES: Final = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``otel-genai`` with the arguments, those of the process by default, and return the exit code.

    Raises:
        SystemExit: with code 2 for arguments that aren't understood, with 0 for ``--help`` and ``--version``.
    """
    options = _parser().parse_args(arguments)
    run: Callable[[Namespace], int] = options.run
    try:
        code = run(options)
        sys.stdout.flush()
    except Problem as problem:
        for mistake in problem.args[:_MOST_MISTAKES]:
            warn(f"otel-genai: {mistake}")
        if len(problem.args) > _MOST_MISTAKES:
            warn(f"otel-genai: and {len(problem.args) - _MOST_MISTAKES:,} more")
        return problem.code
    except NotUnderstood as mistake:
        warn(f"otel-genai: {mistake}")
        return Misuse.code
    except (NotFound, Unanswered) as failure:
        warn(f"otel-genai: {failure}")
        return Problem.code
    except OSError as error:  # files are opened elsewhere, so this is the output
        if not isinstance(error, BrokenPipeError):  # the reader, such as `head`, has seen enough
            warn(f"otel-genai: the output can't be written: {error.strerror or error}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        warn("otel-genai: interrupted; nothing was changed")
        return 130
    return code


def _helping(parser: ArgumentParser) -> Callable[[Namespace], int]:
    """Return what is run where no command is named: nothing was asked, so the help is the answer."""

    def run(_: Namespace) -> int:
        parser.print_help()
        return 0

    return run


def _name(text: str) -> str:
    if not text.strip():
        raise ArgumentTypeError("must not be empty")
    return text


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = -1.0
    if not 0 <= amount < math.inf:
        raise ArgumentTypeError(f"{text!r} is not allowed; an amount of zero or more")
    return amount


def _row_count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not allowed; a number of one or more")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= _LAST_PORT:
        raise ArgumentTypeError(f"{text!r} is not allowed; a number from 0 to {_LAST_PORT:,}")
    return int(text)


def _add_source(parser: ArgumentParser) -> None:
    """Add what everything knows that asks stored calls."""
    parser.add_argument(
        "--from", dest="source", type=_name, metavar="WHERE", help=f"folder, file or URL; by default {REPORTS_FROM}"
    )
    parser.add_argument("--until", metavar="TIME", help="a day or a time; by default now")
    parser.add_argument("--tz", default="UTC", metavar="ZONE", help="in which days begin (%(default)s)")
    parser.add_argument("--prices", type=_name, metavar="FILE", help="price file, for calls that carry no cost")


def _add_question(parser: ArgumentParser) -> None:
    """Add what a report is asked for, and how it is written."""
    _add_times(parser)
    _add_limit(parser)
    parser.add_argument("--by", metavar="GROUPS", help="rows by, separated by commas: day, model, feature, user, ...")
    parser.add_argument(
        "--where", action="append", metavar="CONDITION", help="such as feature=chat or cost>0.1; may be said again"
    )
    parser.add_argument("--format", choices=REPORT_FORMATS, default=REPORT_FORMATS[0], help="(%(default)s)")


def _part(text: str) -> float:
    try:
        part = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        part = -1.0
    if not 0 <= part <= 1:
        raise ArgumentTypeError(f"{text!r} is not allowed; a share from 0% to 100%")
    return part


def _add_what_if(commands: _Commands) -> None:
    asking = commands.add_parser(
        "what-if",
        help="what stored calls would have cost on another model, in another tier, or with a cache",
        description="Price the tokens of stored calls anew, as if something had been different.",
    )
    asking.add_argument("--model", type=_name, help="all calls on this model")
    asking.add_argument("--provider", type=_name, help="who sells it; by default its maker")
    asking.add_argument("--tier", type=_name, help="in this service tier: batch, flex, priority, ...")
    asking.add_argument("--cached", type=_part, metavar="SHARE", help="this share of the input from a cache, as 60%%")
    asking.add_argument("--at", metavar="TIME", help="prices of this day or time; by default now")
    _add_source(asking)
    _add_question(asking)
    asking.set_defaults(run=what_if)


def _add_times(parser: ArgumentParser) -> None:
    parser.add_argument("--last", metavar="TIME", help="such as 24h, 30d or 4w; by default 7d")
    parser.add_argument("--since", metavar="TIME", help="a day or a time, instead of --last")


def _add_limit(parser: ArgumentParser) -> None:
    parser.add_argument("--limit", type=_row_count, default=50, help="rows that a table shows (%(default)s)")


def _add_ui(commands: _Commands) -> None:
    showing = commands.add_parser(
        "ui",
        help="look at stored telemetry in a browser",
        description="Serve reports and traces to a browser on this machine, read only, until it is interrupted.",
    )
    _add_source(showing)
    _add_times(showing)
    showing.add_argument("--port", type=_port, default=0, help="of 127.0.0.1; by default a free one")
    showing.add_argument("--no-open", action="store_true", help="print the address, and open no browser")
    showing.set_defaults(run=ui, by=None, where=None)


def _add_check(commands: _Commands) -> None:
    checking = commands.add_parser(
        "check",
        help="whether stored calls break rules, for cron and CI",
        description="Hold rules against stored calls, say which rows break them, and tell an Alertmanager.",
        epilog=_CHECK_EXIT_CODES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    checking.add_argument("rules", type=_name, metavar="RULES", help="YAML or JSON file")
    _add_source(checking)
    _add_limit(checking)
    checking.add_argument("--alertmanager", type=_name, metavar="URL", help="post what fires to this Alertmanager")
    checking.add_argument(
        "--for", dest="lasts", default="25h", metavar="TIME", help="how long an alert lives by itself (%(default)s)"
    )
    checking.add_argument("--format", choices=CHECK_FORMATS, default=CHECK_FORMATS[0], help="(%(default)s)")
    checking.set_defaults(run=check_rules)


def _add_report(commands: _Commands) -> None:
    names = "\n".join(f"  {name:<9} {about.summary}" for name, about in REPORTS.items())
    reporting = commands.add_parser(
        "report",
        help="what stored calls cost, how long they took, what failed",
        description="Answer a question about stored telemetry: files of OTLP JSON, or ClickHouse.",
        epilog=f"reports:\n{names}\n\n{_REPORT_EXAMPLES}",
        formatter_class=RawDescriptionHelpFormatter,
    )
    reporting.add_argument("name", choices=tuple(REPORTS), metavar="NAME", help=", ".join(REPORTS))
    _add_source(reporting)
    _add_question(reporting)
    reporting.add_argument("--daily-budget", type=_amount, metavar="AMOUNT", help="of cost: say which days are over it")
    reporting.set_defaults(run=report)


def _trace_count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_TRACES:
        raise ArgumentTypeError(f"{text!r} is not allowed; a number from 1 to {_MOST_TRACES}")
    return int(text)


def _add_debug(commands: _Commands, formats: ArgumentParser) -> None:
    debugging = commands.add_parser(
        "debug",
        parents=[formats],
        help="show a trace, and look for what went wrong in it",
        description="Show a trace as a tree, what was said in it, and checks in the order of the usual causes.",
        epilog=_DEBUG_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    debugging.add_argument("trace", nargs="?", type=_name, metavar="TRACE", help="its id of 32 hex digits")
    debugging.add_argument("--session", type=_name, help="instead: the newest traces of a session or conversation")
    debugging.add_argument("--user", type=_name, help="instead: the newest traces of a user")
    debugging.add_argument("--last-error", action="store_true", help="instead: the newest trace with a failure")
    debugging.add_argument("--last", metavar="TIME", help="how far to look for them, such as 24h or 4w; by default 30d")
    debugging.add_argument(
        "--traces", type=_trace_count, metavar="N", help="how many; by default 5, and 1 with --last-error"
    )
    debugging.add_argument(
        "--from",
        dest="source",
        type=_name,
        metavar="WHERE",
        help=f"folder, file, jaeger+http://host:16686 or tempo+http://host:3200; by default {REPORTS_FROM}",
    )
    debugging.add_argument("--content", action="store_true", help="show all that was said, not only the end of it")
    debugging.add_argument("--prices", type=_name, metavar="FILE", help="price file, for calls that carry no cost")
    debugging.set_defaults(run=debug)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="otel-genai",
        description="What calls to language models cost, what was said in them, and what is instrumented here.",
        epilog=_EXIT_CODES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"otel-genai {__version__}")
    parser.set_defaults(run=_helping(parser))
    commands = parser.add_subparsers(metavar="command")

    prices = commands.add_parser("prices", help="show prices, check a price file, get newer prices")
    prices.set_defaults(run=_helping(prices))
    actions = prices.add_subparsers(metavar="action")

    formats = ArgumentParser(add_help=False)
    formats.add_argument(
        "--format", choices=("text", JSON), default="text", help="for people (%(default)s) or programs"
    )

    showing = actions.add_parser("show", parents=[formats], help="show what a model costs")
    showing.add_argument("model", type=_name, help="name of the model, deployment or profile, as a call names it")
    showing.add_argument(
        "--provider", type=_name, help="value of gen_ai.provider.name; by default every provider that has it"
    )
    showing.add_argument("--tier", type=_name, help="service tier: flex, priority, batch, ...")
    showing.add_argument("--region", type=_name, help="where the provider computes")
    showing.add_argument(
        "--at", metavar="TIME", help="day or ISO time of the call, UTC unless it says a zone; by default now"
    )
    showing.add_argument("--prices", type=_name, metavar="FILE", help="price file of your own")
    showing.set_defaults(run=show)

    checking = actions.add_parser("check", parents=[formats], help="check a price file, and show what it says")
    checking.add_argument("file", type=_name, help="YAML or JSON file")
    checking.set_defaults(run=check)

    updating = actions.add_parser("update", parents=[formats], help="download newer price data into a file")
    updating.add_argument("--to", type=_name, metavar="PATH", help=f"file to write; by default {DEFAULT_FILE}")
    updating.add_argument("--url", help="address of the data; by default that of the genai-prices project")
    updating.set_defaults(run=update)

    telling = commands.add_parser(
        "status", parents=[formats], help="show what is instrumented here and why not, and the settings in force"
    )
    telling.set_defaults(run=status)

    _add_report(commands)
    _add_ui(commands)
    _add_debug(commands, formats)
    _add_check(commands)
    _add_what_if(commands)

    repricing = commands.add_parser("reprice", parents=[formats], help="what stored calls would cost at other prices")
    repricing.add_argument(
        "spans", type=_name, help="OTLP JSON, one document or one in each line, may be packed by gzip; - is stdin"
    )
    repricing.add_argument(
        "--prices", type=_name, metavar="FILE", help="price file; by default the prices of the package"
    )
    repricing.add_argument(
        "--by", default="day,model", help=f"rows by, separated by commas: {', '.join(GROUPS)} (%(default)s)"
    )
    repricing.add_argument("--json", dest="format", action="store_const", const=JSON, help="short for --format json")
    repricing.set_defaults(run=reprice)

    naming = commands.add_parser("pseudonym", parents=[formats], help="under which pseudonyms a user's spans are found")
    naming.add_argument("user", type=_name, help="the user id; - reads it from standard input")
    naming.set_defaults(run=pseudonym)

    content = commands.add_parser("content", help="show what was said in stored calls")
    content.set_defaults(run=_helping(content))
    reading = content.add_subparsers(metavar="action").add_parser(
        "show", parents=[formats], help="show what was said in the calls of a trace, or in one of them"
    )
    reading.add_argument("which", type=_name, metavar="TRACE[:SPAN]", help="ids in hex, or the reference on a span")
    reading.add_argument(
        "--from", dest="source", metavar="URL", help=f"where the content store is; by default {CONTENT_STORE}"
    )
    reading.add_argument("--date", metavar="DAY", help="look at this day alone (UTC), such as 2026-11-29")
    reading.set_defaults(run=show_content)
    return parser
