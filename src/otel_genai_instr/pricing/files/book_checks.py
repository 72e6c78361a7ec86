"""From plain data to a :class:`PriceBook`, or an error that names line and field of each mistake."""

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
        PriceFileError: with every field that is wrong.
    """
    return _Checker(document).book(name, folder or Path())


class _Checker:
    """Reads on after a mistake, with a value in its place that is of the right type: so all of them are found.

    What only follows from a mistake in the same row isn't one more.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._mistakes: list[str] = []
        self._misnamed: set[Place] = set()
        """Where a name isn't known: what is missing there may be what is meant."""

    def book(self, name: str, folder: Path) -> PriceBook:
        top = self._mapping(self._document.data, (), _TOP)
        currency = self._text(top, "currency", ()) or "USD"
        if currency not in CURRENCIES:
            self._wrong(("currency",), f"{currency!r} is not a currency; allowed: a code such as USD or EUR")
        base = self._text(top, "base", ())
        book = PriceBook(
            name=self._text(top, "name", ()) or name,
            currency=currency,
            base=None if base is None else self._path(base, folder),
            aliases=[self._alias(row, place) for row, place in self._rows(top, "models", _ALIAS)],
            rows=[self._row(row, place) for row, place in self._rows(top, "prices", _ROW)],
            discounts=[self._discount(row, place) for row, place in self._rows(top, "discounts", _DISCOUNT)],
        )
        if self._mistakes:
            raise PriceFileError(*self._mistakes)
        return book

    def _path(self, base: str, folder: Path) -> Path | None:
        try:
            return folder / Path(base).expanduser()
        except RuntimeError:
            self._wrong(("base",), f"{_shown(base)} is not allowed; ~ is the home of nobody here")
            return None

    def _alias(self, row: Mapping[str, object], place: Place) -> Alias:
        self._require(row, "is", place, ": the model that the name stands for")
        model = self._text(row, "is", place) or ANY
        return Alias(self._scope(row, place, every_tier=True), model, self._text(row, "is_provider", place))

    def _row(self, row: Mapping[str, object], place: Place) -> OwnRow:
        before = len(self._mistakes)
        tokens = self._amounts(row, "per_million_tokens", place, _TOKEN_PRICES)
        request = self._amount(row["per_request"], (*place, "per_request")) if "per_request" in row else None
        per_unit = self._amounts(row, "per_unit", place, None)
        if len(self._mistakes) == before:
            self._check_together(row, place, tokens, per_unit)
        return OwnRow(
            self._scope(row, place),
            _rates(tokens, request),
            tuple(self._long_context(row, place, tokens, request)),
            per_unit,
        )

    def _check_together(
        self, row: Mapping[str, object], place: Place, tokens: Mapping[str, float], per_unit: Mapping[str, float]
    ) -> None:
        if tokens and "input" not in tokens:
            self._wrong((*place, "per_million_tokens", "input"), "is missing: prices of tokens need it")
        if tokens:
            return
        alone = [key for key in ("per_request", "above") if row.get(key) is not None]
        for key in alone:
            self._wrong((*place, key), "needs per_million_tokens beside it")
        if not alone and not per_unit:
            self._wrong(place, "has no price; allowed: per_million_tokens, per_unit")

    def _long_context(
        self, row: Mapping[str, object], place: Place, tokens: Mapping[str, float], request: float | None
    ) -> list[tuple[int, Rates]]:
        levels: list[tuple[int, Rates]] = []
        for level, here in self._rows(row, "above", _ABOVE, place):
            start = level.get("input_tokens")
            if not isinstance(start, int) or isinstance(start, bool) or start < 0:
                self._wrong((*here, "input_tokens"), f"{_shown(start)} is not allowed; a whole number of tokens")
                start = 0
            rates = _rates({**tokens, **self._amounts(level, "per_million_tokens", here, _TOKEN_PRICES)}, request)
            if rates is not None:
                levels.append((start, rates))
        return sorted(levels, key=lambda level: level[0], reverse=True)

    def _discount(self, row: Mapping[str, object], place: Place) -> Discount:
        here = (*place, "percent")
        self._require(row, "percent", place, ": how much is taken off")
        percent = self._amount(row["percent"], here) if row.get("percent") is not None else 0.0
        if percent > 100:
            self._wrong(here, f"{_shown(row['percent'])} is not allowed; a number from 0 to 100")
        return Discount(self._scope(row, place, every_tier=True), percent)

    def _scope(self, row: Mapping[str, object], place: Place, *, every_tier: bool = False) -> Scope:
        self._require(row, "model", place, "; a name or a pattern, * for every model")
        start, end = self._moment(row, "from", place), self._moment(row, "until", place)
        if start is not None and end is not None and start >= end:
            self._wrong((*place, "until"), "has to be later than from")
        model = self._text(row, "model", place) or ANY
        tier, region = self._text(row, "service_tier", place), self._text(row, "region", place)
        return Scope(
            (self._text(row, "provider", place) or ANY).lower(),
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
            self._wrong((*place, key), f"{_shown(rows)} is not allowed; a list")
            return
        items = cast("list[object] | tuple[object, ...]", rows)
        if len(items) > _MOST_ROWS:
            self._wrong((*place, key), f"has {len(items):,} rows; at most {_MOST_ROWS:,} are allowed")
            return
        for number, item in enumerate(items):
            here = (*place, key, number)
            before = len(self._mistakes)
            row = self._mapping(item, here, allowed)
            if row or len(self._mistakes) == before:
                yield row, here

    def _mapping(self, value: object, place: Place, allowed: tuple[str, ...] | None) -> Mapping[str, object]:
        """Return what is known of the mapping; nothing where it is none."""
        if not isinstance(value, Mapping):
            expected = "names with values" if allowed is None else ", ".join(allowed)
            self._wrong(place, f"{_shown(value)} is not allowed; a mapping of {expected}")
            return {}
        known: dict[str, object] = {}
        for key, item in cast("Mapping[object, object]", value).items():
            if isinstance(key, str) and (_is_name(key) if allowed is None else key in allowed):
                known[key] = item
                continue
            listed = _NAME if allowed is None else ", ".join(allowed)
            self._misnamed.add(place)
            self._wrong((*place, _shown(key).strip("'")), f"is not known here; allowed: {listed}")
        return known

    def _text(self, row: Mapping[str, object], key: str, place: Place) -> str | None:
        value = row.get(key)
        if value is None:
            return None
        if not _is_name(value):
            hint = ", in quotes" if isinstance(value, bool | int | float) else ""
            self._wrong((*place, key), f"{_shown(value)} is not allowed; {_NAME}{hint}")
            return None
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
            self._wrong(place, f"{_shown(value)} is not allowed; {allowed}{hint}")
            return 0.0
        try:
            amount = float(value)
        except (OverflowError, ValueError):  # too large; a signalling NaN of decimals
            amount = math.inf
        if not 0.0 <= amount < math.inf:
            self._wrong(place, f"{_shown(value)} is not allowed; {allowed}")
            return 0.0
        if amount > _MOST_MONEY:
            self._wrong(place, f"{_shown(value)} is not allowed; at most {_MOST_MONEY:,.0f}")
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
            self._wrong((*place, key), f"{_shown(value)} is not allowed; a day such as 2026-01-31")
            return None
        return datetime.combine(value, time(), UTC).timestamp()

    def _require(self, row: Mapping[str, object], key: str, place: Place, what: str) -> None:
        if row.get(key) is None and place not in self._misnamed:
            self._wrong((*place, key), f"is missing{what}")

    def _wrong(self, place: Place, problem: str) -> None:
        self._mistakes.append(self._document.mistake(place, problem))


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
