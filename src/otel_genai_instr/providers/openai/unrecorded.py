"""What answers have in common of which nothing is told but what they used: images, sound, transcripts."""

from __future__ import annotations

from ...model import Details, Message


class Unrecorded:
    """An answer, or a stream, whose content is not recorded."""

    __slots__ = ()

    def details(self) -> Details:
        """Nothing else is said of it."""
        return Details()

    def output(self) -> list[Message]:
        """None."""
        return []
