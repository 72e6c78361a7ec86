"""Numbers as people read them: milliseconds, shares, tokens, money."""

from __future__ import annotations

import math

_SIGNS = {"USD": "$"}
_SMALLEST_SHOWN = 1e-9


def milliseconds(nanoseconds: int) -> str:
    """Whole milliseconds; below ten with decimals, where a whole number would say too little."""
    value = nanoseconds / 1e6
    if value >= 9.95 or nanoseconds == 0:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 0.095 else f"{value:.2f}"


def share(part: int, whole: int) -> str:
    """``part`` of ``whole`` in percent; empty when the whole is nothing."""
    return f"{min(100 * part / whole, 100.0):.0f}%" if whole > 0 else ""


def short_count(count: int | None) -> str:
    """Exact below 100 000, then in thousands or millions; empty for "not said"."""
    if count is None:
        return ""
    if count < 100_000:
        return str(count)
    return f"{count / 1e3:.0f}k" if count < 1_000_000 else f"{count / 1e6:.1f}M"


def money(amount: float, currency: str) -> str:
    """An amount with three significant digits below one unit, else two decimals.

    Dollars get their sign, other currencies their code: ``$0.000123``, ``1.50 EUR``.
    """
    sign = _SIGNS.get(currency)
    minus = "-" if amount < 0 else ""
    digits = _digits(abs(amount))
    less, digits = ("<", digits[1:]) if digits.startswith("<") else ("", digits)
    return f"{minus}{less}{sign}{digits}" if sign else f"{minus}{less}{digits} {currency}"


def _digits(amount: float) -> str:
    if amount == 0:
        return "0"
    if amount < _SMALLEST_SHOWN:
        return f"<{_SMALLEST_SHOWN:.9f}"
    decimals = 2 if amount >= 1 else 2 - math.floor(math.log10(amount))
    whole, _, fraction = f"{amount:,.{decimals}f}".partition(".")
    return f"{whole}.{fraction.rstrip('0'):0<2}"
