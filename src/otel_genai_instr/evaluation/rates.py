"""How often somebody may do something."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

MAX_KEYS: Final = 10_000
"""Keys that one limit remembers. The one that was quiet longest is forgotten first."""

_ROUNDING: Final = 1e-6
"""Seconds; who waits as long as told is let in."""


class RateLimit:
    """So many a minute for each key, all at once if they like.

    Kept as the moment when a key's debt is paid off: one number each. Nothing awaits in here, so on one event
    loop it needs no lock, and a forked child can't find one held.
    """

    def __init__(self, per_minute: int, max_keys: int = MAX_KEYS) -> None:
        self._interval = 60.0 / per_minute
        self._credit = 60.0 - self._interval
        self._max_keys = max_keys
        self._paid_off: dict[Hashable, float] = {}

    def __len__(self) -> int:
        return len(self._paid_off)

    def wait(self, key: Hashable, now: float) -> float:
        """Take one; 0 when that was allowed, else the seconds until it will be. ``now`` is in seconds."""
        # No debt is longer than a minute, unless the clock was set back.
        debt = min(max(self._paid_off.pop(key, now) - now, 0.0), 60.0)
        seconds = debt - self._credit
        is_allowed = seconds <= _ROUNDING
        self._paid_off[key] = now + debt + (self._interval if is_allowed else 0.0)
        while len(self._paid_off) > self._max_keys:
            del self._paid_off[next(iter(self._paid_off))]
        return 0.0 if is_allowed else seconds
