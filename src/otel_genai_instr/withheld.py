"""Content that is not recorded although it was asked for."""

from __future__ import annotations


class Withheld(Exception):  # noqa: N818  # it is no fault
    """Raised by whoever may not, or can't, let content pass; ``reason`` is one of a few words, for a span and a counter."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
