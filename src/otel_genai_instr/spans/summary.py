"""What happened inside a piece of code, without any backend: for tests, notebooks and the end of a script."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from opentelemetry import trace
from opentelemetry.context import Context

from .. import guard
from ..telemetry.clock import Clock
from ..telemetry.current import current
from ..telemetry.price_wait import PriceWait, wait_for
from ..telemetry.scope import NO_SCOPE, scope_in, with_scope
from ..telemetry.tally import Tally
from ..telemetry.telemetry import shared
from .block import Around

if TYPE_CHECKING:
    from ..exporters.summaries import Sums


class TraceSummary(Around):
    """Adds up what ends inside: calls to models, tools, blocks. Can be read at any time, inside and after.

    Printed, it is the tree of their spans and the sums below; a notebook shows it as HTML. The tree has the first 1000
    spans that an SDK records (it holds them as long as it lives), the sums have everything.
    """

    __slots__ = ("_clock", "_is_outermost", "_price_wait", "_seconds", "_started", "_tally")

    def __init__(self) -> None:
        super().__init__()
        self._tally: Final = Tally()
        self._tally.spans = []
        self._clock: Clock | None = None
        self._price_wait: PriceWait | None = None
        self._is_outermost = False
        self._started = 0.0
        self._seconds: float | None = None

    def as_dict(self) -> dict[str, object]:
        """The sums. ``cost`` is by currency; ``models`` counts the calls of each; ``ms`` is the time of the block."""
        tally = self._settled()
        return {
            "spans": tally.operations,
            "inference_calls": tally.inference_calls,
            "tool_calls": tally.tool_calls,
            "input_tokens": tally.input_tokens,
            "output_tokens": tally.output_tokens,
            "cost": dict(tally.costs),
            "unpriced_calls": tally.unpriced_calls,
            "errors": tally.errors,
            "models": dict(tally.models),
            "ms": round(self._elapsed() * 1000, 3),
        }

    def __str__(self) -> str:
        """The tree of the spans that ended inside, and the sums."""
        from ..exporters import summaries  # for who prints one

        return summaries.as_text(self._spans(), self._sums(summaries.Sums))

    def _repr_html_(self) -> str:
        """The same for a notebook."""
        from ..exporters import summaries

        return summaries.as_html(self._spans(), self._sums(summaries.Sums))

    def _spans(self) -> list[trace.Span]:
        return list(self._settled().spans or ())

    def _sums(self, make: type[Sums]) -> Sums:
        tally = self._settled()
        return make(
            spans=tally.operations,
            inference_calls=tally.inference_calls,
            tool_calls=tally.tool_calls,
            input_tokens=tally.input_tokens,
            output_tokens=tally.output_tokens,
            costs=dict(tally.costs),
            unpriced_calls=tally.unpriced_calls,
            errors=tally.errors,
            models=dict(tally.models),
            nanoseconds=round(self._elapsed() * 1e9),
        )

    def _settled(self) -> Tally:
        """With what waits for prices."""
        if self._price_wait is not None:
            guard.run("price_wait", self._price_wait.settle)
        return self._tally

    def _elapsed(self) -> float:
        if self._seconds is not None:
            return self._seconds
        return 0.0 if self._clock is None else self._clock.monotonic() - self._started

    def _open(self) -> Context:
        telemetry = shared()
        self._clock = telemetry.clock
        self._started = self._clock.monotonic()
        where = current()
        scope = scope_in(where) or NO_SCOPE
        self._price_wait = wait = scope.price_wait or (wait_for(telemetry.pricer) if telemetry.settings.cost else None)
        self._is_outermost = scope.price_wait is None
        return with_scope(where, replace(scope, tallies=(*scope.tallies, self._tally), price_wait=wait))

    def _close(self, error: BaseException | None) -> None:
        self._seconds = self._elapsed()
        if self._is_outermost and self._price_wait is not None:
            self._price_wait.close()


def trace_summary() -> TraceSummary:
    """Add up what ends inside: ``with trace_summary() as summary: ...; print(summary)``."""
    return TraceSummary()
