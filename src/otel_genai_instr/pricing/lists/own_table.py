"""Prices that ``genai-prices`` lacks: one row per fact, each with its source and the day it was checked.

All prices are US dollars. A row only fills what the package has no price for, so it goes out of use by itself when
the package learns that price; a test then asks for the row to be deleted. No row is here on a guess: what no
provider publishes stays unpriced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from ...semconv import units

VERSION: Final = "otel-genai-instr 2026-11-29"
"""How our tables are named in ``otel_genai.cost.price_version``: this one and that of corrections. Changes with each
change of a row."""


def matches(model: str, patterns: Iterable[str]) -> bool:
    """Whether a model's name in lower case fits one of the patterns of a row."""
    return any(fnmatchcase(model, pattern) for pattern in patterns)


def _none() -> dict[str, float]:
    return {}


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """Prices of some models of one provider."""

    provider: str
    """Provider id, as in :data:`~otel_genai_instr.pricing.names.PROVIDER_IDS`."""
    models: tuple[str, ...]
    """Patterns of model names in lower case, with ``*``, ``?`` and ``[...]``."""
    source: str
    checked: str
    per_million: Mapping[str, float] = field(default_factory=_none)
    """Dollars per million tokens, by the names of the fields of ``Rates``."""
    per_unit: Mapping[str, float] = field(default_factory=_none)
    """Dollars per unit, by the names of :mod:`~otel_genai_instr.semconv.units`."""
    per_request: float | None = None


@dataclass(frozen=True, slots=True)
class OwnFactor:
    """What a service tier or a region makes of the price of every token."""

    provider: str
    models: tuple[str, ...]
    factor: float
    source: str
    checked: str
    tiers: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    """Names in lower case; ``*`` stands for every region but ``global``."""


_OPENAI_PRICES: Final = "https://developers.openai.com/api/docs/pricing"
_ANTHROPIC_PRICES: Final = "https://platform.claude.com/docs/en/about-claude/pricing"
_GOOGLE_PRICES: Final = "https://ai.google.dev/gemini-api/docs/pricing"
_BEDROCK_PRICES: Final = "https://aws.amazon.com/bedrock/pricing/"
_COHERE_PRICES: Final = "https://cohere.com/pricing"
_DAY: Final = "2026-11-21"

OWN_PRICES: Final = (
    # Images by size and quality.
    OwnPrice(
        "openai",
        ("dall-e-3",),
        _OPENAI_PRICES,
        _DAY,
        per_unit={  # without a quality: `standard`, the default
            "image/1024x1024": 0.04,
            "image/1024x1792": 0.08,
            "image/1792x1024": 0.08,
            "image/1024x1024/hd": 0.08,
            "image/1024x1792/hd": 0.12,
            "image/1792x1024/hd": 0.12,
        },
    ),
    OwnPrice(
        "openai",
        ("dall-e-2",),
        _OPENAI_PRICES,
        _DAY,
        per_unit={"image/256x256": 0.016, "image/512x512": 0.018, "image/1024x1024": 0.02},
    ),
    OwnPrice("google", ("imagen-4.0-generate-*",), _GOOGLE_PRICES, _DAY, per_unit={units.IMAGE: 0.04}),
    OwnPrice("google", ("imagen-4.0-fast-generate-*",), _GOOGLE_PRICES, _DAY, per_unit={units.IMAGE: 0.02}),
    OwnPrice("google", ("imagen-4.0-ultra-generate-*",), _GOOGLE_PRICES, _DAY, per_unit={units.IMAGE: 0.06}),
    # Video by the second.
    OwnPrice("openai", ("sora-2", "sora-2-20[0-9]*"), _OPENAI_PRICES, _DAY, per_unit={units.OUTPUT_SECOND: 0.10}),
    OwnPrice(
        "openai",
        ("sora-2-pro", "sora-2-pro-20[0-9]*"),
        _OPENAI_PRICES,
        _DAY,
        per_unit={
            "output_second/720x1280": 0.30,
            "output_second/1280x720": 0.30,
            "output_second/1024x1792": 0.50,
            "output_second/1792x1024": 0.50,
        },
    ),
    OwnPrice(
        "google",
        ("veo-3.1-generate-*",),
        _GOOGLE_PRICES,
        _DAY,
        per_unit={"output_second/720p": 0.40, "output_second/1080p": 0.40, "output_second/4k": 0.60},
    ),
    OwnPrice(
        "google",
        ("veo-3.1-fast-generate-*",),
        _GOOGLE_PRICES,
        _DAY,
        per_unit={"output_second/720p": 0.10, "output_second/1080p": 0.12, "output_second/4k": 0.30},
    ),
    # Audio tokens of models that the package lists with text prices.
    OwnPrice(
        "openai",
        ("gpt-4o-audio-preview", "gpt-4o-audio-preview-2024-12-17", "gpt-4o-audio-preview-2025-06-03"),
        _OPENAI_PRICES,
        _DAY,
        per_million={"audio_input": 40, "audio_output": 80},
    ),
    OwnPrice(
        "openai",
        ("gpt-4o-mini-audio-preview*",),
        _OPENAI_PRICES,
        _DAY,
        per_million={"audio_input": 10, "audio_output": 20},
    ),
    OwnPrice("openai", ("gpt-4o-mini-tts*",), _OPENAI_PRICES, _DAY, per_million={"audio_output": 12}),
    # Fine-tuned models.
    OwnPrice(
        "openai",
        ("ft:gpt-4.1-2025-04-14:*",),
        _OPENAI_PRICES,
        _DAY,
        per_million={"input": 3, "cache_read": 0.75, "output": 12},
    ),
    OwnPrice(
        "openai",
        ("ft:gpt-4.1-mini-2025-04-14:*",),
        _OPENAI_PRICES,
        _DAY,
        per_million={"input": 0.8, "cache_read": 0.2, "output": 3.2},
    ),
    OwnPrice(
        "openai",
        ("ft:gpt-4.1-nano-2025-04-14:*",),
        _OPENAI_PRICES,
        _DAY,
        per_million={"input": 0.2, "cache_read": 0.05, "output": 0.8},
    ),
    OwnPrice(
        "openai",
        ("ft:o4-mini-2025-04-16:*",),
        _OPENAI_PRICES,
        _DAY,
        per_million={"input": 4, "cache_read": 1, "output": 16},
    ),
    # Models that few may use; they cost what the Fable of the same version costs.
    OwnPrice(
        "anthropic",
        ("claude-mythos-5", "claude-mythos-5-20[0-9]*"),
        _ANTHROPIC_PRICES,
        "2026-11-28",
        per_million={"input": 10, "cache_read": 1, "cache_write": 12.5, "cache_write_1h": 20, "output": 50},
    ),
    OwnPrice(
        "anthropic",
        ("claude-mythos-5-1", "claude-mythos-5-1-20[0-9]*"),
        _ANTHROPIC_PRICES,
        "2026-11-28",
        per_million={"input": 10, "cache_read": 0.25, "cache_write": 12.5, "cache_write_1h": 20, "output": 50},
    ),
    # Tools that the provider runs.
    OwnPrice("openai", ("*",), _OPENAI_PRICES, _DAY, per_unit={units.CODE_INTERPRETER_SESSION: 0.03}),
    OwnPrice("openai", ("gpt-4o*", "gpt-4.1*"), _OPENAI_PRICES, _DAY, per_unit={units.WEB_SEARCH_PREVIEW_CALL: 0.025}),
    # These two search the web before every answer.
    OwnPrice(
        "openai",
        ("gpt-4o-search-preview*", "gpt-4o-mini-search-preview*"),
        "https://developers.openai.com/api/docs/models/gpt-4o-search-preview",
        _DAY,
        per_request=0.025,
    ),
    # Reranking.
    OwnPrice(
        "cohere",
        ("rerank-v3.5", "rerank-english-v3.0", "rerank-multilingual-v3.0", "rerank-v4.0-fast"),
        _COHERE_PRICES,
        _DAY,
        per_unit={units.SEARCH_UNIT: 0.002},
    ),
    OwnPrice("cohere", ("rerank-v4.0-pro",), _COHERE_PRICES, _DAY, per_unit={units.SEARCH_UNIT: 0.0025}),
    OwnPrice("aws", ("cohere.rerank-v3-5:*",), _BEDROCK_PRICES, _DAY, per_unit={units.SEARCH_UNIT: 0.002}),
    OwnPrice("aws", ("amazon.rerank-v1:*",), _BEDROCK_PRICES, _DAY, per_unit={units.SEARCH_UNIT: 0.001}),
)

# `claude-` and a word, so none of the third generation; then version 4.5 or later.
_CLAUDE_SINCE_4_5: Final = ("claude-[a-z]*-[5-9]*",)
_CLAUDE_SINCE_4_6: Final = ("claude-[a-z]*-4-[6-9]*", "claude-[a-z]*[a-z]-[5-9]*")

OWN_FACTORS: Final = (
    OwnFactor(
        "anthropic",
        ("claude-*",),
        0.5,
        "https://platform.claude.com/docs/en/build-with-claude/batch-processing",
        _DAY,
        tiers=("batch",),
    ),
    OwnFactor("openai", ("text-embedding-*",), 0.5, _OPENAI_PRICES, _DAY, tiers=("batch",)),
    OwnFactor(
        "azure",
        ("gpt-5*",),
        0.5,
        "https://azure.microsoft.com/en-us/pricing/details/azure-openai/",
        _DAY,
        tiers=("batch",),
    ),
    OwnFactor("aws", ("*amazon.nova-*",), 0.5, _BEDROCK_PRICES, _DAY, tiers=("flex",)),
    OwnFactor("aws", ("*amazon.nova-*",), 1.75, _BEDROCK_PRICES, _DAY, tiers=("priority",)),
    OwnFactor(
        "anthropic",
        _CLAUDE_SINCE_4_6,
        1.1,
        "https://platform.claude.com/docs/en/manage-claude/data-residency",
        "2026-11-28",
        regions=("us",),
    ),
    OwnFactor(
        "google",
        (
            *_CLAUDE_SINCE_4_5,
            "gemini-3.5-flash",
            "gemini-3.6-flash",
            "gemini-3.7-flash",
            "gemini-3.8-flash",
        ),
        1.1,
        "https://cloud.google.com/vertex-ai/generative-ai/pricing",
        _DAY,
        regions=("*",),
    ),
    # Models released since March 5, 2026.
    OwnFactor(
        "openai",
        ("gpt-5.4*", "gpt-5.5*", "gpt-5.6*", "gpt-6*", "gpt-realtime-2.1*"),
        1.1,
        _OPENAI_PRICES,
        _DAY,
        regions=("eu", "us"),
    ),
    OwnFactor(
        "together",
        ("*",),
        1.25,
        "https://docs.together.ai/docs/serverless/geo-specific-inference",
        _DAY,
        regions=("ca", "us"),
    ),
    OwnFactor("x-ai", ("*",), 1.1, "https://docs.x.ai/developers/pricing", _DAY, regions=("us",)),
)
