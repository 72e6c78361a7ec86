"""Prices as numbers ready to multiply with. Knows no price list by name and no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, fields, replace

from ...records import frozen


@frozen
class Rates:
    """Prices per token. ``None``: the price list has no price of its own for this unit."""

    input: float
    cache_read: float
    """The input rate, where the price list has no price for it."""
    cache_write: float
    """Of tokens kept for five minutes. The input rate, where the price list has no price for it."""
    output: float | None = None
    cache_write_1h: float | None = None
    """Of tokens kept for an hour."""
    reasoning: float | None = None
    audio_input: float | None = None
    audio_cache_read: float | None = None
    audio_output: float | None = None
    image_input: float | None = None
    image_cache_read: float | None = None
    image_output: float | None = None
    request: float | None = None
    """Charge per request, whatever its tokens."""

    def times(self, factor: float) -> Rates:
        """Return these rates multiplied."""
        return Rates(
            **{item.name: value * factor for item in fields(self) if (value := getattr(self, item.name)) is not None}
        )

    def tokens_times(self, factor: float) -> Rates:
        """Return these rates multiplied, the charge per request apart."""
        return replace(self.times(factor), request=self.request)


def rates_of(by_name: Mapping[str, float]) -> Rates | None:
    """Return rates from prices per token by field name; cached tokens without a price cost what input costs."""
    if "input" not in by_name:
        return None
    plain = by_name["input"]
    cached = {"cache_read": plain, "cache_write": plain}
    if "cache_write" not in by_name:
        cached["cache_write_1h"] = plain
    return Rates(**{**cached, **by_name})


def joined(versions: Iterable[str]) -> str:
    """Return the names of price lists as one, each once."""
    return ", ".join(dict.fromkeys(", ".join(versions).split(", ")))


@frozen
class UnitPrice:
    """The price of one unit that isn't a token."""

    amount: float
    version: str
    """Name and version of the price list it comes from."""
    minimum: float = 0.0
    """A call is charged this many at least."""


def _no_units() -> dict[str, UnitPrice]:
    return {}


@frozen
class PriceList:
    """The prices of one model, in one window of time, for one service tier and region."""

    rates: Rates | None
    """``None``: nothing is known about its tokens."""
    currency: str
    version: str
    """Name and version of the price list that the rates come from."""
    long_context: tuple[tuple[int, Rates], ...] = ()
    """Rates for *all* tokens of a call with more input tokens than the given number; largest number first."""
    units: Mapping[str, UnitPrice] = field(default_factory=_no_units)
    """By the names of :mod:`~otel_genai_instr.semconv.units`."""

    def tokens_times(self, factor: float) -> PriceList:
        """Return the list with the price of every token multiplied, and nothing else: so tiers and regions work."""
        return replace(
            self,
            rates=None if self.rates is None else self.rates.tokens_times(factor),
            long_context=tuple((start, rates.tokens_times(factor)) for start, rates in self.long_context),
        )

    def times(self, factor: float, version: str) -> PriceList:
        """Return the list with every price multiplied. ``version`` names who says so."""
        return replace(
            self,
            rates=None if self.rates is None else self.rates.times(factor),
            version=f"{version}, {self.version}",
            long_context=tuple((start, rates.times(factor)) for start, rates in self.long_context),
            units={
                name: replace(price, amount=price.amount * factor, version=f"{version}, {price.version}")
                for name, price in self.units.items()
            },
        )
