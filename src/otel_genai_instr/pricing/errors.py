"""What goes wrong with files of the user's own: prices, and the rules that are read in the same way."""

from __future__ import annotations

from typing import Final

_MOST_SAID: Final = 10
"""Mistakes in one message: who reads a log sees enough there to look at the file."""


class UserFileError(ValueError):
    """A file of the user's own that can't be used. The message names the file, the line and the field.

    Its ``args`` are the mistakes, each a sentence of its own.
    """

    def __str__(self) -> str:
        """Return the mistakes as one line."""
        said = "; ".join(map(str, self.args[:_MOST_SAID]))
        return said if len(self.args) <= _MOST_SAID else f"{said}; and {len(self.args) - _MOST_SAID:,} more"
