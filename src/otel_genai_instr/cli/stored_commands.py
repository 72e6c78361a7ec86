"""The words of the commands that ask stored telemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..file_settings import REPORTS_FROM
from ..reports.names import REPORTS
from .check_rules import CHECK_FORMATS, check_rules
from .completion import completed_as_file
from .debug import debug
from .replay import replay
from .replayed import REPLAY_FORMATS
from .report import report
from .ui import ui
from .what_if import what_if
from .words import (
    add_command,
    add_format,
    add_limit,
    add_prices,
    add_question,
    add_source,
    add_times,
    amount,
    port,
    row_count,
    seconds,
    share,
    some_text,
    trace_count,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from .words import Commands

_CHECK_EXIT_CODES: Final = """\
exit codes:
  0  nothing fires, or only rules of severity info
  1  not done, or the Alertmanager took nothing: standard error says why
  2  the command line was not understood
  3  a rule of severity warning fires
  4  a rule of severity critical fires
"""
_TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"


def add_stored_commands(commands: Commands) -> None:
    """Add them."""
    _add_report(commands)
    _add_ui(commands)
    _add_debug(commands)
    _add_replay(commands)
    _add_check(commands)
    _add_what_if(commands)


def _add_report(commands: Commands) -> None:
    names = "\n".join(f"  {name:<9} {about.summary}" for name, about in REPORTS.items())
    reporting = add_command(
        commands,
        "report",
        "what stored calls cost, how long they took, what failed",
        "otel-genai report cost --last 30d --by day,model",
        "otel-genai report cost --last 24h --by feature,user --where model=gpt-4o --daily-budget 50",
        "otel-genai report latency --since 2026-11-01 --until 2026-11-08 --tz Europe/Berlin",
        "otel-genai report errors --from ./telemetry --format json",
        description="Answer a question about stored telemetry: files of OTLP JSON, or ClickHouse.",
        more=f"reports:\n{names}\n\n",
    )
    reporting.add_argument("name", nargs="?", choices=tuple(REPORTS), metavar="NAME", help=", ".join(REPORTS))
    add_source(reporting)
    add_question(reporting)
    reporting.add_argument("--daily-budget", type=amount, metavar="AMOUNT", help="of cost: say which days are over it")
    reporting.set_defaults(run=report)


def _add_ui(commands: Commands) -> None:
    showing = add_command(
        commands,
        "ui",
        "look at stored telemetry in a browser",
        "otel-genai ui",
        "otel-genai ui --from ./telemetry --last 30d --port 8080 --no-open",
        description="Serve reports and traces to a browser on this machine, read only, until it is interrupted.",
    )
    add_source(showing)
    add_times(showing)
    showing.add_argument("--port", type=port, default=0, help="of 127.0.0.1; by default a free one")
    showing.add_argument("--no-open", action="store_true", help="print the address, and open no browser")
    showing.set_defaults(run=ui, by=None, where=None)


def _add_debug(commands: Commands) -> None:
    debugging = add_command(
        commands,
        "debug",
        "show a trace, and look for what went wrong in it",
        f"otel-genai debug {_TRACE} --from ./telemetry",
        "otel-genai debug --last-error",
        "otel-genai debug --session s-17 --content --from jaeger+http://localhost:16686",
        description="Show a trace as a tree, what was said in it, and checks in the order of the usual causes.",
    )
    debugging.add_argument("trace", nargs="?", type=some_text, metavar="TRACE", help="its id of 32 hex digits")
    debugging.add_argument("--session", type=some_text, help="instead: the newest traces of a session or conversation")
    debugging.add_argument("--user", type=some_text, help="instead: the newest traces of a user")
    debugging.add_argument("--last-error", action="store_true", help="instead: the newest trace with a failure")
    debugging.add_argument("--last", metavar="TIME", help="how far to look for them, such as 24h or 4w; by default 30d")
    debugging.add_argument(
        "--traces", type=trace_count, metavar="N", help="how many; by default 5, and 1 with --last-error"
    )
    _add_trace_source(debugging)
    debugging.add_argument("--content", action="store_true", help="show all that was said, not only the end of it")
    add_prices(debugging, "for calls that carry no cost")
    add_format(debugging)
    debugging.set_defaults(run=debug)


def _add_trace_source(parser: ArgumentParser) -> None:
    place = parser.add_argument(
        "--from",
        dest="source",
        type=some_text,
        metavar="WHERE",
        help=f"folder, file, -, jaeger+http://host:16686 or tempo+http://host:3200; by default {REPORTS_FROM}",
    )
    completed_as_file(place)


def _add_replay(commands: Commands) -> None:
    replaying = add_command(
        commands,
        "replay",
        "ask a captured call again, of the same model or of others, side by side",
        f"otel-genai replay {_TRACE}:00f067aa0ba902b7",
        f"otel-genai replay {_TRACE} --model gpt-5-mini --model claude-haiku-4-5 --without temperature",
        f"otel-genai replay {_TRACE} --max-tokens 300 --yes --to api.openai.com --format json",
        description="Ask a captured call again. What was said in it goes to whoever is asked: the command says to whom"
        " and what it will cost, and asks first. The app's SDK is used, with its own environment variables.",
    )
    replaying.add_argument(
        "which", type=some_text, metavar="TRACE[:SPAN]", help="ids in hex; SPAN where the trace has more calls"
    )
    replaying.add_argument(
        "--model", action="append", type=some_text, metavar="M", help="ask this one; said again, several; else the same"
    )
    _add_trace_source(replaying)
    replaying.add_argument("--max-tokens", type=row_count, metavar="N", help="limit of output, instead of the recorded")
    replaying.add_argument(
        "--without", action="append", type=some_text, metavar="NAMES", help="leave out, such as temperature,reasoning"
    )
    replaying.add_argument(
        "--timeout", type=seconds, default=120.0, metavar="SECONDS", help="of each attempt (%(default)g)"
    )
    replaying.add_argument("--yes", action="store_true", help="send it unasked, to the host that answered it")
    replaying.add_argument(
        "--to", action="append", type=some_text, metavar="HOST", help="with --yes, to this host as well"
    )
    add_prices(replaying, "of your own")
    replaying.add_argument("--format", choices=REPLAY_FORMATS, default=REPLAY_FORMATS[0], help="(%(default)s)")
    replaying.set_defaults(run=replay)


def _add_check(commands: Commands) -> None:
    checking = add_command(
        commands,
        "check",
        "whether stored calls break rules, for cron and CI",
        "otel-genai check rules.yaml",
        "otel-genai check rules.yaml --from ./telemetry --format json",
        "otel-genai check rules.yaml --alertmanager http://localhost:9093",
        description="Hold rules against stored calls, say which rows break them, and tell an Alertmanager.",
        more=f"{_CHECK_EXIT_CODES}\n",
    )
    completed_as_file(checking.add_argument("rules", type=some_text, metavar="RULES", help="YAML or JSON file"))
    add_source(checking)
    add_limit(checking)
    checking.add_argument("--alertmanager", type=some_text, metavar="URL", help="post what fires to this Alertmanager")
    checking.add_argument(
        "--for", dest="lasts", default="25h", metavar="TIME", help="how long an alert lives by itself (%(default)s)"
    )
    checking.add_argument("--format", choices=CHECK_FORMATS, default=CHECK_FORMATS[0], help="(%(default)s)")
    checking.set_defaults(run=check_rules)


def _add_what_if(commands: Commands) -> None:
    asking = add_command(
        commands,
        "what-if",
        "what stored calls would have cost on another model, in another tier, or with a cache",
        "otel-genai what-if --model gpt-4o-mini --last 30d --by feature",
        "otel-genai what-if --model llama-3.3-70b-versatile --provider groq --where feature=summarise",
        "otel-genai what-if --tier batch --where service=nightly",
        "otel-genai what-if --cached 60% --by model",
        description="Price the tokens of stored calls anew, as if something had been different.",
    )
    asking.add_argument("--model", type=some_text, help="all calls on this model")
    asking.add_argument("--provider", type=some_text, help="who sells it; by default its maker")
    asking.add_argument("--tier", type=some_text, help="in this service tier: batch, flex, priority, ...")
    asking.add_argument("--cached", type=share, metavar="SHARE", help="this share of the input from a cache, as 60%%")
    asking.add_argument("--at", metavar="TIME", help="prices of this day or time; by default now")
    add_source(asking)
    add_question(asking)
    asking.set_defaults(run=what_if)
