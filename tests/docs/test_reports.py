"""The page on reports says what the code does: its tables are the code's (``UPDATE_SNAPSHOTS=1`` writes them)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

from otel_genai_instr.cli import main
from otel_genai_instr.cli.report_formats import REPORT_FORMATS
from otel_genai_instr.reports.columns import SCORES, SPANS, Column
from otel_genai_instr.reports.computed.all import ANSWERS
from otel_genai_instr.reports.figures import FIGURES
from otel_genai_instr.reports.names import GROUPS, REPORTS

PAGE: Final = Path(__file__).parents[2] / "docs" / "reports.md"
TEXT: Final = PAGE.read_text()


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in lines)


def _columns(columns: Sequence[Column]) -> str:
    return _table(
        ("Column", "Holds", "Meaning", "From"),
        (
            (
                f"`{column.name}`",
                column.type,
                column.meaning,
                ", ".join(f"`{name}`" for name in column.attributes) or "-",
            )
            for column in columns
        ),
    )


MADE: Final = {
    "figures": _table(
        ("Column", "Written as", "Meaning"),
        ((f"`{name}`", figure.kind, figure.meaning) for name, figure in FIGURES.items()),
    ),
    "spans": _columns(SPANS),
    "scores": _columns(SCORES),
}


@pytest.mark.parametrize("name", MADE)
def test_tables_are_those_of_the_code(name: str) -> None:
    pattern = re.compile(rf"(<!-- {name}: .*? -->\n)(.*?)(<!-- end of {name} -->)", re.DOTALL)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        text = PAGE.read_text()
        PAGE.write_text(pattern.sub(lambda match: f"{match[1]}\n{MADE[name]}\n{match[3]}", text))
        return
    match = pattern.search(TEXT)
    assert match is not None
    assert match[2].strip() == MADE[name].strip()


@pytest.mark.skipif(find_spec("anthropic") is None, reason="the month is made with every SDK")
def test_what_the_page_shows_is_what_its_command_says(
    month: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ((made, asked),) = re.findall(r"^(python examples/month .*)\n(otel-genai report .*)$", TEXT, re.MULTILINE)
    assert made == "python examples/month --calls 20000 --seed 7 --to month"  # the one that all tests share
    (tmp_path / "month").symlink_to(month)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert main(asked.split()[1:]) == 0
    shown = re.search(r"^    cost, .*?(?=^\S)", TEXT, re.MULTILINE | re.DOTALL)
    assert shown is not None
    lines = [line.removeprefix("    ") for line in shown[0].rstrip().split("\n")]
    assert [line.rstrip() for line in capsys.readouterr().out.split("\n")][: len(lines)] == lines
    assert len(lines) > 20


def test_every_report_is_there() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \| (?:`[\w,]+`|-) \|", TEXT, re.MULTILINE))
    assert {name: about.summary for name, about in REPORTS.items()} == rows
    assert set(ANSWERS) == set(REPORTS)
    for name, about in REPORTS.items():
        by = f"`{','.join(about.by)}`" if about.by else "-"
        (row,) = re.findall(rf"^\| `{name}` \| [^|]+ \| {by} \|(.*)\|$", TEXT, re.MULTILINE)
        assert all(f"`{section}`" in row for section in about.sections)


def test_every_group_and_format_is_there() -> None:
    (groups,) = re.findall(r"^\| `--by GROUPS` \|(.*)\|$", TEXT, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", groups)) - {"quality"} == set(GROUPS)
    (formats,) = re.findall(r"^\| `--format FORMAT` \|(.*)\|$", TEXT, re.MULTILINE)
    assert re.findall(r"`(\w+)`", formats) == list(REPORT_FORMATS)
