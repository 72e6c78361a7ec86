"""A bounded cache that a flood of keys used once can't empty."""

from __future__ import annotations

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedCache(dict[K, V | None]):
    """A dict of at most ``generation`` entries, and as many of the generation before; read by ``cache[key]``.

    When it is full, its entries become the old generation, and the old one is dropped. A key that is read
    from there moves back, so what is in use stays, however many keys come only once. An unknown key reads
    as ``None``.

    Takes no lock, so none can be held across a fork. Threads that rotate at the same moment can lose entries,
    never mix them up: to the caller that is a miss.
    """

    __slots__ = ("_generation", "_old")

    def __init__(self, generation: int) -> None:
        super().__init__()
        self._generation = generation
        self._old: dict[K, V | None] = {}

    def __missing__(self, key: K) -> V | None:
        value = self._old.get(key)
        if value is not None:
            self.remember(key, value)
        return value

    @property
    def total(self) -> int:
        """How many entries are held, both generations together; one that moved back counts twice."""
        return len(self) + len(self._old)

    def remember(self, key: K, value: V) -> None:
        """Keep the value until it has gone unread for a generation."""
        if len(self) >= self._generation and key not in self:
            self._old = self.copy()
            self.clear()
        self[key] = value
