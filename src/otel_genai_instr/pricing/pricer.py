"""From usage to cost: a reported cost, else the prices of the response's model, else of the request's."""

from __future__ import annotations

import math
from typing import Final

from ..model import Usage
from ..semconv.values import COST_FROM_PROVIDER
from .cache import BoundedCache
from .cost import Cost, Unpriced
from .loading import LazySource, bundled_prices
from .rates import PriceList, charge
from .source import ALWAYS, PriceWindow

_PRICED_GENERATION: Final = 768
_UNPRICED_GENERATION: Final = 256
# The longest name in the price data has 61 characters. Names are user input: a longer one is unknown at once.
_MAX_NAME: Final = 256

_UNKNOWN: Final = PriceWindow(*ALWAYS, Unpriced.UNKNOWN_MODEL)

_Key = tuple[str, str, str | None]


class Pricer:
    """Prices calls. One instance serves all threads; nothing is loaded before it is needed."""

    def __init__(self, source: LazySource = bundled_prices) -> None:
        self._source = source
        # Apart, so that a flood of unknown names pushes out no prices.
        self._priced: BoundedCache[_Key, PriceWindow] = BoundedCache(_PRICED_GENERATION)
        self._unpriced: BoundedCache[_Key, PriceWindow] = BoundedCache(_UNPRICED_GENERATION)

    def warm_up(self) -> None:
        """Start loading price data in the background; cheap enough for the start of each operation."""
        self._source.start()

    @property
    def cached_prices(self) -> int:
        """How many resolved prices and misses are held; bounded, whatever names come."""
        return self._priced.total + self._unpriced.total

    def price(
        self,
        provider: str,
        request_model: str | None,
        response_model: str | None,
        usage: Usage | None,
        *,
        service_tier: str | None = None,
        at: float,
    ) -> Cost | Unpriced:
        """Price one call.

        Args:
            provider: Value of ``gen_ai.provider.name``.
            request_model: The model asked for; it decides when the response names none, or an unknown one.
            response_model: The model that answered.
            usage: What the response reported.
            service_tier: ``flex``, ``priority``, ``batch``, ...; without a price of that tier, the
                standard price holds.
            at: When the call was made, in unix seconds.
        """
        if usage is None:
            return Unpriced.NO_USAGE
        reported = usage.provider_cost
        if reported is not None and 0.0 <= reported < math.inf:
            return Cost(float(reported), "USD", COST_FROM_PROVIDER)
        model = response_model or request_model
        if not model:
            return Unpriced.NO_USAGE if usage.input_tokens is None else Unpriced.UNKNOWN_MODEL
        window = self._priced[provider, model, service_tier]
        if window is None or not window.start <= at < window.end:
            window = self._find(provider, model, service_tier, at)
            if window.prices is Unpriced.UNKNOWN_MODEL and request_model and request_model != model:
                window = self._find(provider, request_model, service_tier, at)
        prices = window.prices
        if isinstance(prices, PriceList):  # not `Unpriced`: the check against an enum takes three times as long
            try:
                return charge(prices, usage, window.model)
            except OverflowError:
                return Unpriced.NO_USAGE
        return Unpriced.NO_USAGE if usage.input_tokens is None else prices

    def _find(self, provider: str, model: str, service_tier: str | None, at: float) -> PriceWindow:
        key = (provider, model, service_tier)
        window = self._priced[key] or self._unpriced[key]
        if window is not None and window.start <= at < window.end:
            return window
        if len(model) > _MAX_NAME or len(provider) > _MAX_NAME or len(service_tier or "") > _MAX_NAME:
            return _UNKNOWN
        window = self._source.get().find(provider, model, service_tier, at)
        cache = self._priced if isinstance(window.prices, PriceList) else self._unpriced
        cache.remember(key, window)
        return window
