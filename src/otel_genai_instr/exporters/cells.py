"""Text measured in terminal cells: cleaning, width, clipping. Knows nothing of spans."""

from __future__ import annotations

import unicodedata

_LONGEST = 256
"""Characters of a foreign text that are looked at; the rest could not be shown anyway."""

_DROPPED = frozenset({"Cf"})  # joiners, bidi overrides: invisible, and they change how the rest of the line looks
_REPLACED = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(text: str, encoding: str | None = None) -> str:
    """``text`` on one line and without anything that a terminal would obey.

    With ``encoding``, characters that it cannot carry become ``?`` here, so that widths are measured on what is shown.
    """
    shown: list[str] = []
    for character in text[:_LONGEST]:
        category = unicodedata.category(character)
        if character.isspace():
            shown.append(" ")
        elif category in _REPLACED:
            shown.append("?")
        # A variation selector would ask for a two-cell picture of a one-cell character.
        elif category not in _DROPPED and not 0xFE00 <= ord(character) <= 0xFE0F:
            shown.append(character)
    cleaned = "".join(shown)
    if encoding is None:
        return cleaned
    return cleaned.encode(encoding, "replace").decode(encoding, "replace")


def cell_width(text: str) -> int:
    """Cells that cleaned ``text`` takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"} or 0x1160 <= ord(character) <= 0x11FF:
        return 0  # combining marks, and the Hangul vowels that join the letter before them
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def clip(text: str, width: int, ellipsis: str) -> str:
    """``text`` in at most ``width`` cells; what was cut is marked by ``ellipsis`` (one cell)."""
    if cell_width(text) <= width:
        return text
    if width <= 0:
        return ""
    kept: list[str] = []
    free = width - 1
    for character in text:
        free -= _character_width(character)
        if free < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip(" ") + ellipsis
