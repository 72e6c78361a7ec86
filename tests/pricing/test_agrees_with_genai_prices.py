"""Our float arithmetic against the package's own decimal arithmetic, over every model of every provider we map."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, time
from decimal import Decimal

import genai_prices
import pytest
from genai_prices.data import providers
from genai_prices.types import (
    ClauseAnd,
    ClauseEquals,
    ClauseOr,
    ClauseStartsWith,
    MatchLogic,
    ModelInfo,
    ModelPrice,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost, Pricer, Unpriced
from otel_genai_instr.pricing.lists.genai_prices_source import GenaiPricesSource
from otel_genai_instr.pricing.loading import LazySource
from otel_genai_instr.pricing.names import PROVIDER_IDS

TODAY = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
# One convention name for each provider id.
PROVIDERS = sorted({identifier: name for name, identifier in reversed(PROVIDER_IDS.items())}.values())
STANDARD = (None, "default")
TIERS = (*STANDARD, "flex", "priority", "fast", "batch", "no-such-tier")
MODELS = {provider.id: provider.models for provider in providers}
# The tokens of text-only calls: short, cached, beyond every long-context limit, without output, empty.
TEXT_USAGES = (
    Usage(input_tokens=1_000, output_tokens=200),
    Usage(input_tokens=10_000, output_tokens=777, cache_read_tokens=9_000, reasoning_tokens=500),
    Usage(input_tokens=150_000, output_tokens=4_000, cache_read_tokens=100_000, cache_write_tokens=20_001),
    Usage(input_tokens=1_300_001, output_tokens=90_000, cache_read_tokens=1_000_000, cache_write_tokens=300_000),
    Usage(input_tokens=123),
    Usage(input_tokens=0, output_tokens=0),
)


def listed_prices() -> Pricer:
    """Return a pricer without our own table."""
    return Pricer(LazySource(GenaiPricesSource))


def context_of(provider: str, tier: str | None) -> dict[str, str] | None:
    if tier is None:
        return None
    if tier == "batch":
        return {"processing": "batch"}
    return {"speed" if provider == "anthropic" else "service_tier": tier}


def has_tier(provider: str, entry: ModelInfo, tier: str | None, at: float) -> bool:
    """Whether the package has prices of that tier at that time; otherwise it takes the standard ones, silently."""
    if tier in STANDARD or (provider, tier) == ("groq", "flex"):
        return True
    moment = datetime.fromtimestamp(at, UTC)
    return any(
        variant.when == context_of(provider, tier) and (variant.constraint is None or variant.constraint.active(moment))
        for variant in entry.price_variants or ()
    )


def theirs(
    provider: str, model: str, usage: Usage, tier: str | None, at: float, overlap: dict[str, int] | None = None
) -> Decimal:
    """Price with ``genai_prices.calc_price`` itself."""
    context = context_of(provider, tier)
    tokens = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_reasoning_tokens=usage.reasoning_tokens,
        input_audio_tokens=usage.audio_input_tokens,
        output_audio_tokens=usage.audio_output_tokens,
        input_image_tokens=usage.image_input_tokens,
        output_image_tokens=usage.image_output_tokens,
        **(overlap or {}),
    )
    return genai_prices.calc_price(
        tokens,
        model,
        provider_id=PROVIDER_IDS[provider],
        genai_request_timestamp=datetime.fromtimestamp(at, UTC),
        price_context=context,
    ).total_price


def moments(entry: ModelInfo) -> Iterator[float]:
    """Today, and one second to either side of each moment at which a price of the entry changes."""
    yield TODAY
    conditions = [] if isinstance(entry.prices, ModelPrice) else list(entry.prices)
    for condition in (*conditions, *(entry.price_variants or ())):
        constraint = condition.constraint
        if isinstance(constraint, StartDateConstraint):
            start = datetime.combine(constraint.start_date, time(), UTC).timestamp()
            yield from (start - 1, start, start + 1)
        elif isinstance(constraint, TimeOfDateConstraint):
            for moment in (constraint.start_time, constraint.end_time):
                edge = datetime.combine(datetime(2026, 3, 5), moment).timestamp()
                yield from (edge - 1, edge, edge + 1, edge + 86_400)


def literals(clause: MatchLogic) -> Iterator[str]:
    if isinstance(clause, ClauseEquals):
        yield clause.equals
    elif isinstance(clause, ClauseStartsWith):
        yield clause.starts_with
    elif isinstance(clause, ClauseOr):
        for part in clause.or_:
            yield from literals(part)
    elif isinstance(clause, ClauseAnd):
        for part in clause.and_:
            yield from literals(part)


def name_of(entry: ModelInfo) -> str:
    """Return a name that matches the entry; its own id doesn't always."""
    candidates = (entry.id, *literals(entry.match))
    return next((name for name in candidates if entry.is_match(name)), entry.id)


def usages_at_limits(entry: ModelInfo) -> Iterator[Usage]:
    """One token below, at and above each long-context limit of the entry."""
    for prices in prices_of(entry):
        if isinstance(prices.input_mtok, TieredPrices):
            for tier in prices.input_mtok.tiers:
                for total in (tier.start - 1, tier.start, tier.start + 1):
                    yield Usage(input_tokens=total, output_tokens=10, cache_read_tokens=total // 2)


def prices_of(entry: ModelInfo) -> list[ModelPrice]:
    if isinstance(entry.prices, ModelPrice):
        return [entry.prices]
    return [condition.prices for condition in entry.prices]


def test_every_provider_id_exists() -> None:
    assert set(PROVIDER_IDS.values()) <= MODELS.keys()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_text_costs_are_equal(provider: str) -> None:
    pricer = listed_prices()
    priced = 0
    for entry in MODELS[PROVIDER_IDS[provider]]:
        name = name_of(entry)
        for at in sorted(set(moments(entry))):
            for tier in TIERS if entry.price_variants else (None, "flex"):
                for usage in (*TEXT_USAGES, *usages_at_limits(entry)):
                    cost = pricer.price(provider, None, name, usage, service_tier=tier, at=at)
                    case = (provider, name, tier, at, usage)
                    if not has_tier(provider, entry, tier, at):
                        assert cost in (Unpriced.UNSUPPORTED_UNIT, Unpriced.UNKNOWN_MODEL), case
                    elif isinstance(cost, Cost):
                        priced += 1
                        expected = theirs(provider, name, usage, tier, at)
                        assert cost.amount == pytest.approx(float(expected), rel=1e-12, abs=1e-9), case
                        parts = (cost.input, cost.cache_read, cost.cache_write, cost.output, cost.other)
                        assert sum(part or 0.0 for part in parts) == pytest.approx(cost.amount, rel=1e-12), case
                    else:
                        assert_rightly_unpriced(provider, entry, usage, cost)
    assert priced >= 30


def assert_rightly_unpriced(provider: str, entry: ModelInfo, usage: Usage, reason: Unpriced) -> None:
    """Each reason, checked against the data itself."""
    if reason is Unpriced.UNKNOWN_MODEL:
        with pytest.raises(LookupError):
            theirs(provider, name_of(entry), usage, None, TODAY)
    elif reason is Unpriced.NO_PRICE:
        assert any(not [p for p in prices.__dict__.values() if p is not None] for prices in prices_of(entry))
    else:
        assert reason is Unpriced.UNSUPPORTED_UNIT, (entry.id, reason)
        without_input = any(prices.input_mtok is None for prices in prices_of(entry))
        without_output = any(prices.output_mtok is None for prices in prices_of(entry))
        assert without_input or (usage.output_tokens and without_output), entry.id


def test_fallback_to_another_providers_models() -> None:
    """Azure and Google offer models of others, whose tiers are not theirs."""
    pricer = listed_prices()
    for provider, models in (("azure.ai.openai", MODELS["openai"]), ("gcp.vertex_ai", MODELS["anthropic"])):
        priced = 0
        own_list = MODELS[PROVIDER_IDS[provider]]
        for entry in models:
            is_own = any(own.is_match(entry.id) for own in own_list)
            for tier in TIERS:
                for usage in TEXT_USAGES:
                    cost = pricer.price(provider, None, entry.id, usage, service_tier=tier, at=TODAY)
                    if tier not in STANDARD:
                        assert is_own or cost in (Unpriced.UNSUPPORTED_UNIT, Unpriced.UNKNOWN_MODEL)
                    elif isinstance(cost, Cost):
                        expected = theirs(provider, entry.id, usage, tier, TODAY)
                        assert cost.amount == pytest.approx(float(expected), rel=1e-12, abs=1e-9), entry.id
                        priced += 1
        assert priced > 150


def test_dated_and_fine_tuned_names_resolve_as_the_package_does() -> None:
    names = (
        "gpt-4o-2024-08-06",
        "GPT-4o-Mini-2024-07-18",
        "gpt-5-20250807",
        "ft:gpt-4o-mini-2024-07-18:acme::abc123",
        "ft:gpt-3.5-turbo-0125:acme::abc123",
        "gpt-4-turbo-2024-04-09",
    )
    pricer = Pricer()
    for name in names:
        cost = pricer.price("openai", name, None, TEXT_USAGES[0], at=TODAY)
        assert isinstance(cost, Cost), name
        assert cost.amount == pytest.approx(float(theirs("openai", name, TEXT_USAGES[0], None, TODAY)), abs=1e-9)


@pytest.mark.parametrize("provider", ["openai", "gcp.gemini"])
def test_audio_and_image_costs_are_equal_or_not_given(provider: str) -> None:
    pricer = listed_prices()
    source = random.Random(20261121)
    priced = refused = 0
    for entry in MODELS[PROVIDER_IDS[provider]]:
        for _ in range(60):
            usage = mixed_usage(source)
            cost = pricer.price(provider, None, entry.id, usage, at=TODAY)
            if not isinstance(cost, Cost):
                refused += 1
                continue
            expected = theirs(provider, entry.id, usage, None, TODAY, overlap_of(usage))
            assert cost.amount == pytest.approx(float(expected), rel=1e-12, abs=1e-9), (entry.id, usage)
            priced += 1
    assert priced >= 30
    assert refused > 100


def mixed_usage(source: random.Random) -> Usage:
    audio, image, text = (source.choice((0, 0, source.randrange(1, 5_000))) for _ in range(3))
    total = audio + image + text
    output = source.randrange(0, 3_000)
    audio_output = source.choice((0, 0, output // 2))
    return Usage(
        input_tokens=total,
        audio_input_tokens=audio,
        image_input_tokens=image,
        cache_read_tokens=source.choice((0, 0, total, total // 3)),
        output_tokens=output,
        audio_output_tokens=audio_output,
        image_output_tokens=source.choice((0, 0, output - audio_output)),
    )


def overlap_of(usage: Usage) -> dict[str, int]:
    """Spell out, for their arithmetic, how many tokens of each kind were cached, where only one answer exists."""
    total, read = usage.input_tokens or 0, usage.cache_read_tokens or 0
    audio, image = usage.audio_input_tokens or 0, usage.image_input_tokens or 0
    if read == total:
        return {"cache_audio_read_tokens": audio, "cache_image_read_tokens": image}
    if audio == total:
        return {"cache_audio_read_tokens": read}
    if image == total:
        return {"cache_image_read_tokens": read}
    return {}
