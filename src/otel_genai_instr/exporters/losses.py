"""What an exporter could not write: counted each time, said once for each reason."""

from __future__ import annotations

from typing import Final

from opentelemetry import metrics
from opentelemetry.instrumentation.utils import suppress_instrumentation

from .. import guard, log
from .._version import __version__
from ..semconv import attributes as names
from ..semconv import metrics as instruments


class Losses:
    """``what`` is lost: ``traces`` or ``logs``; ``where`` it was to go."""

    def __init__(self, what: str, where: str) -> None:
        self._what: Final = what
        self._where: Final = where
        self._said: Final[set[str]] = set()
        self._total = 0

    def add(self, count: int, reason: str, why: object) -> None:
        """So many items are lost."""
        self._total += count
        self.say(reason, "%s are lost until that is put right: %s: %s", self._what, reason, why)
        guard.run("exporters.losses", _count, count, reason)

    def say(self, reason: str, message: str, *values: object) -> None:
        """Tell the user, the first time."""
        if reason in self._said:
            return
        self._said.add(reason)
        # Without suppression, a logging integration could call us back.
        with suppress_instrumentation():
            log.warning(f"genai_file to %s: {message}; this is logged once.", self._where, *values)

    def sum_up(self) -> None:
        """Tell the user how many items were lost, if any."""
        if self._total:
            self.say("sum", "%d items of %s were lost", self._total, self._what)


def _count(count: int, reason: str) -> None:
    """Made when it is needed: exporters are there before the app's meter provider, and most never lose anything."""
    counter = instruments.FILE_DROPPED
    meter = metrics.get_meter("otel_genai_instr", __version__)
    meter.create_counter(counter.name, counter.unit, counter.description).add(count, {names.ERROR_TYPE: reason})
