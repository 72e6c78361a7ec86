"""The SQLite side: pages with their embeddings, and orders.

Statements go through a cursor, because that is what the SQLite instrumentation sees.
"""

from __future__ import annotations

import math
import sqlite3
from array import array
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .handbook import ORDERS


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the handbook."""

    title: str
    text: str


class Store:
    """A database file; each piece of work opens its own connection, so any thread may call."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def fill(self, pages: Sequence[Page], embeddings: Sequence[Sequence[float]]) -> None:
        """Store these pages and the orders, in place of older ones with the same title or number."""
        rows = [
            (page.title, page.text, array("f", embedding).tobytes())
            for page, embedding in zip(pages, embeddings, strict=True)
        ]
        with self._cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS pages (title TEXT PRIMARY KEY, text TEXT, embedding BLOB)")
            cursor.executemany("INSERT OR REPLACE INTO pages VALUES (?, ?, ?)", rows)
            cursor.execute("CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, status, carrier, expected)")
            cursor.executemany("INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?)", ORDERS)

    def closest(self, embedding: Sequence[float], count: int = 3) -> list[Page]:
        """The pages that lie closest to a question, best first."""
        with self._cursor() as cursor:
            rows = cursor.execute("SELECT title, text, embedding FROM pages").fetchall()
        rows.sort(key=lambda row: _cosine(embedding, array("f", row[2])), reverse=True)
        return [Page(title, text) for title, text, _ in rows[:count]]

    def order(self, order_id: str) -> dict[str, str] | None:
        """One order as the tool shows it to the model, or None if there is none of this number."""
        statement = "SELECT id, status, carrier, expected FROM orders WHERE id = ?"
        with self._cursor() as cursor:
            row = cursor.execute(statement, (order_id.upper(),)).fetchone()
        return None if row is None else dict(zip(("order", "status", "carrier", "expected"), row, strict=True))

    @contextmanager
    def _cursor(self) -> Generator[sqlite3.Cursor]:
        with closing(sqlite3.connect(self._path)) as connection:
            with closing(connection.cursor()) as cursor:
                yield cursor
            connection.commit()


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    product = sum(a * b for a, b in zip(one, other, strict=True))
    return product / (math.hypot(*one) * math.hypot(*other) or 1.0)
