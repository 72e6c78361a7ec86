"""What happened inside a piece of code, without any backend: for tests, notebooks and the end of a script."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from opentelemetry.context import Context

from ..telemetry.clock import Clock
from ..telemetry.current import current
from ..telemetry.scope import NO_SCOPE, scope_in, with_scope
from ..telemetry.tally import Tally
from ..telemetry.telemetry import shared
from .block import Around


class TraceSummary(Around):
    """Adds up what ends inside: calls to models, tools, blocks. Can be read at any time, inside and after."""

    __slots__ = ("_clock", "_seconds", "_started", "_tally")

    def __init__(self) -> None:
        super().__init__()
        self._tally: Final = Tally()
        self._clock: Clock | None = None
        self._started = 0.0
        self._seconds: float | None = None

    def as_dict(self) -> dict[str, object]:
        """The sums. ``cost`` is by currency; ``models`` counts the calls of each; ``ms`` is the time of the block."""
        tally = self._tally
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
        tally = self._tally
        parts = [
            f"{tally.operations} spans",
            f"{tally.inference_calls} inference calls",
            f"{tally.tool_calls} tool calls",
            f"{tally.input_tokens} tokens in, {tally.output_tokens} out",
            " + ".join(f"{amount:.6f} {currency}" for currency, amount in sorted(tally.costs.items())) or "no cost",
        ]
        if tally.unpriced_calls:
            parts.append(f"{tally.unpriced_calls} calls without a price")
        parts.append(f"{tally.errors} errors")
        if tally.models:
            parts.append(", ".join(f"{model} x{count}" for model, count in sorted(tally.models.items())))
        parts.append(f"{self._elapsed() * 1000:.1f} ms")
        return "; ".join(parts)

    def _elapsed(self) -> float:
        if self._seconds is not None:
            return self._seconds
        return 0.0 if self._clock is None else self._clock.monotonic() - self._started

    def _open(self) -> Context:
        self._clock = shared().clock
        self._started = self._clock.monotonic()
        where = current()
        scope = scope_in(where) or NO_SCOPE
        return with_scope(where, replace(scope, tallies=(*scope.tallies, self._tally)))

    def _close(self, error: BaseException | None) -> None:
        self._seconds = self._elapsed()


def trace_summary() -> TraceSummary:
    """Add up what ends inside: ``with trace_summary() as summary: ...; print(summary)``."""
    return TraceSummary()
