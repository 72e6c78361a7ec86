"""What was planned, a row for each call, and what it costs: worked out here by hand, without the package's arithmetic."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from genai_prices import data_snapshot

from .story import PlannedCall, PlannedRequest

_MILLION: Final = Decimal(1_000_000)


class Row(NamedTuple):
    """One call. Times in nanoseconds, empty where there is none."""

    trace_id: str
    span_id: str
    start_ns: int
    duration_ns: int
    first_chunk_ns: int | None
    feature: str
    user: str
    tenant: str
    session: str
    prompt: str
    prompt_version: str
    provider: str
    asked_model: str
    answered_model: str
    streamed: int
    outcome: str
    error_type: str | None
    finish_reason: str | None
    attempts: int
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost: Decimal | None
    """US dollars, exact; empty of failures and of the model that has no price."""
    tool: str | None
    documents: int
    best_document: float | None
    relevance: float | None
    groundedness: float | None
    feedback: str | None


def rows(request: PlannedRequest) -> Iterator[Row]:
    """The rows of a request, in the order of its calls."""
    number = 1 if request.feature.frame is None else 2
    for call in request.calls:
        number += call.lookup_ns > 0
        scores = dict(call.scores)
        yield Row(
            trace_id=f"{request.trace_id:032x}",
            span_id=f"{request.span_id(number):016x}",
            start_ns=call.start_ns,
            duration_ns=call.latency_ns,
            first_chunk_ns=call.first_chunk_ns,
            feature=request.feature.name,
            user=request.user,
            tenant=request.tenant,
            session=request.session,
            prompt=request.feature.prompt,
            prompt_version=call.prompt_version,
            provider=call.model.provider,
            asked_model=call.model.asked,
            answered_model="" if call.failed else call.answered_model,
            streamed=int(request.feature.streamed),
            outcome=call.outcome,
            error_type=call.error_type,
            finish_reason=call.finish,
            attempts=call.attempts,
            input_tokens=call.input_tokens,
            cache_read_tokens=call.cache_read_tokens,
            cache_write_tokens=call.cache_write_tokens,
            output_tokens=call.output_tokens,
            reasoning_tokens=call.reasoning_tokens,
            cost=cost_of(call),
            tool=call.tool,
            documents=len(call.documents),
            best_document=call.documents[0][1] if call.documents else None,
            relevance=scores.get("relevance"),
            groundedness=scores.get("groundedness"),
            feedback=call.feedback,
        )
        number += 1 + (call.tool is not None)


def cost_of(call: PlannedCall) -> Decimal | None:
    """Tokens times what a million of them costs."""
    if call.failed or call.model.base_url is not None:
        return None
    fresh, read, write, output = rates(call.model.provider, call.answered_model)
    uncached = call.input_tokens - call.cache_read_tokens - call.cache_write_tokens
    return (
        uncached * fresh + call.cache_read_tokens * read + call.cache_write_tokens * write + call.output_tokens * output
    ) / _MILLION


@cache
def rates(provider: str, model: str) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Dollars for a million tokens of input, read from a cache, written to one, and of output: those of genai-prices."""
    _, entry = data_snapshot.get_snapshot().find_provider_model(model, None, provider, None)
    prices: Any = entry.get_prices(datetime(2026, 11, 1, tzinfo=UTC))
    fresh = _rate(prices.input_mtok)
    return fresh, _rate(prices.cache_read_mtok, fresh), _rate(prices.cache_write_mtok, fresh), _rate(prices.output_mtok)


def _rate(price: object, otherwise: Decimal | None = None) -> Decimal:
    price = otherwise if price is None else price
    if not isinstance(price, Decimal):
        raise TypeError(f"{price!r} is no plain price for a million tokens: the story needs a model that has one")
    return price


class Ledger:
    """The file ``ledger.csv``. A context manager, which closes it."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / "ledger.csv").open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(Row._fields)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def write(self, request: PlannedRequest) -> None:
        """Add the calls of a request."""
        self._writer.writerows(rows(request))
