"""The table of commands in CONTRIBUTING.md says of each step of CI how long it takes, as CI itself does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
OUTSIDE_CI: Final = {"bench", "docs", "lock", "format", "stack-scale-check"}


def test_the_steps_of_ci_are_those_of_the_table() -> None:
    table = dict(re.findall(r"^\| `make ([\w-]+)` \| (\d*) ?\|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE))
    ci = (ROOT / ".ci" / "run").read_text()
    written = re.findall(r'step "[^"]+" (\d+) (?:make )?([\w-]+)', ci)
    functions = dict(re.findall(r"^(\w+)\(\) \{\n  make ([\w-]+)", ci, re.MULTILINE))
    steps = {functions.get(command, command): minutes for minutes, command in written}
    assert steps
    assert table.keys() >= OUTSIDE_CI
    assert steps == {command: minutes for command, minutes in table.items() if command not in OUTSIDE_CI}
