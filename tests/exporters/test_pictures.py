"""The whole waterfall as it is drawn, at the widths of usual terminals (``UPDATE_SNAPSHOTS=1`` writes the files)."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from otel_genai_instr.exporters.cells import cell_width
from otel_genai_instr.exporters.layout import ASCII, Style, render
from otel_genai_instr.exporters.traces import Piece

from .spans import piece, story

PICTURES: Final = Path(__file__).parent / "pictures"
STYLES: Final = {
    "plain": Style(),
    "ascii": Style(glyphs=ASCII, encoding="ascii"),
    "color": Style(color=True),
}
WIDTHS: Final = (60, 80, 120, 200)


def judged() -> Piece:
    """The story, told of a user; two calls have a prompt, and somebody thought something of them."""
    said = {
        5: {"prompt": "answer@3", "scores": ("relevance 0.92 pass",)},
        11: {"prompt": "answer@4"},
        1: {"scores": ("user_feedback 1 thumbs_up",)},
    }
    return piece([replace(span, user="ada", session="s-1", **said.get(span.span_id, {})) for span in story()])


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("style", STYLES)
def test_the_picture(style: str, width: int) -> None:
    drawn = render(judged(), replace(STYLES[style], width=width))
    if style != "color":
        assert max(map(cell_width, drawn.splitlines())) <= width
    drawn = drawn.replace("\x1b", "␛")  # so that the file can be read
    file = PICTURES / f"{width}-{style}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(drawn)
    assert drawn == file.read_text()


def test_every_picture_is_drawn() -> None:
    assert {file.stem for file in PICTURES.iterdir()} == {f"{width}-{style}" for width in WIDTHS for style in STYLES}
