"""Prices and moments as people read and write them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal

from ..pricing.charging.rates import PriceList, Rates
from .problems import Misuse

_MILLION = 1_000_000
_YEARS = range(2000, 9000)
"""Of calls that can be asked about."""


def price(amount: float) -> str:
    """An amount without the noise of floats: ``0.075``, ``12.5``."""
    return f"{Decimal(f'{amount:.9g}'):f}"


def per_million(rates: Rates) -> dict[str, str]:
    """The prices per million tokens by name, without those that the list doesn't have."""
    return {name: price(amount * _MILLION) for name, amount in _known(rates)}


def _known(rates: Rates) -> Iterator[tuple[str, float]]:
    names = [item.name for item in fields(rates) if item.name not in ("request", "cache_write_1h")]
    names.insert(names.index("cache_write") + 1, "cache_write_1h")
    for name in names:
        amount: float | None = getattr(rates, name)
        if amount is not None:
            yield name, amount


def every_price(prices: PriceList) -> dict[str, str]:
    """Every price of a list by its name, to compare two lists."""
    found: dict[str, str] = {}
    levels = [("", prices.rates), *((f" above {start:,}", rates) for start, rates in prices.long_context)]
    for suffix, rates in levels:
        if rates is None:
            continue
        found.update({name + suffix: amount for name, amount in per_million(rates).items()})
        if rates.request is not None:
            found["request" + suffix] = price(rates.request)
    found.update({unit: price(item.amount) for unit, item in prices.units.items()})
    return found


def moment(text: str) -> float:
    """Read an ISO time (without a zone it is UTC) or a day as unix seconds.

    Raises:
        Misuse: if it is neither.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise Misuse(
            f"--at: {text!r} is no time; allowed: a day or a time, such as 2026-01-31 or 2026-01-31T16:30:00Z"
        ) from None
    if read.year not in _YEARS:
        raise Misuse(f"--at: {text!r} is not allowed; a year from {_YEARS[0]} to {_YEARS[-1]}")
    return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp()


def moment_text(seconds: float) -> str:
    """Show unix seconds as an ISO time in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def day_text(seconds: float) -> str:
    """Show the day in UTC that begins at these unix seconds."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def window_text(start: float, end: float, shown: Callable[[float], str] = moment_text) -> str:
    """Show how long a price holds."""
    if start == -math.inf and end == math.inf:
        return "at any time"
    since = "" if start == -math.inf else f"from {shown(start)}"
    until = "" if end == math.inf else f"until {shown(end)}"
    return f"{since} {until}".strip()


def counted(number: int, what: str) -> str:
    """Show a number of things: ``1 call``, ``2,000 calls``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
