"""A clock that stands still until a test, or the fake provider, moves it."""

from __future__ import annotations

from otel_genai_instr.telemetry.clock import Clock

START_NS = 1_780_000_000_000_000_000  # 2026-05-28T20:26:40Z


class FakeClock:
    """Wall and monotonic time that move together."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.elapsed += seconds

    def as_clock(self) -> Clock:
        """What the telemetry reads."""
        return Clock(wall_ns=lambda: START_NS + round(self.elapsed * 1e9), monotonic=lambda: self.elapsed)
