"""Prices and moments as people read and write them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime

from ..pricing.rates import PriceList, Rates
from .problems import Problem

_MILLION = 1_000_000


def price(amount: float) -> str:
    """An amount without the noise of floats: ``0.075``, ``12.5``."""
    return f"{amount:.9f}".rstrip("0").rstrip(".")


def per_million(rates: Rates) -> dict[str, str]:
    """The prices per million tokens by name, without those that the list doesn't have."""
    return {name: price(amount * _MILLION) for name, amount in _known(rates)}


def _known(rates: Rates) -> Iterator[tuple[str, float]]:
    for item in fields(rates):
        amount: float | None = getattr(rates, item.name)
        if amount is not None and item.name != "request":
            yield item.name, amount


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
        Problem: if it is neither.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(f"--at: {text!r} is no time; such as 2026-01-31 or 2026-01-31T16:30:00Z") from None
    return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp()


def moment_text(seconds: float) -> str:
    """Show unix seconds as an ISO time in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def window_text(start: float, end: float) -> str:
    """Show how long a price holds."""
    if start == -math.inf and end == math.inf:
        return "at any time"
    since = "" if start == -math.inf else f"from {moment_text(start)}"
    until = "" if end == math.inf else f"until {moment_text(end)}"
    return f"{since} {until}".strip()
