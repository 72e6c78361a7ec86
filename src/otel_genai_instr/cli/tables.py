"""JSON, and tables: plain columns, or drawn by ``rich`` where that is installed and a person is watching."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from typing import Final, cast

from ..exporters.cells import cell_width, clean

JSON: Final = "json"
"""What ``--format`` says to programs."""

_GAP: Final = "  "
_LEAST_WORDS: Final = 10
"""Cells that a column of words has at least before it is drawn."""


def say(text: str = "") -> None:
    """Write a line on standard output. What is foreign in it has to be cleaned before."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def say_json(value: object) -> None:
    """Write a value on standard output as JSON, in which what is no finite number is a text."""
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), indent=2, ensure_ascii=False)
    say(text)


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else json.dumps(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in cast("dict[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in cast("Sequence[object]", value)]
    return value


def warn(text: str) -> None:
    """Write a line on standard error."""
    sys.stderr.write(clean_line(text) + "\n")


def clean_line(text: str) -> str:
    """Return the text without anything that a terminal would obey; long ones whole."""
    return "".join(clean(text[start : start + 200]) for start in range(0, len(text), 200))


def show_table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: int) -> None:
    """Show rows below their headers; the last ``numbers`` columns are set flush right."""
    cells = [[clean(cell) for cell in row] for row in rows]
    if sys.stdout.isatty() and _draw(headers, cells, numbers):
        return
    widths = _widths(headers, cells)
    for row in (headers, *cells):
        line = _GAP.join(
            _padded(cell, width, column >= len(headers) - numbers)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        say(line.rstrip())


def _padded(cell: str, width: int, flush_right: bool) -> str:
    fill = " " * (width - cell_width(cell))
    return fill + cell if flush_right else cell + fill


def _draw(headers: Sequence[str], cells: Sequence[Sequence[str]], numbers: int) -> bool:
    """Draw the table by ``rich``, and return whether it is there."""
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        return False
    console = Console()
    texts = len(headers) - numbers
    widths = _widths(headers, cells)
    frame = 3 * len(headers) + 1
    # Words may be broken, figures not. Where no space for words is left, plain columns say it all.
    if frame + sum(widths[texts:]) + sum(min(width, _LEAST_WORDS) for width in widths[:texts]) > console.width:
        return False
    table = Table()
    for column, header in enumerate(headers):
        if column < texts:
            table.add_column(header, overflow="fold")
        else:
            table.add_column(header, justify="right", no_wrap=True)
    for row in cells:
        table.add_row(*map(Text, row))  # as text: markup in a model's name is not obeyed
    console.print(table)
    return True


def _widths(headers: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    return [max(cell_width(row[column]) for row in (headers, *cells)) for column in range(len(headers))]
