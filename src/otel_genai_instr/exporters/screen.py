"""Where a person looks: a terminal, whatever else can be written to, or the cell of a notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol, TextIO

from . import notebook
from .layout import Style
from .streams import style_for


class Picture(notebook.Showable, Protocol):
    """Text in a terminal, and HTML in a notebook."""

    def __str__(self) -> str: ...


class Screen:
    """``out`` is where to write; by default whatever ``sys.stderr`` is at that moment, or the cell that runs."""

    def __init__(
        self,
        out: TextIO | None = None,
        width: int | None = None,
        color: bool | None = None,
        http_messages: bool = False,
    ) -> None:
        self._out = out
        self._width = width
        self._color = color
        self._http_messages = http_messages

    def show(self, drawn: Callable[[Style], Picture]) -> bool:
        """Whether all was written."""
        if self._out is None and notebook.show(drawn(Style(http_messages=self._http_messages))):
            return True
        out = self._out if self._out is not None else sys.stderr
        if out is None:  # pythonw and some services have no stderr  # pyright: ignore[reportUnnecessaryComparison]
            return False
        try:
            # Whatever the app printed last may have left its line open.
            out.write(f"\n{drawn(style_for(out, self._width, self._color, self._http_messages))}")
            flush = getattr(out, "flush", None)
            if flush is not None:
                flush()
        except (OSError, ValueError):
            return False
        return True
