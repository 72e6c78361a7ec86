"""Checks of plain data, whatever file it comes from: every mistake is found, and named by its line and field."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Final, TypeGuard, cast

from .document import Document, Place

_MOST_ROWS: Final = 20_000
_LONGEST_NAME: Final = 256
_MOST: Final = 1e12
"""Higher than any price; a cost stays finite, whatever is counted."""
_NAME: Final = f"a text of 1 to {_LONGEST_NAME} characters that can be printed"
_SHOWN: Final = 40


class Checker:
    """Reads on after a mistake, with a value in its place that is of the right type: so all of them are found.

    What only follows from a mistake in the same row isn't one more.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.mistakes: list[str] = []
        self._misnamed: set[Place] = set()
        """Where a name isn't known: what is missing there may be what is meant."""

    def rows(
        self, parent: Mapping[str, object], key: str, allowed: tuple[str, ...], place: Place = ()
    ) -> Iterator[tuple[Mapping[str, object], Place]]:
        """Return the rows of a list under a key, each with its place; nothing where there is no such list."""
        rows = parent.get(key)
        if rows is None:
            return
        if not isinstance(rows, list | tuple):
            self.wrong((*place, key), f"{shown(rows)} is not allowed; a list")
            return
        items = cast("list[object] | tuple[object, ...]", rows)
        if len(items) > _MOST_ROWS:
            self.wrong((*place, key), f"has {len(items):,} rows; at most {_MOST_ROWS:,} are allowed")
            return
        for number, item in enumerate(items):
            here = (*place, key, number)
            before = len(self.mistakes)
            row = self.mapping(item, here, allowed)
            if row or len(self.mistakes) == before:
                yield row, here

    def mapping(self, value: object, place: Place, allowed: tuple[str, ...] | None) -> Mapping[str, object]:
        """Return what is known of the mapping; nothing where it is none."""
        if not isinstance(value, Mapping):
            expected = "names with values" if allowed is None else ", ".join(allowed)
            self.wrong(place, f"{shown(value)} is not allowed; a mapping of {expected}")
            return {}
        known: dict[str, object] = {}
        for key, item in cast("Mapping[object, object]", value).items():
            if isinstance(key, str) and (_is_name(key) if allowed is None else key in allowed):
                known[key] = item
                continue
            listed = _NAME if allowed is None else ", ".join(allowed)
            self._misnamed.add(place)
            self.wrong((*place, shown(key).strip("'")), f"is not known here; allowed: {listed}")
        return known

    def text(self, row: Mapping[str, object], key: str, place: Place) -> str | None:
        """Return the text under a key; nothing where there is none."""
        value = row.get(key)
        if value is None:
            return None
        if not _is_name(value):
            hint = ", in quotes" if isinstance(value, bool | int | float) else ""
            self.wrong((*place, key), f"{shown(value)} is not allowed; {_NAME}{hint}")
            return None
        return value.strip()

    def amounts(
        self, row: Mapping[str, object], key: str, place: Place, allowed: tuple[str, ...] | None
    ) -> dict[str, float]:
        """Return the amounts under a key by their names, which have to be those that are allowed, if any are."""
        if row.get(key) is None:
            return {}
        here = (*place, key)
        amounts = self.mapping(row[key], here, allowed)
        return {name: self.amount(amount, (*here, name)) for name, amount in amounts.items()}

    def amount(self, value: object, place: Place) -> float:
        """Return an amount of zero or more."""
        allowed = "a number of zero or more"
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            hint = ", without quotes" if isinstance(value, str) else ""
            self.wrong(place, f"{shown(value)} is not allowed; {allowed}{hint}")
            return 0.0
        try:
            amount = float(value)
        except (OverflowError, ValueError):  # too large; a signalling NaN of decimals
            amount = math.inf
        if not 0.0 <= amount < math.inf:
            self.wrong(place, f"{shown(value)} is not allowed; {allowed}")
            return 0.0
        if amount > _MOST:
            self.wrong(place, f"{shown(value)} is not allowed; at most {_MOST:,.0f}")
        return amount + 0.0  # zero has a sign, and would show it

    def require(self, row: Mapping[str, object], key: str, place: Place, what: str) -> None:
        """Note that a key is missing, if it is."""
        if row.get(key) is None and place not in self._misnamed:
            self.wrong((*place, key), f"is missing{what}")

    def wrong(self, place: Place, problem: str) -> None:
        """Note a mistake."""
        self.mistakes.append(self.document.mistake(place, problem))


def _is_name(value: object) -> TypeGuard[str]:
    """Whether the value can name something; what can't be printed couldn't be exported either."""
    return isinstance(value, str) and value.strip() != "" and len(value) <= _LONGEST_NAME and value.isprintable()


def shown(value: object) -> str:
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
        text = repr(value[:_SHOWN])
        return text if len(value) <= _SHOWN else f"{text}..."
    if isinstance(value, int) and value.bit_length() > 4 * _SHOWN:
        return "a huge number"  # Python refuses to write some of them out
    if isinstance(value, int | float | Decimal | date):
        return str(value)[:_SHOWN]
    return type(value).__name__
