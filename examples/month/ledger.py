"""What was planned, a row for each call, and what it costs: worked out by hand, without the package's arithmetic."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from genai_prices import data_snapshot

from .planned import PlannedCall, PlannedRequest

COLUMNS: Final[dict[str, Callable[[PlannedRequest, PlannedCall], object]]] = {
    "trace_id": lambda request, call: f"{request.trace_id:032x}",
    "span_id": lambda request, call: f"{request.span_id(call.number):016x}",
    "start_ns": lambda request, call: call.start_ns,
    "duration_ns": lambda request, call: call.latency_ns,
    "first_chunk_ns": lambda request, call: call.first_chunk_ns,
    "feature": lambda request, call: request.feature.name,
    "user": lambda request, call: request.user,
    "tenant": lambda request, call: request.tenant,
    "session": lambda request, call: request.session,
    "prompt": lambda request, call: request.feature.prompt,
    "prompt_version": lambda request, call: call.prompt_version,
    "provider": lambda request, call: call.model.provider,
    "asked_model": lambda request, call: call.model.asked,
    "answered_model": lambda request, call: None if call.failed else call.answered_model,
    "outcome": lambda request, call: call.outcome,
    "error_type": lambda request, call: call.error_type,
    "finish_reason": lambda request, call: call.finish,
    "attempts": lambda request, call: call.attempts,
    "input_tokens": lambda request, call: call.input_tokens,
    "cache_read_tokens": lambda request, call: call.cache_read_tokens,
    "cache_write_tokens": lambda request, call: call.cache_write_tokens,
    "output_tokens": lambda request, call: call.output_tokens,
    "reasoning_tokens": lambda request, call: call.reasoning_tokens,
    "cost": lambda request, call: cost_of(call),
    "tool": lambda request, call: call.tool,
    "best_document": lambda request, call: call.documents[0][1] if call.documents else None,
    "relevance": lambda request, call: dict(call.scores).get("relevance"),
    "groundedness": lambda request, call: dict(call.scores).get("groundedness"),
    "feedback": lambda request, call: call.feedback,
}
"""Empty is what a call doesn't have. Costs are US dollars, exact; failures and the model without a price have none."""

_MILLION: Final = Decimal(1_000_000)


class Ledger:
    """The file ``ledger.csv``. A context manager, which closes it."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / "ledger.csv").open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(COLUMNS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def write(self, request: PlannedRequest) -> None:
        """Add the calls of a request."""
        columns = COLUMNS.values()
        self._writer.writerows([column(request, call) for column in columns] for call in request.calls)


def cost_of(call: PlannedCall) -> Decimal | None:
    """Tokens times what a million of them costs."""
    if call.failed or call.model.base_url is not None:
        return None
    fresh, read, write, output = rates(call.model.provider, call.answered_model)
    uncached = call.input_tokens - call.cache_read_tokens - call.cache_write_tokens
    cached = call.cache_read_tokens * read + call.cache_write_tokens * write
    return (uncached * fresh + cached + call.output_tokens * output) / _MILLION


@cache
def rates(provider: str, model: str) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """What genai-prices lists for a million tokens: of input, read from a cache, written to one, and of output."""
    _, entry = data_snapshot.get_snapshot().find_provider_model(model, None, provider, None)
    prices: Any = entry.get_prices(datetime(2026, 11, 1, tzinfo=UTC))
    fresh = _rate(prices.input_mtok)
    return fresh, _rate(prices.cache_read_mtok, fresh), _rate(prices.cache_write_mtok, fresh), _rate(prices.output_mtok)


def _rate(price: object, otherwise: Decimal | None = None) -> Decimal:
    price = otherwise if price is None else price
    if not isinstance(price, Decimal):
        raise TypeError(f"{price!r} is no plain price for a million tokens: the story needs a model that has one")
    return price
