"""Keyed hashes, as every attribute that has one writes them."""

from __future__ import annotations

from typing import Final

PREFIX: Final = "hmac-sha256:"
DIGITS: Final = 32
"""Hex digits: 128 bits."""


def keyed_digits(key: bytes, data: bytes) -> str:
    """The first digits of the HMAC-SHA256 of ``data``."""
    import hmac  # loads a library, for what only some apps ask for

    return hmac.digest(key, data, "sha256").hex()[:DIGITS]
