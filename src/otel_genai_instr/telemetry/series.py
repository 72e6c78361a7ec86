"""Metric dimensions and exact token counters.

A ``Counter.add`` costs as much as half a span, and a call owes up to five. So the counters are numbers,
added to under a lock and read by observable counters when metrics are collected. Dimensions hold
strings from user input (model names), so their number is bounded: what does not fit shares one
overflow series per operation and provider, and totals stay exact.
"""

from __future__ import annotations

import os
import threading
import weakref
from bisect import bisect_left
from typing import Final

from opentelemetry.metrics import Observation
from opentelemetry.util.types import AttributeValue

from ..model import Endpoint, Request, Response, Usage
from ..semconv import attributes as names
from ..semconv import own, values
from .attributes import Attributes
from .scope import Dimensions
from .token_sums import Counter, TokenSums

MAX_SERIES: Final = 2000
"""Distinct combinations of dimensions before further ones share the overflow series."""

_Key = tuple[object, ...]


class Series:
    """One combination of dimensions: its attributes, built once, and its tokens."""

    __slots__ = ("_costs", "_derived", "attributes", "tokens")

    def __init__(self, attributes: Attributes) -> None:
        self.attributes: Final = attributes
        self._derived: Final[dict[tuple[tuple[str, AttributeValue], ...], Attributes]] = {}
        self._costs: Final[dict[tuple[str, str, bool], Attributes]] = {}
        self.tokens: Final = TokenSums()

    def plus(self, *extra: tuple[str, AttributeValue]) -> Attributes:
        """The attributes and further ones that take few values; built once for each."""
        attributes = self._derived.get(extra)
        if attributes is None:
            attributes = self._derived[extra] = {**self.attributes, **dict(extra)}
        return attributes

    def of_prompt(self, usage: Usage | None) -> Attributes:
        """The attributes and the length of the prompt, as far as the provider has told it."""
        if usage is None or usage.input_tokens is None or usage.estimated:
            return self.attributes
        length = values.PROMPT_LENGTHS[bisect_left(values.PROMPT_LENGTH_LIMITS, usage.input_tokens)]
        return self.plus((own.PROMPT_LENGTH, length))

    def of_cost(self, currency: str, source: str, estimated: bool) -> Attributes:
        """The attributes and those of a cost; built once for each."""
        key = (currency, source, estimated)
        attributes = self._costs.get(key)
        if attributes is None:
            attributes = {**self.attributes, names.USAGE_COST_CURRENCY: currency, names.USAGE_COST_SOURCE: source}
            if estimated:
                attributes[own.COST_ESTIMATED] = True
            self._costs[key] = attributes
        return attributes


_tables: weakref.WeakSet[SeriesTable] = weakref.WeakSet()


class SeriesTable:
    """All series of one meter provider."""

    def __init__(self, limit: int = MAX_SERIES) -> None:
        self._limit = limit
        self._lock = threading.RLock()  # a signal handler that interrupts its holder may come here, too
        self._series: dict[_Key, Series] = {}
        self._overflow: dict[_Key, Series] = {}
        _tables.add(self)

    def free_the_lock(self) -> None:
        """In a forked child nobody is left to release a lock that another thread held."""
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._series) + len(self._overflow)

    def find(self, request: Request, endpoint: Endpoint, response: Response, extra: Dimensions = ()) -> Series:
        """The series of an operation; a shared one when there are too many. ``extra`` are its surroundings'."""
        served = response.dimensions
        key: _Key = (
            request.operation,
            endpoint.dimensions,
            request.model,
            response.model,
            tuple(served.items()) if served else None,
            extra,
        )
        series = self._series.get(key)
        return series if series is not None else self._add(key, endpoint, served, extra)

    def _add(self, key: _Key, endpoint: Endpoint, served: object, extra: Dimensions) -> Series:
        operation, _, request_model, response_model, *_ = key
        provider, address, port = endpoint.dimensions
        with self._lock:
            if len(self._series) >= self._limit:
                overflow = (operation, provider)
                if overflow not in self._overflow:
                    self._overflow[overflow] = Series(
                        _said(
                            {
                                names.OPERATION_NAME: operation,
                                names.PROVIDER_NAME: provider,
                                names.METRIC_OVERFLOW: True,
                            }
                        )
                    )
                return self._overflow[overflow]
            attributes = _said(
                {
                    names.OPERATION_NAME: operation,
                    names.PROVIDER_NAME: provider,
                    names.REQUEST_MODEL: request_model,
                    names.RESPONSE_MODEL: response_model,
                    names.SERVER_ADDRESS: address,
                    names.SERVER_PORT: port,
                    **(served if isinstance(served, dict) else {}),
                    **dict(extra),
                }
            )
            return self._series.setdefault(key, Series(attributes))

    def add(self, series: Series, usage: Usage) -> None:
        """Add the tokens of one call."""
        with self._lock:  # ``+=`` without a lock loses counts between threads
            series.tokens.add(usage)

    def add_unpriced(self, series: Series, tokens: int, reason: str) -> None:
        """Add tokens that have no price."""
        with self._lock:
            series.tokens.add_unpriced(tokens, reason)

    def observe(self, counter: Counter) -> list[Observation]:
        """The totals of one counter."""
        with self._lock:
            every = [*self._series.values(), *self._overflow.values()]
            totals = [(series, counter.read(series.tokens)) for series in every]
        return [
            Observation(tokens, series.plus((counter.dimension, value)))
            for series, by_value in totals
            for value, tokens in by_value.items()
            if tokens
        ]


def _free_all_locks() -> None:
    for table in list(_tables):
        table.free_the_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_all_locks)


def _said(attributes: dict[str, object]) -> dict[str, AttributeValue]:
    return {name: value for name, value in attributes.items() if isinstance(value, (str, bool, int, float))}
