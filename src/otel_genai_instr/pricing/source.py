"""The seam to price data: who knows prices answers :class:`PriceSource`."""

from __future__ import annotations

import math
from typing import Final, NamedTuple, Protocol

from ..records import frozen
from .charging.cost import Unpriced
from .charging.rates import PriceList

ALWAYS: Final = (-math.inf, math.inf)


class PriceKey(NamedTuple):
    """What decides a price, besides the time. Names as the app or the provider wrote them."""

    provider: str
    """Value of ``gen_ai.provider.name``."""
    model: str
    service_tier: str | None = None
    region: str | None = None
    seller_is_known: bool = True
    """Whether the provider is who is paid: else it is only the one whose language an unknown host speaks."""


@frozen
class PriceWindow:
    """The answer for one key, and how long it holds."""

    start: float
    """Unix seconds, included."""
    end: float
    """Unix seconds, excluded."""
    prices: PriceList | Unpriced
    model: str | None = None
    """The entry that matched, when its name differs from the one asked for."""


class PriceSource(Protocol):
    """Price data of any origin."""

    def find(self, key: PriceKey, at: float) -> PriceWindow:
        """Find the prices in force at ``at`` (unix seconds).

        The window always contains ``at``. An unknown model is an answer, not an error.
        """
        ...


class NotLoaded:
    """The source of which nothing is known yet."""

    def find(self, key: PriceKey, at: float) -> PriceWindow:
        """Answer that nobody can tell now."""
        return PriceWindow(*ALWAYS, Unpriced.NOT_LOADED)


class NoPrices:
    """The source that knows nothing; stands in where price data can't be loaded."""

    def find(self, key: PriceKey, at: float) -> PriceWindow:
        """Answer that the model is unknown."""
        return PriceWindow(*ALWAYS, Unpriced.UNKNOWN_MODEL)
