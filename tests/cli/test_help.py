"""``--help`` of every command: lines that may be pasted, each of which the command understands."""

from __future__ import annotations

import re
import shlex
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

import pytest

from otel_genai_instr.cli import main
from otel_genai_instr.cli.parser import command_line
from otel_genai_instr.reports.names import REPORTS


def _all(parser: ArgumentParser) -> Iterator[ArgumentParser]:
    yield parser
    for action in vars(parser)["_actions"]:
        choices: Any = action.choices
        if isinstance(choices, dict):
            for each in choices.values():  # pyright: ignore[reportUnknownVariableType]
                yield from _all(each)  # pyright: ignore[reportUnknownArgumentType]


@pytest.mark.parametrize("parser", _all(command_line()), ids=lambda parser: parser.prog)
def test_examples_are_understood(parser: ArgumentParser) -> None:
    _, _, examples = (parser.epilog or "").partition("examples:\n")
    lines = re.findall(r"otel-genai [^|>)\n]+", examples)
    assert lines
    for line in lines:
        words = shlex.split(line)
        assert words[0] == "otel-genai"
        assert " ".join(words).startswith(parser.prog), "it is an example of this command"
        command_line().parse_args(words[1:])


def test_a_report_without_a_name_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report"]) == 2
    assert capsys.readouterr().err == f"otel-genai: say which report: {', '.join(REPORTS)}\n"
