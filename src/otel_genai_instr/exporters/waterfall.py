"""Pieces of traces as they are shown: as text, and as HTML in a notebook."""

from __future__ import annotations

from collections.abc import Sequence

from .html import page_of
from .layout import Style, render
from .traces import Piece


class Waterfall:
    """Drawn when it is asked for."""

    def __init__(self, pieces: Sequence[Piece], style: Style | None = None) -> None:
        self._pieces = pieces
        self._style = style or Style()

    def __str__(self) -> str:
        """For a terminal: with a last newline, and an empty line between two pieces."""
        return "\n".join(render(piece, self._style) for piece in self._pieces)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """For a notebook."""
        return "".join(page_of(piece, self._style) for piece in self._pieces)
