"""From usage to cost: a reported cost, else the prices of the response's model, else of the request's."""

from __future__ import annotations

import math
from typing import Final

from ..model import UNKNOWN_SELLER, Usage
from ..semconv.values import COST_FROM_PROVIDER
from .cache import BoundedCache
from .charging.charge import charge
from .charging.cost import Cost, Unpriced
from .charging.rates import PriceList
from .loading import LazySource, bundled_prices
from .misses import MissLog
from .source import ALWAYS, PriceKey, PriceWindow

_PRICED_GENERATION: Final = 768
_UNPRICED_GENERATION: Final = 256
# The longest name in the price data has 61 characters. Names are user input: a longer one is unknown at once.
_MAX_NAME: Final = 256

_BEDROCK: Final = "aws.bedrock"

_UNKNOWN: Final = PriceWindow(*ALWAYS, Unpriced.UNKNOWN_MODEL)

_Key = tuple[str, str, str | None, str | None]  # of a :class:`PriceKey`, which takes longer to make
_Cache = BoundedCache[_Key, PriceWindow]


class Pricer:
    """Prices calls. One instance serves all threads; nothing is loaded before it is needed."""

    def __init__(self, source: LazySource = bundled_prices, misses: MissLog | None = None) -> None:
        self._source = source
        self._misses = misses or MissLog()
        self.warm_up: Final = source.start
        """Starts loading price data in the background; cheap enough for the start of each operation."""
        self.forget()
        source.when_replaced(self.forget)

    def forget(self) -> None:
        """Drop every resolved price, because the prices they come from were replaced."""
        # Apart, so that a flood of unknown names pushes out no prices.
        self._priced: _Cache = BoundedCache(_PRICED_GENERATION)
        self._unpriced: _Cache = BoundedCache(_UNPRICED_GENERATION)

    @property
    def is_loaded(self) -> bool:
        """Whether a price is found without waiting for the list."""
        return self._source.is_loaded

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
        region: str | None = None,
        at: float,
    ) -> Cost | Unpriced:
        """Price one call.

        Args:
            provider: Value of ``gen_ai.provider.name``; of an unknown seller, that of ``Endpoint.seller``.
            request_model: The model asked for; it decides when the response names none, or an unknown one.
            response_model: The model that answered.
            usage: What the response reported.
            service_tier: ``flex``, ``priority``, ``batch``, ...; a tier of which no price is known has none.
            region: Where the provider computes, in its own words; without a price of its own it costs what is
                listed.
            at: When the call was made, in unix seconds.
        """
        if usage is None:
            return Unpriced.NO_USAGE
        reported = usage.provider_cost
        if reported is not None and 0.0 <= reported < math.inf:
            return Cost(float(reported), "USD", COST_FROM_PROVIDER)
        model = response_model or request_model
        if provider == _BEDROCK and response_model and request_model and response_model in request_model:
            model = request_model  # with the region of its inference profile, which changes the price
        if not model:
            return Unpriced.UNKNOWN_MODEL if _says_anything(usage) else Unpriced.NO_USAGE
        window = self._priced[provider, model, service_tier, region]
        if window is None or not window.start <= at < window.end:
            window = self._find((provider, model, service_tier, region), at)
            if window.prices is Unpriced.UNKNOWN_MODEL and request_model and request_model != model:
                window = self._find((provider, request_model, service_tier, region), at)
        prices = window.prices
        if isinstance(prices, PriceList):  # not `Unpriced`: the check against an enum takes three times as long
            try:
                outcome = charge(prices, usage, window.model)
            except OverflowError:
                return Unpriced.NO_USAGE
            if isinstance(outcome, Cost):
                return outcome
        else:
            outcome = prices if _says_anything(usage) else Unpriced.NO_USAGE
        if outcome is not Unpriced.NO_USAGE and outcome is not Unpriced.NOT_LOADED:
            self._misses.note(provider.removesuffix(UNKNOWN_SELLER), model, outcome)
        return outcome

    def _find(self, key: _Key, at: float) -> PriceWindow:
        # Taken before the source is asked: what an old source answered must not get into the cache of a new one.
        priced, unpriced = self._priced, self._unpriced
        window = priced[key] or unpriced[key]
        if window is not None and window.start <= at < window.end:
            return window
        if any(part is not None and len(part) > _MAX_NAME for part in key):
            return _UNKNOWN
        provider, model, tier, region = key
        name = provider.removesuffix(UNKNOWN_SELLER)
        window = self._source.get().find(PriceKey(name, model, tier, region, name == provider), at)
        if window.prices is Unpriced.NOT_LOADED:
            return window  # the next call asks again
        cache = priced if isinstance(window.prices, PriceList) else unpriced
        cache.remember(key, window)
        return window


def _says_anything(usage: Usage) -> bool:
    return usage.input_tokens is not None or bool(usage.units)
