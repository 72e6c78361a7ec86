"""What became of content that was to be recorded."""

from __future__ import annotations

from typing import Final

from opentelemetry.metrics import Counter, Meter

from ..semconv import metrics as instruments
from ..semconv import own


class ContentCounters:
    """Counted where it happens: there is little of it, and none where content isn't recorded."""

    def __init__(self, meter: Meter) -> None:
        self._stored: Final = _counter(meter, instruments.CONTENT_STORED)
        self._dropped: Final = _counter(meter, instruments.CONTENT_DROPPED)
        self._withheld: Final = _counter(meter, instruments.CONTENT_WITHHELD)

    def stored(self) -> None:
        """One call's content is in the store."""
        self._stored.add(1)

    def dropped(self, reason: str) -> None:
        """One call's content was accepted for the store, and has not reached it."""
        self._dropped.add(1, {own.CONTENT_WITHHELD: reason})

    def withheld(self, reason: str) -> None:
        """One call's content, or the message of its failure, was not recorded although it was asked for."""
        self._withheld.add(1, {own.CONTENT_WITHHELD: reason})


def _counter(meter: Meter, instrument: instruments.Instrument) -> Counter:
    return meter.create_counter(instrument.name, instrument.unit, instrument.description)
