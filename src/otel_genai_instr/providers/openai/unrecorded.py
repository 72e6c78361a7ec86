"""What answers have in common that are no messages: images, sound, transcripts, judgements, counts, documents."""

from __future__ import annotations

from ...model import Details, Message
from ..fields import fields_of


class Unrecorded:
    """An answer, or a stream, whose content is not recorded."""

    __slots__ = ()

    def details(self) -> Details:
        """Nothing else is said of it."""
        return Details()

    def output(self) -> list[Message]:
        """None."""
        return []


class UnrecordedStream(Unrecorded):
    """Events, of which only their usage is kept."""

    def __init__(self, _capture: bool) -> None:
        self.usages: list[object] = []
        """Of each event that tells one."""

    def feed(self, event: object) -> None:
        """Take in one event."""
        usage = fields_of(event).get("usage")
        if usage is not None:
            self.usages.append(usage)
