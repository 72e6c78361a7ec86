"""How to draw on a stream: its width, its colours, and the characters that it can carry."""

from __future__ import annotations

import os
from typing import TextIO, cast

from .layout import ASCII, UNICODE, Style

_WIDTH_WITHOUT_TERMINAL = 100


def style_of(out: TextIO, width: int | None = None, color: bool | None = None) -> Style:
    """The style for a stream; ``width`` and ``color`` are found out unless they are said."""
    encoding = _encoding_of(out)
    glyphs = UNICODE
    try:
        UNICODE.characters.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        glyphs, encoding = ASCII, _known_encoding(encoding)
    terminal = _is_terminal(out)
    return Style(
        width or _width_of(out, terminal), _wants_color(terminal) if color is None else color, glyphs, encoding
    )


# Whoever captures output puts an object of his own in place of ``sys.stderr``: that it can write is all that is sure.
def _encoding_of(out: TextIO) -> str:
    try:
        encoding = cast("object", out.encoding)
    except Exception:
        return "utf-8"
    return encoding if isinstance(encoding, str) and encoding else "utf-8"


def _is_terminal(out: TextIO) -> bool:
    try:
        return bool(out.isatty())
    except Exception:
        return False


def _known_encoding(encoding: str) -> str:
    try:
        "".encode(encoding)
    except LookupError:
        return "ascii"
    return encoding


def _wants_color(terminal: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return terminal and os.environ.get("TERM") != "dumb"


def _width_of(out: TextIO, terminal: bool) -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    if terminal:
        try:
            return os.get_terminal_size(out.fileno()).columns or _WIDTH_WITHOUT_TERMINAL
        except Exception:  # no number, or none of a terminal
            return _WIDTH_WITHOUT_TERMINAL
    return _WIDTH_WITHOUT_TERMINAL
