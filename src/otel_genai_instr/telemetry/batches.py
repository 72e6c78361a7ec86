"""Batches: submitted now, answered by the provider within a day or so, and billed when the app reads the results.

Results are read once: their operation has the tokens and the cost of all requests in them, each priced by itself at
the prices of batches, and a link to the operation that submitted the batch, if this process did.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import ClassVar, Final, TypeVar

from opentelemetry.trace import SpanContext

from .. import guard, pricing
from ..model import Batch, Details, Endpoint, Message, Request, Response, Said, Usage
from ..semconv import own
from ..semconv.usage import USAGE
from ..semconv.values import BATCH, PRICED_OPERATIONS, TIER_BATCH
from .late import Late
from .life import Ended
from .operation import Operation, tables
from .telemetry import Telemetry

MAX_REMEMBERED: Final = 4000
"""Batches, and files of batches, that a process remembers; the oldest go first."""
_LARGEST: Final = 2**63 - 1  # what OTLP can carry

_lock = threading.RLock()  # a signal handler that interrupts its holder may come here, too


def _free_the_lock() -> None:
    """In a forked child nobody is left to release a lock that another thread held."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_the_lock)

_Key = tuple[object, ...]
"""A provider, where it is reached, and an id: servers of one's own count from one."""
_V = TypeVar("_V")

_submissions: Final[dict[_Key, SpanContext]] = {}
_batches: Final[dict[_Key, str]] = {}
"""By the file of their results."""
_seen: Final[dict[_Key, bool]] = {}
"""Files whose results were read. A child of a fork knows what its parent has read."""


def forget() -> None:
    """Forget all batches; for tests."""
    with _lock:
        for remembered in (_submissions, _batches, _seen):
            remembered.clear()


def _remember(where: dict[_Key, _V], key: _Key, value: _V) -> bool:
    """Whether it wasn't known before."""
    with _lock:
        if key in where:
            return False
        while len(where) >= MAX_REMEMBERED:
            del where[next(iter(where))]
        where[key] = value
        return True


def _key(endpoint: Endpoint, identity: object) -> _Key:
    return (*endpoint.dimensions, identity)


def _remember_files(endpoint: Endpoint, batches: Iterable[Batch]) -> None:
    for batch in batches:
        for file in batch.files:
            _remember(_batches, _key(endpoint, file), batch.id)


class BatchSubmission(Operation):
    """A batch is submitted: nothing is billed yet."""

    def _note_batch(self, ended: Ended) -> None:
        for batch in ended.response.batches or ():
            _remember(_submissions, _key(self.endpoint, batch.id), self.span.get_span_context())

    _PARTS: ClassVar = tables({_note_batch: ("batch", ""), **Operation._ROWS})


class BatchNews(Late):
    """A call that asks how batches are: no operation, but its answer says where their results will be."""

    def look(self, response: Response, at: float) -> None:
        """Remember it."""
        _remember_files(self.endpoint, response.batches or ())


class BatchResults(Late):
    """A call that reads a file: an operation if that has the results of a batch, and this process hasn't read it."""

    def look(self, response: Response, at: float) -> None:
        """Bill them."""
        if response.answers is None:
            return
        endpoint, asked = self.endpoint, self.request.attributes
        file, batch = asked.get(own.BATCH_FILE_ID), asked.get(own.BATCH_ID)
        if not _remember(_seen, _key(endpoint, file or batch), True):
            return
        batch = batch or _batches.get(_key(endpoint, file))
        results = _Results(self._telemetry, endpoint, self._start_ns / 1e9)
        for operation, answer in response.answers:
            results.add(operation, answer)
        if results.requests == results.failed:
            return  # a file of errors, which are not billed
        known: dict[str, Said] = {**asked, own.BATCH_ID: batch} if batch is not None else {**asked}
        submission = _submissions.get(_key(endpoint, batch))
        cost = results.cost.outcome()
        billed = self.start_after_all(_Billed, Request(BATCH, attributes=known))
        billed.cost = cost
        guard.run("batch.span", _complete_span, billed, results, submission)
        self.end_after_all(billed, results, at)


def _complete_span(billed: Operation, results: _Results, submission: SpanContext | None) -> None:
    if results.model is not None:
        billed.span.update_name(f"{BATCH} {results.model}")
    if submission is not None:
        billed.span.add_link(submission)


class _Billed(Operation):
    """The results of a batch, which have come."""

    cost: pricing.Cost | pricing.Unpriced | None = None

    def _bill(self, ended: Ended) -> None:
        ended.cost = self.cost

    _PARTS: ClassVar = tables({_bill: ("pricing", ""), **Operation._ROWS})


class _Results:
    """What all the answers have in common, added up."""

    def __init__(self, telemetry: Telemetry, endpoint: Endpoint, read_at: float) -> None:
        self._pricer = telemetry.pricer if telemetry.settings.cost else None
        if self._pricer is not None:
            self._pricer.warm_up()
        self._endpoint = endpoint
        self._read_at = read_at
        self._usage: dict[str, int] = {}
        self._models: set[str] = set()
        self.requests = 0
        self.failed = 0
        self.cost = pricing.CostSum()

    def add(self, operation: str | None, answer: Response) -> None:
        """One more answer; ``operation`` is what was asked for, if that can be told."""
        self.requests += 1
        if answer.error_code is not None:
            self.failed += 1
            return
        usage = answer.usage
        if len(self._models) < 2 and answer.model is not None:
            self._models.add(answer.model)
        if usage is not None:
            counts = self._usage
            for name, count in usage.__dict__.items():
                if name in USAGE and count is not None:
                    counts[name] = counts.get(name, 0) + count
        if self._pricer is not None and (operation is None or operation in PRICED_OPERATIONS):
            endpoint = self._endpoint
            region = answer.region or endpoint.region
            self.cost.add(
                self._pricer.price(
                    endpoint.seller,
                    None,
                    answer.model,
                    usage,
                    service_tier=TIER_BATCH,
                    region=region,
                    at=self._read_at,
                )
            )

    @property
    def model(self) -> str | None:
        """The model that gave all the answers, if it was one."""
        return next(iter(self._models)) if len(self._models) == 1 else None

    def response(self) -> Response:
        """Model and tokens."""
        usage = Usage()
        for name, count in self._usage.items():
            if count <= _LARGEST:
                setattr(usage, name, count)
        return Response(model=self.model, usage=usage if self._usage else None)

    def details(self) -> Details:
        """How many requests there were."""
        return Details(
            attributes={own.BATCH_REQUEST_COUNT: self.requests, own.BATCH_FAILED_COUNT: self.failed},
        )

    def output(self) -> list[Message]:
        """Answers of a batch are not recorded."""
        return []
