"""``otel-genai prices check``: whether a price file can be used, and what it says."""

from __future__ import annotations

from argparse import Namespace

from ..pricing.book import Alias, Discount, OwnRow, PriceBook, Scope
from .figures import per_million, price, window_text
from .pricers import book_from, source_of
from .tables import clean_line, say, show_table

_MOST_SHOWN = 50


def check(options: Namespace) -> int:
    """Run the command, and return its exit code."""
    book = book_from(options.file)
    source_of(book)  # reads the base too
    say(clean_line(f"{options.file}: can be used"))
    say(clean_line(f"  name      {book.name}"))
    say(f"  currency  {book.currency}")
    if book.base is not None:
        say(clean_line(f"  base      {book.base}"))
    _show(book)
    return 0


def _show(book: PriceBook) -> None:
    counts = f"{len(book.aliases)} models by other names, {len(book.rows)} prices, {len(book.discounts)} discounts"
    say(f"  holds     {counts}")
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
    window = window_text(scope.start, scope.end)
    return scope.provider, scope.model, scope.service_tier or "standard", scope.region or "*", window


def _alias(alias: Alias) -> str:
    return f"is {alias.model}" + (f" of {alias.provider}" if alias.provider else "")


def _price(row: OwnRow) -> str:
    said = {} if row.rates is None else per_million(row.rates)
    words = [f"{name} {amount}" for name, amount in said.items()]
    words += [f"{unit} {price(amount)}" for unit, amount in row.per_unit.items()]
    words += [f"above {start:,}" for start, _ in row.long_context]
    return ", ".join(words)


def _discount(discount: Discount) -> str:
    return f"{discount.percent:g} % off"
