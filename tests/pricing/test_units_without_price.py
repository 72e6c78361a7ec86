"""Units, tiers and cached tokens without a price of their own: no cost, and a reason."""

from __future__ import annotations

import math

import pytest

from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost, Pricer, Unpriced
from otel_genai_instr.semconv import units

NOON = 1_795_262_400.0  # 2026-11-21T12:00Z


@pytest.fixture(scope="module")
def pricer() -> Pricer:
    return Pricer()


@pytest.mark.parametrize(
    ("provider", "model", "usage", "reason"),
    [
        # A tool without a price, and one that nobody knows.
        ("groq", "llama-3.1-8b-instant", Usage(input_tokens=1, units={units.WEB_SEARCH_CALL: 1}), "unsupported_unit"),
        ("openai", "gpt-4o", Usage(input_tokens=1, units={"rocket_launch": 1}), "unsupported_unit"),
        # A size or quality without a price.
        ("openai", "dall-e-3", Usage(units={units.image("64x64"): 1}), "unsupported_unit"),
        ("openai", "dall-e-3", Usage(units={units.image(): 1}), "unsupported_unit"),
        # Priced by token, but only characters are known; and the other way round.
        ("openai", "gpt-4o-mini-tts", Usage(units={"input_character": 5}), "no_usage"),
        ("openai", "tts-1", Usage(input_tokens=5), "unsupported_unit"),
        # Cache writes for an hour, of a model that has no price for them.
        (
            "openai",
            "gpt-6.1-terra",
            Usage(input_tokens=10, cache_write_tokens=9, cache_write_1h_tokens=1),
            "unsupported_unit",
        ),
        # Two numbers are missing.
        (
            "openai",
            "gpt-realtime",
            Usage(
                input_tokens=9,
                audio_input_tokens=3,
                image_input_tokens=3,
                cache_read_tokens=2,
                text_cache_read_tokens=1,
            ),
            "unsupported_unit",
        ),
        # Counts that contradict each other.
        ("openai", "gpt-4o", Usage(input_tokens=1, units={units.WEB_SEARCH_CALL: -1}), "no_usage"),
        ("openai", "gpt-4o", Usage(input_tokens=1, units={units.WEB_SEARCH_CALL: math.nan}), "no_usage"),
        ("openai", "whisper-1", Usage(units={"input_second": math.inf}), "no_usage"),
        ("openai", "gpt-4o", Usage(units={units.WEB_SEARCH_CALL: 1}), "no_usage"),
        ("openai", "gpt-4o", Usage(units={}), "no_usage"),
        (
            "anthropic",
            "claude-haiku-4-5",
            Usage(input_tokens=10, cache_write_tokens=4, cache_write_1h_tokens=5),
            "no_usage",
        ),
        (
            "openai",
            "gpt-realtime",
            Usage(input_tokens=9, audio_input_tokens=3, cache_read_tokens=5, audio_cache_read_tokens=4),
            "no_usage",
        ),
        (
            "openai",
            "gpt-realtime",
            Usage(
                input_tokens=9,
                audio_input_tokens=3,
                cache_read_tokens=5,
                audio_cache_read_tokens=1,
                text_cache_read_tokens=1,
            ),
            "no_usage",
        ),
        # A tool alone makes no model known.
        ("openai", "made-up", Usage(input_tokens=1, units={units.CODE_INTERPRETER_SESSION: 1}), "unknown_model"),
        ("openai", "made-up", Usage(units={units.CODE_INTERPRETER_SESSION: 1}), "unknown_model"),
        (
            "aws.bedrock",
            "arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc",
            Usage(input_tokens=1),
            "unknown_model",
        ),
    ],
)
def test_what_has_no_price_is_not_guessed(pricer: Pricer, provider: str, model: str, usage: Usage, reason: str) -> None:
    assert pricer.price(provider, model, None, usage, at=NOON) == Unpriced(reason)


@pytest.mark.parametrize("tier", ["scale", "flex", "ultrafast", "no-such-tier"])
def test_a_tier_without_a_price_is_never_standard(pricer: Pricer, tier: str) -> None:
    usage = Usage(input_tokens=1_000, output_tokens=100)

    assert pricer.price("openai", "gpt-4o", None, usage, service_tier=tier, at=NOON) is Unpriced.UNSUPPORTED_UNIT
    assert pricer.price("openai", "made-up", None, usage, service_tier=tier, at=NOON) is Unpriced.UNKNOWN_MODEL


@pytest.mark.parametrize(
    ("provider", "model", "tier"),
    [
        *(("openai", "gpt-4o", tier) for tier in ("auto", "default", "Standard", "")),
        ("anthropic", "claude-haiku-4-5", "standard_only"),
        ("groq", "llama-3.1-8b-instant", "flex"),
        ("groq", "llama-3.1-8b-instant", "on_demand"),
        ("gcp.vertex_ai", "gemini-2.5-pro", "ON_DEMAND"),
    ],
)
def test_the_names_of_the_standard_tier(pricer: Pricer, provider: str, model: str, tier: str) -> None:
    usage = Usage(input_tokens=1_000, output_tokens=100)

    cost = pricer.price(provider, model, None, usage, service_tier=tier, at=NOON)
    assert isinstance(cost, Cost)
    assert cost == pricer.price(provider, model, None, usage, at=NOON)


def test_a_tier_costs_nothing_before_its_price_was_known(pricer: Pricer) -> None:
    usage = Usage(input_tokens=1_000)
    start = 1_791_763_200.0  # 2026-10-12, when genai-prices' prices of gpt-5 flex begin

    before = pricer.price("openai", "gpt-5", None, usage, service_tier="flex", at=start - 1)
    after = pricer.price("openai", "gpt-5", None, usage, service_tier="flex", at=start)
    assert before is Unpriced.UNSUPPORTED_UNIT
    assert isinstance(after, Cost)
