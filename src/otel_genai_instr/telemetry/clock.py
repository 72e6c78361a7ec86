"""The two clocks of an operation; tests put their own in place."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..records import frozen


@frozen
class Clock:
    """Wall time stamps spans; the monotonic clock measures durations."""

    wall_ns: Callable[[], int] = time.time_ns
    """Nanoseconds since 1970."""
    monotonic: Callable[[], float] = time.perf_counter
    """Seconds since an arbitrary moment."""
