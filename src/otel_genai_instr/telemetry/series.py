"""Metric dimensions and exact token counters.

A ``Counter.add`` costs as much as half a span, and a call owes up to five. So the counters are cells,
added to under a lock and read by observable counters when metrics are collected. Dimensions hold
strings from user input (model names), so their number is bounded: what does not fit shares one
overflow series per operation and provider, and totals stay exact.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterable, Iterator
from typing import Final

from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.util.types import AttributeValue

from ..model import Endpoint, Request, Response
from ..semconv import attributes as names
from .scope import Dimensions

MAX_SERIES: Final = 2000
"""Distinct combinations of dimensions before further ones share the overflow series."""

_Key = tuple[object, ...]


class Cell:
    """One counter, and one value of its extra dimension. Compared by identity, which is fast."""

    __slots__ = ("dimension", "instrument")

    def __init__(self, instrument: str, dimension: str) -> None:
        self.instrument: Final = instrument
        self.dimension: Final = dimension


class Series:
    """One combination of dimensions: its attributes, built once, and its counter cells."""

    __slots__ = ("_derived", "attributes", "cells")

    def __init__(self, attributes: dict[str, AttributeValue]) -> None:
        self.attributes: Final = attributes
        self.cells: Final[dict[Cell, int]] = {}
        self._derived: Final[dict[tuple[tuple[str, AttributeValue], ...], dict[str, AttributeValue]]] = {}

    def plus(self, *extra: tuple[str, AttributeValue]) -> dict[str, AttributeValue]:
        """The attributes and further ones that take few values; built once for each."""
        attributes = self._derived.get(extra)
        if attributes is None:
            attributes = self._derived[extra] = {**self.attributes, **dict(extra)}
        return attributes


_tables: weakref.WeakSet[SeriesTable] = weakref.WeakSet()


class SeriesTable:
    """All series of one meter provider."""

    def __init__(self, limit: int = MAX_SERIES) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._series: dict[_Key, Series] = {}
        self._overflow: dict[_Key, Series] = {}
        _tables.add(self)

    def free_the_lock(self) -> None:
        """In a forked child nobody is left to release a lock that another thread held."""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._series) + len(self._overflow)

    def find(self, request: Request, endpoint: Endpoint, response: Response | None, extra: Dimensions = ()) -> Series:
        """The series of an operation; a shared one when there are too many. ``extra`` are its surroundings'."""
        model = specific = None
        if response is not None:
            model = response.model
            specific = response.specific
        key: _Key = (
            request.operation,
            endpoint.provider,
            request.model,
            model,
            endpoint.address,
            endpoint.port,
            tuple(specific.values()) if specific else None,
            extra,
        )
        series = self._series.get(key)
        return series if series is not None else self._add(key, specific, extra)

    def _add(self, key: _Key, specific: object, extra: Dimensions) -> Series:
        operation, provider, request_model, response_model, address, port, *_ = key
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
                    **(specific if isinstance(specific, dict) else {}),
                    **dict(extra),
                }
            )
            return self._series.setdefault(key, Series(attributes))

    def add(self, series: Series, counts: Iterable[tuple[Cell, int]]) -> None:
        """Add tokens to cells of ``series``."""
        with self._lock:  # ``cells[k] = cells.get(k, 0) + n`` without a lock loses counts between threads
            cells = series.cells
            for cell, tokens in counts:
                cells[cell] = cells.get(cell, 0) + tokens

    def observe(self, instrument: str, dimension_name: str) -> Iterator[Observation]:
        """The current totals of one instrument."""
        with self._lock:
            every = [*self._series.values(), *self._overflow.values()]
            totals = [
                (series, cell.dimension, total)
                for series in every
                for cell, total in series.cells.items()
                if cell.instrument == instrument
            ]
        for series, dimension, total in totals:
            yield Observation(total, series.plus((dimension_name, dimension)))


def _free_all_locks() -> None:
    for table in list(_tables):
        table.free_the_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_all_locks)


def observer(table: SeriesTable, instrument: str, dimension_name: str):
    """A callback for an observable counter over ``table``."""

    def observe(_options: CallbackOptions) -> Iterable[Observation]:
        return list(table.observe(instrument, dimension_name))

    return observe


def _said(attributes: dict[str, object]) -> dict[str, AttributeValue]:
    return {name: value for name, value in attributes.items() if isinstance(value, (str, bool, int, float))}
