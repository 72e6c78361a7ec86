"""A word in the log about models without a price: once per model, and not without end."""

from __future__ import annotations

from typing import Final

from .. import log
from .charging.cost import Unpriced

_MOST_WARNINGS: Final = 100
_SHOWN_NAME: Final = 80
_WHY: Final = {
    Unpriced.UNKNOWN_MODEL: "no price list knows it",
    Unpriced.UNKNOWN_SELLER: "its weights are open, and who serves it at that host is not known; "
    "OTEL_GENAI_PROVIDER_BY_HOST can say it",
    Unpriced.NO_PRICE: "the price list names it without a price for everybody",
    Unpriced.UNSUPPORTED_UNIT: "a part of what it used, or its service tier, has no price",
}


class MissLog:
    """Remembers what was warned about. Takes no lock: none can be held across a fork."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], object] = {}

    def note(self, provider: str, model: str, reason: Unpriced) -> None:
        """Warn that calls to this model have no cost, unless that was said before."""
        key = (provider[:_SHOWN_NAME], model[:_SHOWN_NAME])
        if key in self._seen or len(self._seen) >= _MOST_WARNINGS:
            return
        ours = object()
        if self._seen.setdefault(key, ours) is not ours:
            return  # another thread was faster
        log.warning(
            "No cost for calls to %r of %r: %s (%s). Prices of your own can be given by OTEL_GENAI_PRICES=file.%s",
            key[1],
            key[0],
            _WHY.get(reason, "no price is known"),
            reason.value,
            " Further models without a price are not logged." if len(self._seen) >= _MOST_WARNINGS else "",
        )
