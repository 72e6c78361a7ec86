"""The command: what it was told is run, and what ends it early is said, here and nowhere else."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Final

from ..reports.exceptions import NotFound, NotUnderstood, Unanswered
from .parser import command_line
from .problems import Misuse, Problem
from .tables import warn

_MOST_MISTAKES: Final = 50


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``otel-genai`` with the arguments, those of the process by default, and return the exit code.

    Raises:
        SystemExit: with code 2 for arguments that aren't understood, with 0 for ``--help`` and ``--version``.
    """
    options = command_line().parse_args(arguments)
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
