"""Scores that stand alone, because the waterfall of their trace is past, or nobody's here."""

from __future__ import annotations

from collections.abc import Sequence

from .cells import clean, clip
from .html import line_of
from .layout import Style
from .scores import Score


class ScoreLines:
    """One line for each."""

    def __init__(self, scores: Sequence[Score], style: Style) -> None:
        self._scores = scores
        self._style = style

    def __str__(self) -> str:
        """For a terminal, with a last newline."""
        style = self._style
        lines: list[str] = []
        for score in self._scores:
            text = style.glyphs.separator.join(clean(part, style.encoding) for part in score.parts())
            lines.append(clip(text, style.width, style.glyphs.ellipsis) + "\n")
        return "".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """For a notebook."""
        return "".join(line_of(score.parts()) for score in self._scores)
