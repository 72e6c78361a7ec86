"""``otel-genai prices check``: whether a price file can be used, and what it says."""

from __future__ import annotations

from argparse import Namespace

from ..pricing.charging.rates import Rates
from ..pricing.files.book import Alias, Discount, OwnRow, PriceBook, Scope
from .figures import counted, day_text, per_million, price, window_text
from .hints import hints
from .pricers import book_from, known_models, prices_of
from .tables import JSON, clean_line, say, say_json, show_table

_MOST_SHOWN = 50
_HEADERS = ("provider", "model", "tier", "region", "in force", "says")


def check(options: Namespace) -> int:
    """Run the command, and return its exit code."""
    book = book_from(options.file)
    prices_of(book, options.file)  # reads the base too
    notes = list(hints(book, known_models()))
    if options.format == JSON:
        say_json(_as_json(book, options.file, notes))
    else:
        _show(book, options.file, notes)
    return 0


def _show(book: PriceBook, file: str, notes: list[str]) -> None:
    say(clean_line(f"{file}: can be used"))
    say(clean_line(f"  name      {book.name}"))
    say(f"  currency  {book.currency}")
    if book.base is not None:
        say(clean_line(f"  base      {book.base}"))
    _show_rows(book)
    if notes:
        say()
    for note in notes:
        say(clean_line(f"note: {note}"))


def _show_rows(book: PriceBook) -> None:
    counts = {"other name": book.aliases, "price": book.rows, "discount": book.discounts}
    say(f"  holds     {', '.join(counted(len(items), what) for what, items in counts.items())}")
    rows = [row for rows in _rows(book).values() for row in rows]
    if not rows:
        return
    say()
    show_table(_HEADERS, rows[:_MOST_SHOWN], numbers=0)
    if len(rows) > _MOST_SHOWN:
        say(f"and {len(rows) - _MOST_SHOWN} more")


def _rows(book: PriceBook) -> dict[str, list[tuple[str, ...]]]:
    return {
        "models": [(*_scope(alias.scope), _alias(alias)) for alias in book.aliases],
        "prices": [(*_scope(row.scope), _price(row)) for row in book.rows],
        "discounts": [(*_scope(discount.scope), _discount(discount)) for discount in book.discounts],
    }


def _as_json(book: PriceBook, file: str, notes: list[str]) -> dict[str, object]:
    names = [header.replace(" ", "_") for header in _HEADERS]
    rows = {kind: [dict(zip(names, row, strict=True)) for row in rows] for kind, rows in _rows(book).items()}
    base = None if book.base is None else str(book.base)
    return {"file": file, "name": book.name, "currency": book.currency, "base": base, **rows, "notes": notes}


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
