"""From plain data to a :class:`~otel_genai_instr.pricing.book.PriceBook`, or one error that names line and field."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeGuard, cast

from ..charging.rates import Rates, rates_of
from ..errors import PriceFileError
from .book import ANY, Alias, Discount, OwnRow, PriceBook, Scope
from .currencies import CURRENCIES
from .document import Document, Place

_MILLION: Final = 1_000_000
_MOST_ROWS: Final = 20_000
_LONGEST_NAME: Final = 256
_MOST_MONEY: Final = 1e12
"""Higher than any price; a cost stays finite, whatever is counted."""
_NAME: Final = f"a text of 1 to {_LONGEST_NAME} characters that can be printed"
_SHOWN: Final = 40
_TOKEN_PRICES: Final = tuple(item.name for item in fields(Rates) if item.name != "request")

_TOP: Final = ("name", "currency", "base", "models", "prices", "discounts")
_SCOPE: Final = ("provider", "model", "from", "until")
_ALIAS: Final = (*_SCOPE, "is", "is_provider")
_ROW: Final = (*_SCOPE, "service_tier", "region", "per_million_tokens", "above", "per_unit", "per_request")
_ABOVE: Final = ("input_tokens", "per_million_tokens")
_DISCOUNT: Final = (*_SCOPE, "service_tier", "region", "percent")


def checked_book(document: Document, name: str, folder: Path | None = None) -> PriceBook:
    """Return the book that the document describes.

    Args:
        document: The file's content, or a dictionary in code.
        name: How the book is called when it doesn't say so itself.
        folder: Where a relative path in it starts; by default the current directory.

    Raises:
        PriceFileError: for the first field that is wrong.
    """
    return _Checker(document).book(name, folder or Path())


class _Checker:
    def __init__(self, document: Document) -> None:
        self._document = document

    def book(self, name: str, folder: Path) -> PriceBook:
        top = self._mapping(self._document.data, (), _TOP)
        currency = self._text(top, "currency", ()) or "USD"
        if currency not in CURRENCIES:
            raise self._error(("currency",), f"{currency!r} is not a currency; allowed: a code such as USD or EUR")
        base = self._text(top, "base", ())
        return PriceBook(
            name=self._text(top, "name", ()) or name,
            currency=currency,
            base=None if base is None else self._path(base, folder),
            aliases=[self._alias(row, place) for row, place in self._rows(top, "models", _ALIAS)],
            rows=[self._row(row, place) for row, place in self._rows(top, "prices", _ROW)],
            discounts=[self._discount(row, place) for row, place in self._rows(top, "discounts", _DISCOUNT)],
        )

    def _path(self, base: str, folder: Path) -> Path:
        try:
            return folder / Path(base).expanduser()
        except RuntimeError:
            raise self._error(("base",), f"{_shown(base)} is not allowed; ~ is the home of nobody here") from None

    def _alias(self, row: Mapping[str, object], place: Place) -> Alias:
        model = self._text(row, "is", place)
        if model is None:
            raise self._error((*place, "is"), "is missing: the model that the name stands for")
        return Alias(self._scope(row, place, every_tier=True), model, self._text(row, "is_provider", place))

    def _row(self, row: Mapping[str, object], place: Place) -> OwnRow:
        tokens = self._amounts(row, "per_million_tokens", place, _TOKEN_PRICES)
        if tokens and "input" not in tokens:
            raise self._error((*place, "per_million_tokens", "input"), "is missing: prices of tokens need it")
        request = self._amount(row["per_request"], (*place, "per_request")) if "per_request" in row else None
        per_unit = self._amounts(row, "per_unit", place, None)
        if request is not None and not tokens:
            raise self._error((*place, "per_request"), "needs per_million_tokens beside it")
        if row.get("above") is not None and not tokens:
            raise self._error((*place, "above"), "needs per_million_tokens beside it")
        if not tokens and not per_unit:
            raise self._error(place, "has no price; allowed: per_million_tokens, per_unit")
        return OwnRow(
            self._scope(row, place),
            _rates(tokens, request),
            tuple(self._long_context(row, place, tokens, request)),
            per_unit,
        )

    def _long_context(
        self, row: Mapping[str, object], place: Place, tokens: Mapping[str, float], request: float | None
    ) -> list[tuple[int, Rates]]:
        levels: list[tuple[int, Rates]] = []
        for level, here in self._rows(row, "above", _ABOVE, place):
            start = level.get("input_tokens")
            if not isinstance(start, int) or isinstance(start, bool) or start < 0:
                raise self._error((*here, "input_tokens"), f"{_shown(start)} is not allowed; a whole number of tokens")
            rates = _rates({**tokens, **self._amounts(level, "per_million_tokens", here, _TOKEN_PRICES)}, request)
            if rates is None:
                raise self._error(here, "has no price; allowed: per_million_tokens")
            levels.append((start, rates))
        return sorted(levels, key=lambda level: level[0], reverse=True)

    def _discount(self, row: Mapping[str, object], place: Place) -> Discount:
        here = (*place, "percent")
        if "percent" not in row:
            raise self._error(here, "is missing: how much is taken off")
        percent = self._amount(row["percent"], here)
        if percent > 100:
            raise self._error(here, f"{_shown(row['percent'])} is not allowed; a number from 0 to 100")
        return Discount(self._scope(row, place, every_tier=True), percent)

    def _scope(self, row: Mapping[str, object], place: Place, *, every_tier: bool = False) -> Scope:
        model = self._text(row, "model", place)
        if model is None:
            raise self._error((*place, "model"), "is missing; a name or a pattern, * for every model")
        start, end = self._moment(row, "from", place), self._moment(row, "until", place)
        if start is not None and end is not None and start >= end:
            raise self._error((*place, "until"), "has to be later than from")
        tier, region = self._text(row, "service_tier", place), self._text(row, "region", place)
        return Scope(
            (self._text(row, "provider", place) or "*").lower(),
            model.lower(),
            -math.inf if start is None else start,
            math.inf if end is None else end,
            tier.lower() if tier is not None else ANY if every_tier else None,
            None if region is None else region.lower(),
        )

    def _rows(
        self, parent: Mapping[str, object], key: str, allowed: tuple[str, ...], place: Place = ()
    ) -> Iterator[tuple[Mapping[str, object], Place]]:
        rows = parent.get(key)
        if rows is None:
            return
        if not isinstance(rows, list | tuple):
            raise self._error((*place, key), f"{_shown(rows)} is not allowed; a list")
        items = cast("list[object] | tuple[object, ...]", rows)
        if len(items) > _MOST_ROWS:
            raise self._error((*place, key), f"has {len(items):,} rows; at most {_MOST_ROWS:,} are allowed")
        for number, item in enumerate(items):
            here = (*place, key, number)
            yield self._mapping(item, here, allowed), here

    def _mapping(self, value: object, place: Place, allowed: tuple[str, ...] | None) -> Mapping[str, object]:
        if not isinstance(value, Mapping):
            expected = "names with values" if allowed is None else ", ".join(allowed)
            raise self._error(place, f"{_shown(value)} is not allowed; a mapping of {expected}")
        items = cast("Mapping[object, object]", value)
        for key in items:
            known = _is_name(key) if allowed is None else key in allowed
            if not known:
                listed = _NAME if allowed is None else ", ".join(allowed)
                raise self._error((*place, _shown(key).strip("'")), f"is not known here; allowed: {listed}")
        return cast("Mapping[str, object]", items)

    def _text(self, row: Mapping[str, object], key: str, place: Place) -> str | None:
        value = row.get(key)
        if value is None:
            return None
        if not _is_name(value):
            hint = ", in quotes" if isinstance(value, bool | int | float) else ""
            raise self._error((*place, key), f"{_shown(value)} is not allowed; {_NAME}{hint}")
        return value.strip()

    def _amounts(
        self, row: Mapping[str, object], key: str, place: Place, allowed: tuple[str, ...] | None
    ) -> dict[str, float]:
        if row.get(key) is None:
            return {}
        here = (*place, key)
        amounts = self._mapping(row[key], here, allowed)
        return {name: self._amount(amount, (*here, name)) for name, amount in amounts.items()}

    def _amount(self, value: object, place: Place) -> float:
        allowed = "a number of zero or more"
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            hint = ", without quotes" if isinstance(value, str) else ""
            raise self._error(place, f"{_shown(value)} is not allowed; {allowed}{hint}")
        try:
            amount = float(value)
        except (OverflowError, ValueError):  # too large; a signalling NaN of decimals
            amount = math.inf
        if not 0.0 <= amount < math.inf:
            raise self._error(place, f"{_shown(value)} is not allowed; {allowed}")
        if amount > _MOST_MONEY:
            raise self._error(place, f"{_shown(value)} is not allowed; at most {_MOST_MONEY:,.0f}")
        return amount + 0.0  # zero has a sign, and would show it

    def _moment(self, row: Mapping[str, object], key: str, place: Place) -> float | None:
        """Return the beginning of a day, in unix seconds; days begin at midnight UTC."""
        value = row.get(key)
        if value is None:
            return None
        if isinstance(value, str):
            with suppress(ValueError):
                value = date.fromisoformat(value.strip())
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self._error((*place, key), f"{_shown(value)} is not allowed; a day such as 2026-01-31")
        return datetime.combine(value, time(), UTC).timestamp()

    def _error(self, place: Place, problem: str) -> PriceFileError:
        return self._document.error(place, problem)


def _rates(per_million: Mapping[str, float], request: float | None) -> Rates | None:
    per_token = {name: amount / _MILLION for name, amount in per_million.items()}
    return rates_of(per_token if request is None else {**per_token, "request": request})


def _is_name(value: object) -> TypeGuard[str]:
    """Whether the value can name something; what can't be printed couldn't be exported either."""
    return isinstance(value, str) and value.strip() != "" and len(value) <= _LONGEST_NAME and value.isprintable()


def _shown(value: object) -> str:
    """Return the value as its writer would recognize it, in at most some 40 characters."""
    if value is None:
        return "an empty value"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, str):
        shown = repr(value[:_SHOWN])
        return shown if len(value) <= _SHOWN else f"{shown}..."
    if isinstance(value, int) and value.bit_length() > 4 * _SHOWN:
        return "a huge number"  # Python refuses to write some of them out
    if isinstance(value, int | float | Decimal | date):
        return str(value)[:_SHOWN]
    return type(value).__name__
