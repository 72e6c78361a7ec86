"""Waiting for what finalisers leave to another thread."""

from __future__ import annotations

import time

from otel_genai_instr.telemetry import later


def settle() -> None:
    """Return when every operation that was dropped has ended."""
    while later._working:  # pyright: ignore[reportPrivateUsage]
        time.sleep(0.001)
    later.do_now()
