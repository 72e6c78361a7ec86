"""Prices of the ``genai-prices`` package, resolved to floats.

Importing this module loads them, so only :mod:`~otel_genai_instr.pricing.loading` does.

Which entry matches a name and which of its prices is in force, the package decides itself. Not used are its
lookup, which remembers every name it was ever asked for, and its arithmetic, which takes 50 us a call.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Final

import genai_prices
from genai_prices.data import providers as _providers
from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from .cost import Unpriced
from .rates import PriceList, Rates
from .source import ALWAYS, PriceWindow

PROVIDER_IDS: Final = {
    "anthropic": "anthropic",
    "aws.bedrock": "aws",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "groq": "groq",
    "mistral_ai": "mistral",
    "moonshot_ai": "moonshotai",
    "openai": "openai",
    "perplexity": "perplexity",
    "x_ai": "x-ai",
    # Names that the conventions had before, and names in use for hosts that they don't list.
    "az.ai.inference": "azure",
    "az.ai.openai": "azure",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "together_ai": "together",
    "vertex_ai": "google",
    "xai": "x-ai",
}
"""``gen_ai.provider.name`` to provider id. A name that is not here is looked up as an id, exactly."""

_CURRENCY: Final = "USD"
_DAY: Final = 86_400
_MILLION: Final = 1_000_000
_THOUSAND: Final = 1_000

_Price = Decimal | TieredPrices | None
_Constraint = StartDateConstraint | TimeOfDateConstraint | None


class GenaiPricesSource:
    """The prices that ship with the installed ``genai-prices``; nothing is ever downloaded."""

    def __init__(self) -> None:
        self._providers: dict[str, Provider] = {provider.id: provider for provider in _providers}
        self.version: Final = f"genai-prices {genai_prices.__version__}"

    def find(self, provider: str, model: str, service_tier: str | None, at: float) -> PriceWindow:
        """Find the prices in force at ``at`` (unix seconds)."""
        owner = self._providers.get(PROVIDER_IDS.get(provider, provider))
        entry = None if owner is None else owner.find_model(model, all_providers=_providers)
        if owner is None or entry is None:
            return PriceWindow(*ALWAYS, Unpriced.UNKNOWN_MODEL)
        matched = None if entry.id == model else entry.id
        # Prices by tier are the owner's own; a model that it offers from another's list has the standard
        # price.
        in_own_list = any(entry is candidate for candidate in owner.models)
        context = _context(service_tier) if in_own_list else None

        start, end = _window(entry, at)
        prices = entry.get_prices(_moment(start, end), context)
        return PriceWindow(start, end, _price_list(prices, self.version), matched)


def _context(service_tier: str | None) -> dict[str, str] | None:
    if service_tier is None:
        return None
    if service_tier == "batch":
        return {"processing": "batch"}
    return {"service_tier": service_tier}


def _window(entry: ModelInfo, at: float) -> tuple[float, float]:
    """Return the longest time around ``at`` in which no price of the entry changes, in unix seconds."""
    priced: list[ConditionalPrice | PriceVariant] = list(entry.price_variants or ())
    if not isinstance(entry.prices, ModelPrice):
        priced.extend(entry.prices)
    start, end = ALWAYS
    midnight = at - at % _DAY
    for item in priced:
        for boundary in _boundaries(item.constraint, midnight, at):
            if boundary <= at:
                start = max(start, boundary)
            else:
                end = min(end, boundary)
    return start, end


def _boundaries(constraint: _Constraint, midnight: float, at: float) -> list[float]:
    """Return moments at which the constraint begins or ceases to hold; the ones next to ``at`` are there."""
    if constraint is None:
        return []
    if isinstance(constraint, StartDateConstraint):
        return [datetime.combine(constraint.start_date, time(), UTC).timestamp()]
    if isinstance(constraint, TimeOfDateConstraint):  # pyright: ignore[reportUnnecessaryIsInstance]
        moments = (constraint.start_time, constraint.end_time)
        return [midnight + day + _seconds(moment) for moment in moments for day in (-_DAY, 0, _DAY)]
    # A kind of constraint that a later release has: ask again each second.
    return [math.floor(at), math.floor(at) + 1]


def _seconds(moment: time) -> float:
    """Return a time of day as seconds after midnight UTC; a time without zone is UTC."""
    zone = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return datetime.combine(datetime(1970, 1, 2), zone).timestamp() % _DAY


def _moment(start: float, end: float) -> datetime:
    """Return a moment inside the window; prices are the same at all of them."""
    if start > -math.inf:
        return datetime.fromtimestamp(start, UTC)
    if end < math.inf:
        return datetime.fromtimestamp(end - 1, UTC)
    return datetime.fromtimestamp(0, UTC)


def _price_list(prices: ModelPrice, version: str) -> PriceList | Unpriced:
    known: dict[str, Decimal | TieredPrices] = {
        unit: price for unit, price in prices.__dict__.items() if price is not None
    }
    if not any(_is_charged(price) for price in known.values()):
        return Unpriced.NO_PRICE
    if prices.input_mtok is None:
        return Unpriced.UNSUPPORTED_UNIT
    starts = {tier.start for price in known.values() if isinstance(price, TieredPrices) for tier in price.tiers}
    above = tuple((start, _rates(prices, start + 1)) for start in sorted(starts, reverse=True))
    return PriceList(_rates(prices, 0), _CURRENCY, version, above)


def _is_charged(price: Decimal | TieredPrices) -> bool:
    if isinstance(price, TieredPrices):
        return price.base > 0 or any(tier.price > 0 for tier in price.tiers)
    return price > 0


def _rates(prices: ModelPrice, input_tokens: int) -> Rates:
    """Return the rates of a call with that many input tokens."""

    def per_token(price: _Price) -> float | None:
        return None if price is None else float(_at_length(price, input_tokens) / _MILLION)

    text = per_token(prices.input_mtok) or 0.0
    read = per_token(prices.cache_read_mtok)
    write = per_token(prices.cache_write_mtok)
    return Rates(
        input=text,
        cache_read=text if read is None else read,
        cache_write=text if write is None else write,
        output=per_token(prices.output_mtok),
        reasoning=per_token(prices.output_reasoning_mtok),
        audio_input=per_token(prices.input_audio_mtok),
        audio_cache_read=per_token(prices.cache_audio_read_mtok),
        audio_output=per_token(prices.output_audio_mtok),
        image_input=per_token(prices.input_image_mtok),
        image_cache_read=per_token(prices.cache_image_read_mtok),
        image_output=per_token(prices.output_image_mtok),
        request=None
        if prices.requests_kcount is None
        else float(_at_length(prices.requests_kcount, input_tokens) / _THOUSAND),
    )


def _at_length(price: Decimal | TieredPrices, input_tokens: int) -> Decimal:
    if isinstance(price, Decimal):
        return price
    for tier in reversed(price.tiers):
        if input_tokens > tier.start:
            return tier.price
    return price.base
