"""From plain data to a :class:`PriceBook`, or an error that names line and field of each mistake."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final

from ..charging.rates import Rates, rates_of
from ..errors import UserFileError
from .book import ANY, Alias, Discount, OwnRow, PriceBook, Scope
from .checker import Checker, shown
from .currencies import CURRENCIES
from .document import Document, Place

_MILLION: Final = 1_000_000
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
        UserFileError: with every field that is wrong.
    """
    return _BookChecker(document).book(name, folder or Path())


class _BookChecker(Checker):
    """Reads what only a price file says."""

    def book(self, name: str, folder: Path) -> PriceBook:
        top = self.mapping(self.document.data, (), _TOP)
        currency = self.text(top, "currency", ()) or "USD"
        if currency not in CURRENCIES:
            self.wrong(("currency",), f"{currency!r} is not a currency; allowed: a code such as USD or EUR")
        base = self.text(top, "base", ())
        book = PriceBook(
            name=self.text(top, "name", ()) or name,
            currency=currency,
            base=None if base is None else self._path(base, folder),
            aliases=[self._alias(row, place) for row, place in self.rows(top, "models", _ALIAS)],
            rows=[self._row(row, place) for row, place in self.rows(top, "prices", _ROW)],
            discounts=[self._discount(row, place) for row, place in self.rows(top, "discounts", _DISCOUNT)],
        )
        if self.mistakes:
            raise UserFileError(*self.mistakes)
        return book

    def _path(self, base: str, folder: Path) -> Path | None:
        try:
            return folder / Path(base).expanduser()
        except RuntimeError:
            self.wrong(("base",), f"{shown(base)} is not allowed; ~ is the home of nobody here")
            return None

    def _alias(self, row: Mapping[str, object], place: Place) -> Alias:
        self.require(row, "is", place, ": the model that the name stands for")
        model = self.text(row, "is", place) or ANY
        return Alias(self._scope(row, place, every_tier=True), model, self.text(row, "is_provider", place))

    def _row(self, row: Mapping[str, object], place: Place) -> OwnRow:
        before = len(self.mistakes)
        tokens = self.amounts(row, "per_million_tokens", place, _TOKEN_PRICES)
        request = self.amount(row["per_request"], (*place, "per_request")) if "per_request" in row else None
        per_unit = self.amounts(row, "per_unit", place, None)
        if len(self.mistakes) == before:
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
            self.wrong((*place, "per_million_tokens", "input"), "is missing: prices of tokens need it")
        if tokens:
            return
        alone = [key for key in ("per_request", "above") if row.get(key) is not None]
        for key in alone:
            self.wrong((*place, key), "needs per_million_tokens beside it")
        if not alone and not per_unit:
            self.wrong(place, "has no price; allowed: per_million_tokens, per_unit")

    def _long_context(
        self, row: Mapping[str, object], place: Place, tokens: Mapping[str, float], request: float | None
    ) -> list[tuple[int, Rates]]:
        levels: list[tuple[int, Rates]] = []
        for level, here in self.rows(row, "above", _ABOVE, place):
            start = level.get("input_tokens")
            if not isinstance(start, int) or isinstance(start, bool) or start < 0:
                self.wrong((*here, "input_tokens"), f"{shown(start)} is not allowed; a whole number of tokens")
                start = 0
            rates = _rates({**tokens, **self.amounts(level, "per_million_tokens", here, _TOKEN_PRICES)}, request)
            if rates is not None:
                levels.append((start, rates))
        return sorted(levels, key=lambda level: level[0], reverse=True)

    def _discount(self, row: Mapping[str, object], place: Place) -> Discount:
        here = (*place, "percent")
        self.require(row, "percent", place, ": how much is taken off")
        percent = self.amount(row["percent"], here) if row.get("percent") is not None else 0.0
        if percent > 100:
            self.wrong(here, f"{shown(row['percent'])} is not allowed; a number from 0 to 100")
        return Discount(self._scope(row, place, every_tier=True), percent)

    def _scope(self, row: Mapping[str, object], place: Place, *, every_tier: bool = False) -> Scope:
        self.require(row, "model", place, "; a name or a pattern, * for every model")
        start, end = self._moment(row, "from", place), self._moment(row, "until", place)
        if start is not None and end is not None and start >= end:
            self.wrong((*place, "until"), "has to be later than from")
        model = self.text(row, "model", place) or ANY
        tier, region = self.text(row, "service_tier", place), self.text(row, "region", place)
        return Scope(
            (self.text(row, "provider", place) or ANY).lower(),
            model.lower(),
            -math.inf if start is None else start,
            math.inf if end is None else end,
            tier.lower() if tier is not None else ANY if every_tier else None,
            None if region is None else region.lower(),
        )

    def _moment(self, row: Mapping[str, object], key: str, place: Place) -> float | None:
        """Return the beginning of a day, in unix seconds; days begin at midnight UTC."""
        value = row.get(key)
        if value is None:
            return None
        if isinstance(value, str):
            with suppress(ValueError):
                value = date.fromisoformat(value.strip())
        if not isinstance(value, date) or isinstance(value, datetime):
            self.wrong((*place, key), f"{shown(value)} is not allowed; a day such as 2026-01-31")
            return None
        return datetime.combine(value, time(), UTC).timestamp()


def _rates(per_million: Mapping[str, float], request: float | None) -> Rates | None:
    per_token = {name: amount / _MILLION for name, amount in per_million.items()}
    return rates_of(per_token if request is None else {**per_token, "request": request})
