"""Every command of the page on questions runs as pasted, over the month that the page makes, and answers."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Final

import pytest

from examples.month.command import write_month
from otel_genai_instr.cli import main

PAGE: Final = (Path(__file__).parents[2] / "docs" / "questions.md").read_text()
ROWS: Final = re.findall(r"^\| (.+?\?) \| (.+?) \| `otel-genai (.+?)` \| (.+?) \|$", PAGE, re.MULTILINE)
CALLS, SEED = map(int, re.findall(r"python examples/month --calls (\d+) --seed (\d+) --to month", PAGE)[0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page begins: a folder with the month in it."""
    folder = tmp_path_factory.mktemp("questions")
    write_month(folder / "month", CALLS, SEED)
    return folder


def test_there_are_many_and_each_stands_in_its_row() -> None:
    assert len(ROWS) >= 30
    assert len(ROWS) == PAGE.count("| `otel-genai ")
    assert len({question for question, *_ in ROWS}) == len(ROWS)


@pytest.mark.parametrize("command", dict.fromkeys(command for _, _, command, _ in ROWS))
def test_the_command_answers(
    command: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("OTEL_GENAI_REPORTS_FROM", "month")
    as_a_shell_reads_it = shlex.shlex(command, posix=True, punctuation_chars=True)
    as_a_shell_reads_it.whitespace_split = True
    words = list(as_a_shell_reads_it)
    assert words == shlex.split(command), "nothing in it is an operator of the shell"
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    for question, _, asked, look in ROWS:
        if asked == command:
            answer = _table(lines) if look == "-" else _below(look, lines)
            assert answer, f"{question} no rows: {lines}"


def _table(lines: list[str]) -> list[str]:
    """Rows of the first table, without its head and its total."""
    start = next(place for place, line in enumerate(lines) if re.search(r"\S {2,}\S", line))
    end = lines.index("", start) if "" in lines[start:] else len(lines)
    return [line for line in lines[start + 1 : end] if not line.startswith(("total", "and "))]


def _below(look: str, lines: list[str]) -> list[str]:
    """Rows of a section, without its head."""
    start = next(place for place, line in enumerate(lines) if line.startswith(look))
    end = lines.index("", start) if "" in lines[start:] else len(lines)
    rows = lines[start + 1 : end]
    return [] if rows[:1] == ["  none"] else rows[1:]
