"""What stored calls cost then and would cost at other prices. Pure arithmetic; knows no file and no terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from ..model import Usage
from ..pricing import Cost, Pricer, Unpriced
from ..reports.prices import cost_of
from ..semconv import attributes as names
from ..semconv import own, values
from ..semconv.usage import USAGE
from .stored_spans import Attributes, StoredSpan

_MODEL: Final = (names.RESPONSE_MODEL, names.REQUEST_MODEL)
_PROVIDER: Final = (names.PROVIDER_NAME,)
_TIER: Final = (
    names.OPENAI_RESPONSE_SERVICE_TIER,
    own.RESPONSE_SERVICE_TIER,
    names.OPENAI_REQUEST_SERVICE_TIER,
)
_GROUPS: Final = {
    "day": None,
    "model": _MODEL,
    "provider": _PROVIDER,
    "tier": _TIER,
    "feature": (own.APP_FEATURE,),
    "tenant": (own.APP_TENANT,),
    "user": (names.USER_ID,),
    "prompt": (names.PROMPT_NAME,),
}
GROUPS: Final = tuple(_GROUPS)
"""What rows can be made by."""
_UNSAID: Final = "-"


@dataclass(slots=True)
class Row:
    """Calls that were grouped together, in one currency."""

    key: tuple[str, ...]
    currency: str
    calls: int = 0
    """With a cost in this currency, then or now."""
    recorded: Decimal = Decimal()
    recomputed: Decimal = Decimal()
    not_recorded: int = 0
    """Calls that have a cost now and had none then."""
    unpriced: int = 0
    """Calls that had a cost then and have none now."""
    gained: Decimal = Decimal()
    """What the calls cost now that had no cost then."""
    lost: Decimal = Decimal()
    """What the spans say that those cost that have none now."""
    compared: int = 0
    """Calls that had a cost in this currency then, and have one now."""
    difference: Decimal = Decimal()
    """How much dearer those would be. What has a cost on one side only is neither saved nor spent."""


@dataclass(slots=True)
class Missing:
    """Calls without a cost at the new prices, for one reason."""

    calls: int = 0
    tokens: int = 0
    models: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """Calls by provider and model."""


@dataclass(slots=True)
class Comparison:
    """The outcome for all spans."""

    rows: list[Row]
    totals: list[Row]
    """One for each currency; currencies are never added."""
    calls: int
    """All of them, those that never had a cost included."""
    repeated: int = 0
    """Calls that stood in the file before: exporters send again what may not have arrived."""
    without_time: int = 0
    """Calls that say no time, without which there is no price; they are in no row."""
    missing: dict[str, Missing] = field(default_factory=dict[str, Missing])
    """By the value of ``otel_genai.cost.unpriced_reason``."""
    versions: list[str] = field(default_factory=list[str])
    """Price lists that the new costs come from."""


def compare(spans: Iterable[StoredSpan], pricer: Pricer, groups: tuple[str, ...]) -> Comparison:
    """Price every call that has a price anew, as of its own time, and add up.

    Costs that a provider reported are worked out from the tokens too: the question is what the given prices say.
    """
    rows: dict[tuple[tuple[str, ...], str], Row] = {}
    outcome = Comparison([], [], 0)
    versions: set[str] = set()
    seen: set[str] = set()
    for span in spans:
        attributes = span.attributes
        if attributes.get(names.OPERATION_NAME) not in values.PRICED_OPERATIONS:
            continue
        if span.identity is not None:
            if span.identity in seen:
                outcome.repeated += 1
                continue
            seen.add(span.identity)
        if span.start is None:
            outcome.without_time += 1
            continue
        outcome.calls += 1
        key = tuple(_group(span, group) for group in groups)
        recorded = _recorded(attributes)
        cost = _recomputed(span.attributes, span.start, pricer)
        if isinstance(cost, Unpriced):
            missing = outcome.missing.setdefault(cost.value, Missing())
            missing.calls += 1
            model = (_text(attributes, _PROVIDER) or _UNSAID, _text(attributes, _MODEL) or _UNSAID)
            missing.models[model] = missing.models.get(model, 0) + 1
            missing.tokens += (_count(attributes, names.USAGE_INPUT_TOKENS) or 0) + (
                _count(attributes, names.USAGE_OUTPUT_TOKENS) or 0
            )
        elif cost.price_version is not None:
            versions.add(cost.price_version)
        _add(rows, key, recorded, cost)
    outcome.rows = [rows[key] for key in sorted(rows)]
    outcome.totals = _totals(outcome.rows)
    outcome.versions = sorted(versions)
    return outcome


def _add(
    rows: dict[tuple[tuple[str, ...], str], Row],
    key: tuple[str, ...],
    recorded: tuple[Decimal, str] | None,
    cost: Cost | Unpriced,
) -> None:
    now = None if isinstance(cost, Unpriced) else cost
    for currency in {item for item in (recorded and recorded[1], now and now.currency) if item}:
        row = rows.setdefault((key, currency), Row(key, currency))
        row.calls += 1
        if recorded is not None and recorded[1] == currency:
            row.recorded += recorded[0]
            if now is None:
                row.unpriced += 1
                row.lost += recorded[0]
        if now is not None and now.currency == currency:
            amount = Decimal(repr(now.amount))
            row.recomputed += amount
            if recorded is None:
                row.not_recorded += 1
                row.gained += amount
            elif recorded[1] == currency:
                row.compared += 1
                row.difference += amount - recorded[0]


def _totals(rows: Iterable[Row]) -> list[Row]:
    totals: dict[str, Row] = {}
    for row in rows:
        total = totals.setdefault(row.currency, Row((), row.currency))
        total.calls += row.calls
        total.recorded += row.recorded
        total.recomputed += row.recomputed
        total.not_recorded += row.not_recorded
        total.unpriced += row.unpriced
        total.gained += row.gained
        total.lost += row.lost
        total.compared += row.compared
        total.difference += row.difference
    return [totals[currency] for currency in sorted(totals)]


def _recorded(attributes: Attributes) -> tuple[Decimal, str] | None:
    amount = attributes.get(names.USAGE_COST_AMOUNT)
    currency = attributes.get(names.USAGE_COST_CURRENCY)
    if isinstance(amount, bool | str) or amount is None:
        return None
    return Decimal(repr(amount)), currency if isinstance(currency, str) else "USD"


def _recomputed(attributes: Attributes, start: float, pricer: Pricer) -> Cost | Unpriced:
    cost = cost_of(
        pricer,
        _usage(attributes),
        provider=_text(attributes, _PROVIDER),
        address=_text(attributes, (names.SERVER_ADDRESS,)),
        request_model=_text(attributes, (names.REQUEST_MODEL,)),
        response_model=_text(attributes, (names.RESPONSE_MODEL,)),
        service_tier=_text(attributes, _TIER),
        region=_text(attributes, (own.RESPONSE_REGION,)),
        at=start,
    )
    # What is charged beside the tokens, such as a web search, isn't on the span: its price alone was. Without it
    # the new cost would be too low.
    if isinstance(cost, Cost) and cost.other is None and own.COST_OTHER in attributes:
        return Unpriced.UNSUPPORTED_UNIT
    return cost


def _usage(attributes: Attributes) -> Usage | None:
    said: dict[str, Any] = {}
    for name, attribute in USAGE.items():
        count = _count(attributes, attribute)
        if count is not None:
            said[name] = count
    if attributes.get(own.COST_UNPRICED_REASON) == Unpriced.INCONSISTENT_USAGE:
        said["inconsistent"] = True
    return Usage(**said) if said else None


def _count(attributes: Mapping[str, object], name: str) -> int | None:
    value = attributes.get(name)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(attributes: Attributes, candidates: tuple[str, ...]) -> str | None:
    for name in candidates:
        value = attributes.get(name)
        if isinstance(value, str) and value:
            return value
    return None


def _group(span: StoredSpan, group: str) -> str:
    candidates = _GROUPS[group]
    if candidates is None:
        return _UNSAID if span.start is None else datetime.fromtimestamp(span.start, UTC).date().isoformat()
    return _text(span.attributes, candidates) or _UNSAID
