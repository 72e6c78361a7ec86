"""``otel-genai prices check``: whether a price file can be used, and what it says."""

from __future__ import annotations

from argparse import Namespace

from ..pricing.charging.rates import Rates
from ..pricing.files.book import Alias, Discount, OwnRow, PriceBook, Scope
from .figures import counted, day_text, per_million, price, window_text
from .hints import hints
from .pricers import book_from, known_models, prices_of
from .tables import clean_line, say, show_table

_MOST_SHOWN = 50


def check(options: Namespace) -> int:
    """Run the command, and return its exit code."""
    book = book_from(options.file)
    prices_of(book, options.file)  # reads the base too
    say(clean_line(f"{options.file}: can be used"))
    say(clean_line(f"  name      {book.name}"))
    say(f"  currency  {book.currency}")
    if book.base is not None:
        say(clean_line(f"  base      {book.base}"))
    _show(book)
    found = list(hints(book, known_models()))
    if found:
        say()
    for hint in found:
        say(clean_line(f"note: {hint}"))
    return 0


def _show(book: PriceBook) -> None:
    counts = {"other name": book.aliases, "price": book.rows, "discount": book.discounts}
    say(f"  holds     {', '.join(counted(len(items), what) for what, items in counts.items())}")
    rows = [
        *((*_scope(alias.scope), _alias(alias)) for alias in book.aliases),
        *((*_scope(row.scope), _price(row)) for row in book.rows),
        *((*_scope(discount.scope), _discount(discount)) for discount in book.discounts),
    ]
    if not rows:
        return
    say()
    show_table(("provider", "model", "tier", "region", "in force", "says"), rows[:_MOST_SHOWN], numbers=0)
    if len(rows) > _MOST_SHOWN:
        say(f"and {len(rows) - _MOST_SHOWN} more")


def _scope(scope: Scope) -> tuple[str, str, str, str, str]:
    window = window_text(scope.start, scope.end, day_text)
    return scope.provider, scope.model, scope.service_tier or "standard", scope.region or "*", window


def _alias(alias: Alias) -> str:
    return f"is {alias.model}" + (f" of {alias.provider}" if alias.provider else "")


def _price(row: OwnRow) -> str:
    words = [] if row.rates is None else [_tokens(row.rates)]
    words += [f"above {start:,}: {_tokens(rates)}" for start, rates in reversed(row.long_context)]
    words += [f"{unit} {price(amount)}" for unit, amount in row.per_unit.items()]
    if row.rates is not None and row.rates.request is not None:
        words.append(f"request {price(row.rates.request)}")
    return "; ".join(words)


def _tokens(rates: Rates) -> str:
    """Show the prices of tokens; cached ones that cost what input costs need no word."""
    said = per_million(rates)
    return ", ".join(
        f"{name} {amount}"
        for name, amount in said.items()
        if not (name in ("cache_read", "cache_write", "cache_write_1h") and amount == said["input"])
    )


def _discount(discount: Discount) -> str:
    return f"{discount.percent:g} % off"
