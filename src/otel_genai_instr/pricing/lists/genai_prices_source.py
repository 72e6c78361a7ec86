"""Prices of the ``genai-prices`` package, resolved to floats.

Importing this module loads them, so only :mod:`~otel_genai_instr.pricing.loading` does.

Which entry matches a name and which of its prices is in force, the package decides itself. Not used are its
lookup, which remembers every name it was ever asked for, and its arithmetic, which takes 50 us a call.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Final, cast

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

from ...semconv import units
from .. import names
from ..charging.cost import Unpriced
from ..charging.rates import PriceList, Rates, UnitPrice
from ..errors import UserFileError
from ..regular_file import read_bytes
from ..source import ALWAYS, PriceKey, PriceWindow

_CURRENCY: Final = "USD"
_DAY: Final = 86_400
_MILLION: Final = 1_000_000
_THOUSAND: Final = 1_000
_HOUR: Final = 3_600
_UNITS: Final = {
    "web_searches_kcount": (units.WEB_SEARCH_CALL, _THOUSAND),
    "storage_searches_kcount": (units.FILE_SEARCH_CALL, _THOUSAND),
    "rerank_searches_kcount": (units.SEARCH_UNIT, _THOUSAND),
    "input_mchars": (units.INPUT_CHARACTER, _MILLION),
    # `audio_hours` alone is the length of a realtime session, which no call reports.
    "input_audio_hours": (units.INPUT_SECOND, _HOUR),
    "input_document_kpages": (units.PAGE, _THOUSAND),
    "input_annotated_document_kpages": (f"{units.PAGE}/annotated", _THOUSAND),
}
"""Price key to our unit, and how many of it the price is for."""
_LEAST_SECONDS: Final = {("groq", "whisper-large-v3"): 10.0, ("groq", "whisper-large-v3-turbo"): 10.0}
"""Seconds that a transcription is charged at least, as the package's own arithmetic has it."""

_Price = Decimal | TieredPrices | None
_Constraint = StartDateConstraint | TimeOfDateConstraint | None


_MOST_BYTES_OF_DATA: Final = 50_000_000


def read_price_data(path: Path) -> GenaiPricesSource:
    """Read price data of ``genai-prices`` from a file: its ``data.json``, newer than the one that is installed.

    Understood are the list of providers as the project publishes it, and an object of ``version``, the name that
    costs carry, and ``providers``, that list.

    Raises:
        UserFileError: if the file can't be read, or the installed ``genai-prices`` doesn't understand it.
    """
    content = read_bytes(path, _MOST_BYTES_OF_DATA)
    try:
        data: object = json.loads(content, parse_int=_whole, parse_float=_fraction, parse_constant=_fraction)
        version: object = None
        if isinstance(data, dict):
            named = cast("dict[str, object]", data)
            version, data = named.get("version"), named["providers"]
        providers = _providers_from(data)
    except Exception as error:  # whatever the package's own checks raise
        raise UserFileError(f"{path}: is no price data of genai-prices ({type(error).__name__})") from None
    if not providers:
        raise UserFileError(f"{path}: names no provider")
    if not isinstance(version, str) or not version.strip():
        version = f"genai-prices data {hashlib.sha256(content).hexdigest()[:12]}"
    return GenaiPricesSource(providers, version.strip()[:80])


def _whole(text: str) -> int:
    if text.startswith("-"):
        raise ValueError("a negative number")
    return int(text)


def _fraction(text: str) -> float:
    number = float(text)
    if not 0.0 <= number < math.inf:
        raise ValueError("a negative number, or none")
    return number


def _providers_from(data: object) -> list[Provider]:
    # The package has no public way from a file to providers; its own downloads go through this function.
    from genai_prices import types

    return types._providers_from_raw(data)  # pyright: ignore[reportPrivateUsage]


class GenaiPricesSource:
    """The prices that ship with the installed ``genai-prices``; nothing is ever downloaded."""

    def __init__(self, providers: Sequence[Provider] = _providers, version: str | None = None) -> None:
        self._all = list(providers)
        self._providers = {provider.id: provider for provider in self._all}
        self.version: Final = version or f"genai-prices {genai_prices.__version__}"

    def find(self, key: PriceKey, at: float) -> PriceWindow:
        """Find the prices in force at ``at`` (unix seconds). A tier without a price of its own has no price."""
        identifier = names.provider_id(key.provider)
        owner = self._providers.get(identifier)
        entry = self._entry(identifier, key.model)
        if owner is None or entry is None:
            return PriceWindow(*ALWAYS, Unpriced.UNKNOWN_MODEL)
        matched = None if entry.id == key.model else entry.id
        start, end = _window(entry, at)
        moment = _moment(start, end)
        tier = names.charged_tier(identifier, key.service_tier)
        context = None if tier is None else _context(entry, tier, moment)
        # Prices by tier are the owner's own: they don't hold for who offers its models.
        if tier is not None and (context is None or not any(entry is candidate for candidate in owner.models)):
            return PriceWindow(start, end, Unpriced.UNSUPPORTED_UNIT, matched)
        prices = entry.get_prices(moment, context)
        return PriceWindow(start, end, _price_list(prices, self.version, (identifier, entry.id)), matched)

    def context_window(self, provider: str, model: str) -> int | None:
        """Tokens that go into a call, in and out; ``None`` where the data doesn't say."""
        entry = self._entry(names.provider_id(provider), model)
        return None if entry is None else entry.context_window

    def _entry(self, identifier: str, model: str) -> ModelInfo | None:
        owner = self._providers.get(identifier)
        name = names.plain_model(identifier, model)
        return None if owner is None else owner.find_model(name, all_providers=self._all)


def _context(entry: ModelInfo, tier: str, moment: datetime) -> dict[str, str] | None:
    """Return what selects the entry's prices of a tier, or ``None``: the package would take the standard ones."""
    choices = ({"processing": "batch"},) if tier == "batch" else ({"service_tier": tier}, {"speed": tier})
    for variant in entry.price_variants or ():
        if variant.when in choices and (variant.constraint is None or variant.constraint.active(moment)):
            return dict(variant.when)
    return None


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


def _price_list(prices: ModelPrice, version: str, entry: tuple[str, str]) -> PriceList | Unpriced:
    known: dict[str, Decimal | TieredPrices] = {
        unit: price for unit, price in prices.__dict__.items() if price is not None
    }
    if not any(_is_charged(price) for price in known.values()):
        return Unpriced.NO_PRICE
    by_unit = {
        unit: UnitPrice(
            float(_at_length(known[key], 0) / per),
            version,
            _LEAST_SECONDS.get(entry, 0.0) if unit == units.INPUT_SECOND else 0.0,
        )
        for key, (unit, per) in _UNITS.items()
        if key in known
    }
    if prices.input_mtok is None:
        return PriceList(None, _CURRENCY, version, units=by_unit) if by_unit else Unpriced.UNSUPPORTED_UNIT
    starts = {tier.start for price in known.values() if isinstance(price, TieredPrices) for tier in price.tiers}
    above = tuple((start, _rates(prices, start + 1)) for start in sorted(starts, reverse=True))
    return PriceList(_rates(prices, 0), _CURRENCY, version, above, by_unit)


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
    write_1h = per_token(prices.cache_write_1h_mtok)
    return Rates(
        input=text,
        cache_read=text if read is None else read,
        cache_write=text if write is None else write,
        cache_write_1h=text if write is None and write_1h is None else write_1h,
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
