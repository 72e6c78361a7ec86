"""Content that is not recorded although it was asked for."""

from __future__ import annotations


class Withheld(Exception):
    """Raised by whoever may not, or can't, let content pass: no fault. ``reason`` is one of a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
