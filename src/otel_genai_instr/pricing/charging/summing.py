"""The cost of calls that are billed together: a sum, or a reason why there is none."""

from __future__ import annotations

from typing import Final

from ...semconv.values import COST_FROM_LOCAL_PRICES
from .cost import Cost, Unpriced
from .rates import joined

_PARTS: Final = ("input", "cache_read", "cache_write", "output", "other")
"""The fields of ``Cost`` that add up to its amount, in its order."""


class CostSum:
    """Adds up the costs of single calls. One that has no cost leaves the whole without: never a part of the truth."""

    def __init__(self) -> None:
        self._amount = 0.0
        self._parts: list[float | None] = [None] * len(_PARTS)
        self._reason: Unpriced | None = None
        self._currency: str | None = None
        self._sources: dict[str, None] = {}
        self._versions: dict[str, None] = {}
        self._models: set[str | None] = set()
        self._estimated = False

    def add(self, cost: Cost | Unpriced) -> None:
        """One more call; after the first one without a cost nothing else counts."""
        if self._reason is not None:
            return
        if isinstance(cost, Unpriced):
            self._reason = cost
            return
        amount, currency, source, version, model, *parts, estimated = cost
        if self._currency is not None and currency != self._currency:
            self._reason = Unpriced.NO_PRICE  # none that could be told in one currency
            return
        self._currency = currency
        self._amount += amount
        for at, part in enumerate(parts):
            if part is not None:
                self._parts[at] = (self._parts[at] or 0.0) + part
        self._sources[source] = None
        if version is not None:
            self._versions[version] = None
        self._models.add(model)
        self._estimated = self._estimated or estimated

    def outcome(self) -> Cost | Unpriced | None:
        """Their cost, or the first reason why there is none; ``None`` if nothing was added."""
        if self._reason is not None or self._currency is None:
            return self._reason
        return Cost(
            self._amount,
            self._currency,
            COST_FROM_LOCAL_PRICES if COST_FROM_LOCAL_PRICES in self._sources else next(iter(self._sources)),
            joined(self._versions) if self._versions else None,
            next(iter(self._models)) if len(self._models) == 1 else None,
            estimated=self._estimated,
            **dict(zip(_PARTS, self._parts, strict=True)),
        )
