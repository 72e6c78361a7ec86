"""Which attributes of the surrounding blocks become dimensions of the metrics, and how many values each may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..semconv import values
from .scope import Dimensions


class DimensionGuard:
    """Admits the allowed attributes; of each only so many values, because every one makes new series.

    Series are cumulative, so a value can't be renamed once it was exported: the first ones are told apart, all
    later ones are ``other``.
    """

    def __init__(self, allowed: tuple[str, ...], values_each: int) -> None:
        self._allowed: Final = allowed
        self._values_each: Final = values_each
        self._seen: Final[dict[str, set[str | bool | int | float]]] = {name: set() for name in allowed}

    def admit(self, attributes: Mapping[str, object]) -> Dimensions:
        """The dimensions that ``attributes`` become; lists become none."""
        return tuple(
            (name, self._bounded(name, value))
            for name in self._allowed
            if isinstance(value := attributes.get(name), str | bool | int | float)
        )

    def _bounded(self, name: str, value: str | bool | int | float) -> str | bool | int | float:
        # No lock: threads that come at the same moment admit one value more each at most.
        seen = self._seen[name]
        if value in seen:
            return value
        if len(seen) >= self._values_each:
            return values.OTHER
        seen.add(value)
        return value
