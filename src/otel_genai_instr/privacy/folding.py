"""Text as detectors read it: digits, letters, spaces and hyphens of other shapes as plain ones, invisible ones gone."""

from __future__ import annotations

import unicodedata
from typing import Final

from .engine import Pattern
from .spans import Span

_SPACES: Final = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_HYPHENS: Final = "\u2010\u2011\u2012\u2013\u2212\ufe58\ufe63"
_INVISIBLE: Final = (
    "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
_FULL_WIDTH: Final = "\uff0b\uff0d\uff0e\uff20\uff3f"
"""``+-.@_``. The others, which Chinese and Japanese are punctuated with, stand in no number and no address."""
_TO_ASCII: Final = 0xFEE0

_OTHER_SHAPE: Final = (
    rf"[^\P{{Nd}}0-9]|[\x{{ff21}}-\x{{ff3a}}\x{{ff41}}-\x{{ff5a}}{_FULL_WIDTH}{_SPACES}{_HYPHENS}{_INVISIBLE}]"
)
_FEW: Final = 8
"""Different characters that are faster replaced one by one than by a table."""


class _Table(dict[int, int | None]):
    """What each character is read as; filled as characters come."""

    def __missing__(self, code: int) -> int | None:
        self[code] = read = _read_as(code)
        return read


def _read_as(code: int) -> int | None:
    character = chr(code)
    if character in _INVISIBLE:
        return None
    if character in _SPACES:
        return ord(" ")
    if character in _HYPHENS:
        return ord("-")
    if character in _FULL_WIDTH or 0xFF21 <= code <= 0xFF3A or 0xFF41 <= code <= 0xFF5A:
        return code - _TO_ASCII
    digit = unicodedata.decimal(character, None)
    return code if digit is None else ord(str(digit))


class Folding:
    """Folds texts."""

    def __init__(self) -> None:
        self._other_shape: Final = Pattern(_OTHER_SHAPE)
        self._table: Final = _Table()

    def folded(self, text: str, data: bytes) -> str:
        """``text``, whose UTF-8 is ``data``, as it is read; often that is ``text`` itself."""
        place = 0
        for _ in range(_FEW):
            if (found := self._other_shape.find(data, place)) is None:
                return text
            place = found[0]
            character = data[found[0] : found[1]].decode()
            read = self._table[ord(character)]
            text = text.replace(character, "" if read is None else chr(read))
            data = text.encode()
        return text.translate(self._table)

    def unfolded(self, text: str, folded: str, spans: list[Span]) -> list[Span]:
        """Where the characters of ``folded`` that ``spans`` are of stand in ``text``."""
        if len(folded) == len(text):
            return spans
        places = [place for place, character in enumerate(text) if self._table[ord(character)] is not None]
        return [Span(places[span.start], places[span.end - 1] + 1, span.name) for span in spans]
