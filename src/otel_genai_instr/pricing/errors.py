"""What goes wrong with prices of the user's own."""

from __future__ import annotations


class PriceFileError(ValueError):
    """Prices of the user's own that can't be used. The message names the file, the line and the field."""
