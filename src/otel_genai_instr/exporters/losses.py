"""What an exporter could not write: counted each time, said once for each reason."""

from __future__ import annotations

from typing import Final

from opentelemetry import metrics
from opentelemetry.instrumentation.utils import suppress_instrumentation

from .. import guard, log
from .._version import __version__
from ..semconv import SCOPE
from ..semconv import attributes as names
from ..semconv import metrics as instruments


class Losses:
    """Of an exporter that writes ``what``, traces or logs, to ``where``."""

    def __init__(self, what: str, where: str) -> None:
        self._what: Final = what
        self._where: Final = where
        self._said: Final[set[str]] = set()
        self._total = 0

    def add(self, count: int, reason: str, message: str) -> None:
        """So many items are lost."""
        self._total += count
        self.say(reason, message)
        guard.run("exporters.losses", _count, count, reason)

    def say(self, reason: str, message: str) -> None:
        """Tell the user, the first time."""
        if reason in self._said:
            return
        self._said.add(reason)
        # Without suppression, a logging integration could call us back.
        with suppress_instrumentation():
            log.warning("genai_file, %s to %s: %s; this is logged once.", self._what, self._where, message)

    def sum_up(self) -> None:
        """Tell the user how many items were lost, if any."""
        if self._total:
            self.say("sum", f"{self._total} were lost")


def _count(count: int, reason: str) -> None:
    """Made when it is needed: exporters are there before the app's meter provider, and most never lose anything."""
    counter = instruments.FILE_DROPPED
    meter = metrics.get_meter(SCOPE, __version__)
    meter.create_counter(counter.name, counter.unit, counter.description).add(count, {names.ERROR_TYPE: reason})
