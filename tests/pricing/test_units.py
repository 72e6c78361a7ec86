"""What is charged by anything but tokens, tiers, regions, and cached tokens by kind and duration.

Prices are those of genai-prices 0.2.3 and of our own table.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost, Pricer, Unpriced
from otel_genai_instr.semconv import units

M = 1_000_000
NOON = 1_795_262_400.0  # 2026-11-21T12:00Z
PARTS = ("input", "cache_read", "cache_write", "output", "other")
OWN = "otel-genai-instr 2026-11-29"
LISTED = "genai-prices 0.2.3"


@pytest.fixture(scope="module")
def pricer() -> Pricer:
    return Pricer()


def parts_of(cost: Cost | Unpriced) -> dict[str, float]:
    assert isinstance(cost, Cost), cost
    parts = {name: getattr(cost, name) for name in PARTS if getattr(cost, name) is not None}
    assert sum(parts.values()) == pytest.approx(cost.amount, rel=1e-12)
    return parts


@dataclass(frozen=True)
class Case:
    """One call, and its parts."""

    name: str
    provider: str
    model: str
    usage: Usage
    parts: dict[str, float]
    version: str
    tier: str | None = None
    region: str | None = None


CASES = (
    Case(
        "dall-e-3, two in hd",
        "openai",
        "dall-e-3",
        Usage(units={units.image("1024x1024", "hd"): 2}),
        {"output": 2 * 0.08},
        OWN,
    ),
    Case(
        "dall-e-3, the quality not said",
        "openai",
        "dall-e-3",
        Usage(units={units.image("1024x1792"): 1}),
        {"output": 0.08},
        OWN,
    ),
    Case("tts-1, by character", "openai", "tts-1", Usage(units={"input_character": 4_000}), {"input": 0.06}, LISTED),
    Case(
        "whisper-1, 90 seconds at 0.36 an hour",
        "openai",
        "whisper-1",
        Usage(units={"input_second": 90}),
        {"input": 90 * 0.36 / 3600},
        LISTED,
    ),
    Case(
        "whisper on groq, 10 seconds at least",
        "groq",
        "whisper-large-v3",
        Usage(units={"input_second": 3}),
        {"input": 10 * 0.111 / 3600},
        LISTED,
    ),
    Case(
        "gpt-4o with searches and a container",
        "openai",
        "gpt-4o",
        Usage(
            input_tokens=1_000,
            output_tokens=100,
            units={
                units.WEB_SEARCH_CALL: 2,
                units.WEB_SEARCH_PREVIEW_CALL: 1,
                units.FILE_SEARCH_CALL: 4,
                units.CODE_INTERPRETER_SESSION: 1,
            },
        ),
        {"input": 0.0025, "output": 0.001, "other": 0.02 + 0.025 + 0.01 + 0.03},
        f"{LISTED}, {OWN}",
    ),
    Case(
        "claude with web searches",
        "anthropic",
        "claude-haiku-4-5",
        Usage(input_tokens=1_000, output_tokens=100, units={units.WEB_SEARCH_CALL: 3}),
        {"input": 0.001, "output": 0.0005, "other": 0.03},
        LISTED,
    ),
    Case(
        "a request charge and a tool are both other",
        "openai",
        "gpt-4o-search-preview",
        Usage(input_tokens=1_000, units={units.CODE_INTERPRETER_SESSION: 1}),
        {"input": 0.0025, "other": 0.025 + 0.03},
        f"{LISTED}, {OWN}",
    ),
    Case("rerank", "cohere", "rerank-v3.5", Usage(units={"search_unit": 3}), {"other": 0.006}, OWN),
    Case("pages", "mistral_ai", "mistral-ocr-2512", Usage(units={"page": 10}), {"input": 0.02}, LISTED),
    Case(
        "annotated pages",
        "mistral_ai",
        "mistral-ocr-2512",
        Usage(units={"page/annotated": 10}),
        {"input": 0.03},
        LISTED,
    ),
    Case(
        "tokens and seconds, both charged",
        "mistral_ai",
        "voxtral-small-24b-2507",
        Usage(input_tokens=1_000, output_tokens=100, units={"input_second": 60}),
        {"input": 0.0001 + 60 * 0.24 / 3600, "output": 0.00004},
        LISTED,
    ),
    Case(
        "gpt-image-1 is charged by token, whatever was made",
        "openai",
        "gpt-image-1",
        Usage(
            input_tokens=50, output_tokens=1_056, image_output_tokens=1_056, units={units.image("1024x1024", "high"): 1}
        ),
        {"input": 0.00025, "output": 0.04224},
        LISTED,
    ),
    Case(
        "audio tokens of a model that is listed as text",
        "openai",
        "gpt-4o-audio-preview",
        Usage(input_tokens=100, audio_input_tokens=60, output_tokens=50, audio_output_tokens=40),
        {"input": 40 * 2.5 / M + 60 * 40 / M, "output": 10 * 10 / M + 40 * 80 / M},
        f"{LISTED}, {OWN}",
    ),
    Case(
        "speech by token",
        "openai",
        "gpt-4o-mini-tts",
        Usage(input_tokens=100, output_tokens=1_000, audio_output_tokens=1_000),
        {"input": 100 * 0.6 / M, "output": 0.012},
        f"{LISTED}, {OWN}",
    ),
    Case(
        "a fine-tuned model that only we list",
        "openai",
        "ft:gpt-4.1-2025-04-14:acme::abc",
        Usage(input_tokens=1_000, cache_read_tokens=500, output_tokens=100),
        {"input": 500 * 3 / M, "cache_read": 500 * 0.75 / M, "output": 100 * 12 / M},
        OWN,
    ),
    Case(
        "cache writes for an hour and for five minutes",
        "anthropic",
        "claude-haiku-4-5",
        Usage(input_tokens=10_000, cache_write_tokens=8_000, cache_write_1h_tokens=3_000),
        {"input": 2_000 * 1 / M, "cache_write": 5_000 * 1.25 / M + 3_000 * 2 / M},
        LISTED,
    ),
    Case(
        "cached audio, told apart by the provider",
        "openai",
        "gpt-realtime",
        Usage(
            input_tokens=1_000,
            audio_input_tokens=600,
            cache_read_tokens=500,
            text_cache_read_tokens=200,
            audio_cache_read_tokens=300,
        ),
        {"input": 200 * 4 / M + 300 * 32 / M, "cache_read": 500 * 0.4 / M},
        LISTED,
    ),
    Case(
        "cached audio, where one number tells the other",
        "gcp.gemini",
        "gemini-2.5-flash",
        Usage(input_tokens=1_000, audio_input_tokens=600, cache_read_tokens=500, audio_cache_read_tokens=300),
        {"input": 200 * 0.3 / M + 300 * 1 / M, "cache_read": 200 * 0.03 / M + 300 * 0.1 / M},
        LISTED,
    ),
    Case(
        "a batch on Azure",
        "azure.ai.openai",
        "gpt-5",
        Usage(input_tokens=1_000, output_tokens=100),
        {"input": 0.000625, "output": 0.0005},
        f"{LISTED}, {OWN}",
        tier="batch",
    ),
    Case(
        "a batch of embeddings",
        "openai",
        "text-embedding-3-small",
        Usage(input_tokens=M),
        {"input": 0.01},
        f"{LISTED}, {OWN}",
        tier="batch",
    ),
    Case(
        "nova, flex",
        "aws.bedrock",
        "us.amazon.nova-pro-v1:0",
        Usage(input_tokens=1_000, output_tokens=100),
        {"input": 0.0004, "output": 0.00016},
        f"{LISTED}, {OWN}",
        tier="flex",
    ),
    Case(
        "claude, fast",
        "anthropic",
        "claude-opus-5",
        Usage(input_tokens=1_000, output_tokens=100),
        {"input": 0.01, "output": 0.005},
        LISTED,
        tier="fast",
    ),
    Case(
        "claude in the United States; tools cost the same",
        "anthropic",
        "claude-opus-4-6",
        Usage(input_tokens=1_000, output_tokens=100, units={units.WEB_SEARCH_CALL: 1}),
        {"input": 0.0055, "output": 0.00275, "other": 0.01},
        f"{LISTED}, {OWN}",
        region="US",
    ),
    Case(
        "claude at a regional endpoint of Google Cloud",
        "gcp.vertex_ai",
        "claude-sonnet-4-5@20250929",
        Usage(input_tokens=1_000, output_tokens=100),
        {"input": 0.0033, "output": 0.00165},
        f"{LISTED}, {OWN}",
        region="us-east5",
    ),
    Case(
        "claude at the global endpoint of Google Cloud",
        "gcp.vertex_ai",
        "claude-sonnet-4-5@20250929",
        Usage(input_tokens=1_000, output_tokens=100),
        {"input": 0.003, "output": 0.0015},
        LISTED,
        region="global",
    ),
    Case(
        "an older claude costs the same everywhere",
        "gcp.vertex_ai",
        "claude-3-5-sonnet@20240620",
        Usage(input_tokens=1_000, output_tokens=100),
        {"input": 0.003, "output": 0.0015},
        LISTED,
        region="us-east5",
    ),
    Case(
        "a resource path of Google Cloud",
        "gcp.vertex_ai",
        "projects/acme/locations/us-central1/publishers/google/models/gemini-2.5-pro",
        Usage(input_tokens=1_000, output_tokens=100),
        {"input": 0.00125, "output": 0.001},
        LISTED,
    ),
    Case(
        "an inference profile of AWS, in Europe",
        "aws.bedrock",
        "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0",
        Usage(input_tokens=1_000, output_tokens=100),
        {"input": 0.0011, "output": 0.00055},
        LISTED,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_parts(pricer: Pricer, case: Case) -> None:
    for _ in range(2):  # resolved, and from the cache
        cost = pricer.price(
            case.provider, case.model, None, case.usage, service_tier=case.tier, region=case.region, at=NOON
        )
        assert parts_of(cost) == pytest.approx(case.parts, rel=1e-9)
        assert isinstance(cost, Cost)
        assert cost.price_version == case.version
        assert cost.estimated is False


def test_estimated_counts_stay_marked(pricer: Pricer) -> None:
    for usage in (
        Usage(input_tokens=10, estimated=True),
        Usage(input_tokens=10, units={units.WEB_SEARCH_CALL: 1}, estimated=True),
    ):
        cost = pricer.price("openai", "gpt-4o", None, usage, at=NOON)
        assert isinstance(cost, Cost)
        assert cost.estimated is True


def test_units_of_the_table_have_their_names() -> None:
    assert units.image("1024x1024", "hd") == "image/1024x1024/hd"
    assert units.image(None, "hd") == units.image() == "image"
    assert units.most_exact({"image": 1, "image/a": 2}, "image/a/b") == 2
    assert units.most_exact({"image/a": 2}, "image/b") is None
