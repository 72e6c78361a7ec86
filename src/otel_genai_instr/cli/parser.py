"""The words of the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from .._version import __version__
from ..settings import CONTENT_STORE
from .check import check
from .completion import SHELLS, completed_as_file, completed_as_groups, completion
from .content import show_content
from .pseudonym import pseudonym
from .reprice import reprice
from .repricing import GROUPS
from .show import show
from .status import status
from .stored_commands import add_stored_commands
from .tables import JSON
from .update import DEFAULT_FILE, update
from .words import add_command, add_format, add_prices, some_text

if TYPE_CHECKING:
    from .words import Commands

_EXIT_CODES: Final = """\
exit codes:
  0  done
  1  done in part, or not: a file, a model or an address is not what it should be; standard error says why
  2  the command line was not understood

examples:
  otel-genai status
  otel-genai prices show gpt-5.4
  otel-genai report cost --last 7d --by day,feature
  otel-genai debug --last-error
"""
_TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"


def command_line() -> ArgumentParser:
    """All of them. What was parsed has ``run``, a function of itself that returns the exit code."""
    parser = ArgumentParser(
        prog="otel-genai",
        description="What calls to language models cost, what was said in them, and what is instrumented here.",
        epilog=_EXIT_CODES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"otel-genai {__version__}")
    parser.set_defaults(run=_helping(parser))
    commands = parser.add_subparsers(metavar="command")
    _add_prices(commands)
    telling = add_command(
        commands,
        "status",
        "show what is instrumented here and why not, and the settings in force",
        "otel-genai status",
        "otel-genai status --format json",
    )
    add_format(telling)
    telling.set_defaults(run=status)
    add_stored_commands(commands)
    _add_reprice(commands)
    _add_pseudonym(commands)
    _add_content(commands)
    _add_completion(commands, parser)
    return parser


def _helping(parser: ArgumentParser) -> Callable[[Namespace], int]:
    """Return what is run where no command is named: nothing was asked, so the help is the answer."""

    def run(_: Namespace) -> int:
        parser.print_help()
        return 0

    return run


def _add_prices(commands: Commands) -> None:
    prices = add_command(
        commands,
        "prices",
        "show prices, check a price file, get newer prices",
        "otel-genai prices show gpt-5.4",
        "otel-genai prices check prices.yaml",
        "otel-genai prices update",
    )
    prices.set_defaults(run=_helping(prices))
    actions = prices.add_subparsers(metavar="action")
    showing = add_command(
        actions,
        "show",
        "show what a model costs",
        "otel-genai prices show gpt-5.4",
        "otel-genai prices show gpt-5.4 --provider openai --tier flex --region eu",
        "otel-genai prices show deepseek-v4-pro --at 2026-11-20T07:00:00Z --format json",
    )
    showing.add_argument("model", type=some_text, help="name of the model, deployment or profile, as a call names it")
    showing.add_argument(
        "--provider", type=some_text, help="value of gen_ai.provider.name; by default every provider that has it"
    )
    showing.add_argument("--tier", type=some_text, help="service tier: flex, priority, batch, ...")
    showing.add_argument("--region", type=some_text, help="where the provider computes")
    showing.add_argument(
        "--at", metavar="TIME", help="day or ISO time of the call, UTC unless it says a zone; by default now"
    )
    add_prices(showing, "of your own")
    add_format(showing)
    showing.set_defaults(run=show)

    checking = add_command(
        actions,
        "check",
        "check a price file, and show what it says",
        "otel-genai prices check prices.yaml",
    )
    completed_as_file(checking.add_argument("file", type=some_text, help="YAML or JSON file"))
    add_format(checking)
    checking.set_defaults(run=check)

    updating = add_command(
        actions,
        "update",
        "download newer price data into a file",
        "otel-genai prices update",
        "otel-genai prices update --to prices/genai-prices.json",
    )
    updating.add_argument("--to", type=some_text, metavar="PATH", help=f"file to write; by default {DEFAULT_FILE}")
    updating.add_argument("--url", help="address of the data; by default that of the genai-prices project")
    add_format(updating)
    updating.set_defaults(run=update)


def _add_reprice(commands: Commands) -> None:
    repricing = add_command(
        commands,
        "reprice",
        "what stored calls would cost at other prices",
        "otel-genai reprice spans.jsonl --prices new-contract.yaml",
        "otel-genai reprice spans.jsonl.gz --by day,model,provider --json",
        "cat spans.jsonl | otel-genai reprice - --by tenant",
    )
    spans = repricing.add_argument(
        "spans",
        type=some_text,
        help="OTLP JSON, one document or one in each line, may be packed by gzip or zstd; - is stdin",
    )
    completed_as_file(spans)
    add_prices(repricing, "instead of the prices of the package")
    groups = repricing.add_argument(
        "--by", default="day,model", help=f"rows by, separated by commas: {', '.join(GROUPS)} (%(default)s)"
    )
    completed_as_groups(groups, "reprice")
    add_format(repricing)
    repricing.add_argument("--json", dest="format", action="store_const", const=JSON, help="short for --format json")
    repricing.set_defaults(run=reprice)


def _add_pseudonym(commands: Commands) -> None:
    naming = add_command(
        commands,
        "pseudonym",
        "under which pseudonyms a user's spans are found",
        "otel-genai pseudonym u-42",
        "echo u-42 | otel-genai pseudonym - --format json",
    )
    naming.add_argument("user", type=some_text, help="the user id; - reads it from standard input")
    add_format(naming)
    naming.set_defaults(run=pseudonym)


def _add_content(commands: Commands) -> None:
    show = f"otel-genai content show {_TRACE}"
    content = add_command(commands, "content", "show what was said in stored calls", show)
    content.set_defaults(run=_helping(content))
    reading = add_command(
        content.add_subparsers(metavar="action"),
        "show",
        "show what was said in the calls of a trace, or in one of them",
        show,
        f"{show}:00f067aa0ba902b7 --from s3://my-bucket/calls --date 2026-11-28",
    )
    reading.add_argument("which", type=some_text, metavar="TRACE[:SPAN]", help="ids in hex, or the reference on a span")
    reading.add_argument(
        "--from", dest="source", metavar="URL", help=f"where the content store is; by default {CONTENT_STORE}"
    )
    reading.add_argument("--date", metavar="DAY", help="look at this day alone (UTC), such as 2026-11-29")
    add_format(reading)
    reading.set_defaults(run=show_content)


def _add_completion(commands: Commands, parser: ArgumentParser) -> None:
    completing = add_command(
        commands,
        "completion",
        "a script by which a shell completes words of this command",
        'eval "$(otel-genai completion bash)"',
        "otel-genai completion zsh > ~/.zfunc/_otel-genai",
    )
    completing.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    completing.set_defaults(run=partial(completion, parser))
