"""A bounded cache that a flood of keys used once can't empty."""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """Two generations of at most ``generation`` entries each.

    When the young generation is full it becomes the old one, and the old one is dropped. A key that is read again
    moves back to the young generation, so what is in use stays however many keys come only once.

    Takes no lock, so there is none to be held across a fork: single dict operations are atomic, and threads that
    rotate at the same moment can lose entries, never mix them up.
    """

    __slots__ = ("_generation", "_old", "_young")

    def __init__(self, generation: int) -> None:
        self._generation = generation
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """Return the value, or ``None``."""
        value = self._young.get(key)
        if value is None:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: K, value: V) -> None:
        """Remember the value."""
        young = self._young
        if len(young) >= self._generation and key not in young:
            self._old = young
            self._young = young = {}
        young[key] = value

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
