"""What stored calls would have cost on another model, in another tier, or with more of their input from a cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple

from ibis.expr.types import Table

from ...model import Usage
from ...pricing import Cost, PriceKey, Pricer, PriceSource, Unpriced
from ...pricing.charging.rates import PriceList
from ...semconv.values import INFERENCE_OPERATIONS
from ..asked import Asked
from ..prices import cost_of
from ..report import Cells, Report, Section, share, sorted_rows
from ..tables import Tables, rows_of

COLUMNS: Final = ("calls", "currency", "recorded", "what_if", "extra", "extra_share", "not_priced", "not_recorded")
_ROWS_AT_ONCE: Final = 100_000
_NEEDED: Final = (
    *("provider", "model", "answered_model", "service_tier"),
    *("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"),
    *("cost", "currency", "cost_other", "unpriced_reason", "failed"),
)


@dataclass(frozen=True)
class Other:
    """What is to be different."""

    model: str | None
    provider: str | None
    """Who sells the model; ``None`` where no other model is asked about."""
    tier: str | None
    cached: float | None
    """The part of each call's input that comes from a cache."""
    at: float
    """As of when prices are: unix seconds."""


class NoPrice(ValueError):
    """Nobody is known to sell the model."""


def seller_of(source: PriceSource, model: str, tier: str | None, at: float, sellers: tuple[str, ...]) -> str:
    """Who sells a model: the first in the order.

    Raises:
        NoPrice: if nobody does.
    """
    for provider in sellers:
        if isinstance(source.find(PriceKey(provider, model, tier, None), at).prices, PriceList):
            return provider
    raise NoPrice(model)


@dataclass(slots=True)
class _Sums:
    """Of a group, in one currency."""

    calls: int = 0
    recorded: float = 0.0
    what_if: float = 0.0
    """Of all that can be priced."""
    compared_recorded: float = 0.0
    compared_what_if: float = 0.0
    """Of those calls alone that have both."""
    compared: int = 0
    not_priced: int = 0
    not_recorded: int = 0

    def add(self, other: _Sums) -> None:
        """Add another one."""
        for field in fields(_Sums):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


class _Call(NamedTuple):
    """A call, in the order of what is asked for."""

    provider: str | None
    model: str | None
    answered_model: str | None
    service_tier: str | None
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    cost: float | None
    currency: str | None
    cost_other: float | None
    unpriced_reason: str | None
    failed: bool

    @property
    def owes_nothing(self) -> bool:
        """Whether it failed before it used any token."""
        return self.failed and not self.cost and not self.input_tokens and not self.output_tokens


def what_if(tables: Tables, asked: Asked, pricer: Pricer, other: Other) -> Report:
    """Price every call of the time anew.

    With another model, calls of inference alone are looked at, unless the question says of which operation: a model
    that chats embeds nothing.
    """
    calls = asked.window.of(asked.filtered(tables.calls))
    left_out = 0
    if other.model is not None and all(condition.column != "operation" for condition in asked.where):
        is_inference = calls["operation"].isin(sorted(INFERENCE_OPERATIONS))
        left_out = rows_of(calls.aggregate(number=calls.count(where=~is_inference)))[0]["number"]
        calls = calls.filter(is_inference)
    groups: dict[tuple[Any, ...], dict[str | None, _Sums]] = {}
    reasons: dict[tuple[str, str | None, str | None], int] = {}
    for key, call in _calls(calls, asked):
        cost = None if call.owes_nothing else _other_cost(pricer, call, other)
        if isinstance(cost, str):
            reason = (cost, call.provider, call.model)
            reasons[reason] = reasons.get(reason, 0) + 1
            cost = None
        by_currency = groups.get(key)
        if by_currency is None:
            by_currency = groups[key] = {}
        _add(by_currency, call, cost)
    rows, total = _rows(groups, asked.by)
    return Report(
        "what-if",
        asked.window,
        asked.by,
        COLUMNS,
        sorted_rows(rows, asked.by, "recorded"),
        total,
        {"unpriced": _not_priced(reasons)} if reasons else {},
        list(_assumptions(other, left_out)),
    )


def _rows(groups: dict[tuple[Any, ...], dict[str | None, _Sums]], by: tuple[str, ...]) -> tuple[list[Cells], Cells]:
    """The rows, and the total: of each currency its own. What has no cost at all stands beside that of most calls."""
    calls: dict[str, int] = {}
    for by_currency in groups.values():
        for currency, sums in by_currency.items():
            if currency is not None:
                calls[currency] = calls.get(currency, 0) + sums.calls
    main = min(calls, key=lambda currency: (-calls[currency], currency), default="-")
    rows: list[Cells] = []
    totals: dict[str, _Sums] = {}
    for key, by_currency in groups.items():
        named: dict[str, _Sums] = {}
        for currency, sums in by_currency.items():
            named.setdefault(currency or main, _Sums()).add(sums)
        for currency, sums in named.items():
            rows.append({**dict(zip(by, key, strict=True)), **_cells(currency, sums)})
            totals.setdefault(currency, _Sums()).add(sums)
    cells = [_cells(currency, sums) for currency, sums in totals.items()]
    if len(cells) == 1:
        return rows, cells[0]
    return rows, {"costs": {each["currency"]: each["what_if"] for each in cells}}


def _calls(calls: Table, asked: Asked) -> Iterator[tuple[tuple[Any, ...], _Call]]:
    keys = {f"key_{name}": key for name, key in asked.keys(calls).items()}
    chosen = calls.select(**keys, **{name: calls[name] for name in _NEEDED})
    for batch in chosen.to_pyarrow_batches(chunk_size=_ROWS_AT_ONCE):
        columns = [column.to_pylist() for column in batch.columns]
        for cells in zip(*columns, strict=True):
            yield cells[: len(keys)], _Call(*cells[len(keys) :])


def _other_cost(pricer: Pricer, call: _Call, other: Other) -> tuple[float, str] | str:
    """What it would cost, in which currency; or why nobody knows."""
    if call.input_tokens is None:
        return Unpriced.NO_USAGE.value
    if other.model is None and call.unpriced_reason is not None:
        return call.unpriced_reason  # who is paid, or what for, isn't known; a tier doesn't change that
    cached = other.cached
    usage = Usage(
        input_tokens=call.input_tokens,
        output_tokens=call.output_tokens,
        cache_read_tokens=call.cache_read_tokens if cached is None else round(cached * call.input_tokens),
        cache_write_tokens=call.cache_write_tokens if cached is None else None,
    )
    is_same = other.model is None
    cost = cost_of(
        pricer,
        usage,
        provider=call.provider if is_same else other.provider,
        address=None,
        request_model=call.model if is_same else other.model,
        response_model=call.answered_model if is_same else None,
        # A tier is a provider's own word: what another one calls its tiers isn't known.
        service_tier=other.tier or (call.service_tier if is_same else None),
        region=None,
        at=other.at,
    )
    if not isinstance(cost, Cost):
        return cost.value
    beside = call.cost_other or 0.0
    if beside and call.currency != cost.currency:
        return Unpriced.UNSUPPORTED_UNIT.value
    return cost.amount + beside, cost.currency


def _add(sums: dict[str | None, _Sums], call: _Call, cost: tuple[float, str] | None) -> None:
    was_in = None if call.cost is None else call.currency or "USD"
    would_be_in = None if cost is None else cost[1]
    for currency in (was_in,) if was_in == would_be_in or would_be_in is None else (was_in, would_be_in):
        if currency is None and would_be_in is not None:
            continue
        row = sums.get(currency)
        if row is None:
            row = sums[currency] = _Sums()
        row.calls += 1
        if call.owes_nothing:
            continue
        was = call.cost if currency is not None and currency == was_in else None
        would = cost[0] if cost is not None and currency == would_be_in else None
        if was is None:
            row.not_recorded += 1
        else:
            row.recorded += was
        if would is None:
            row.not_priced += 1
        else:
            row.what_if += would
        if was is not None and would is not None:
            row.compared += 1
            row.compared_recorded += was
            row.compared_what_if += would


def _cells(currency: str, sums: _Sums) -> Cells:
    extra = sums.compared_what_if - sums.compared_recorded if sums.compared else None
    return {
        "calls": sums.calls,
        "currency": currency,
        "recorded": sums.recorded if sums.recorded or sums.compared else None,
        "what_if": sums.what_if if sums.what_if or sums.compared else None,
        "extra": extra,
        "extra_share": share(extra, sums.compared_recorded),
        "not_priced": sums.not_priced,
        "not_recorded": sums.not_recorded,
    }


def _not_priced(reasons: dict[tuple[str, str | None, str | None], int]) -> Section:
    return Section(
        "calls that have no price so",
        ("unpriced_reason", "provider", "model", "calls"),
        [
            {"unpriced_reason": reason, "provider": provider, "model": model, "calls": calls}
            for (reason, provider, model), calls in sorted(reasons.items(), key=lambda item: (-item[1], str(item[0])))
        ],
    )


def _assumptions(other: Other, left_out: int) -> Iterator[str]:
    if other.model is not None:
        yield (
            f"{other.model} of {other.provider}, with the same tokens: another tokenizer counts others, another model"
            " answers at another length, and reads from caches what it can; answers aren't compared"
        )
    if other.tier is not None:
        yield f"all calls in the tier {other.tier}: whether they can wait, or need not, isn't known"
    if other.cached is not None:
        yield f"{other.cached:.0%} of each call's input from a cache; what it costs to write that there isn't counted"
    yield "prices are those of one moment, for all calls; what was charged beside tokens stays as it was"
    if left_out:
        yield f"{left_out:,} calls that are no inference are left out"
