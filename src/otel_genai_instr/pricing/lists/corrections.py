"""Listed prices that we know to be wrong, and what is right: one row per fact, with its source and the reason.

A row names what the list says, and holds only while the list says so. A list that is put right later makes its row
needless by itself; a test then asks for the row to be deleted. No row is here on a guess: where nobody's page
decides, the listed price stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ...semconv import units


@dataclass(frozen=True, slots=True)
class WrongPrice:
    """Prices of some models of one provider that are others than listed."""

    provider: str
    """Provider id, as in :data:`~otel_genai_instr.pricing.names.PROVIDER_IDS`."""
    models: tuple[str, ...]
    """Patterns of model names in lower case, with ``*``, ``?`` and ``[...]``."""
    listed: Mapping[str, float]
    """What the list says: dollars per million tokens by the names of the fields of ``Rates``, dollars per unit by the
    names of :mod:`~otel_genai_instr.semconv.units`. A price that isn't exactly this stays as it is."""
    right: Mapping[str, float]
    """What holds instead, by the same names."""
    reason: str
    source: str
    checked: str


@dataclass(frozen=True, slots=True)
class CachedInput:
    """The part of the input price that cached input costs, where the list has no price for it.

    Without this row such tokens cost what input costs, in each service tier.
    """

    provider: str
    models: tuple[str, ...]
    part: float
    reason: str
    source: str
    checked: str


@dataclass(frozen=True, slots=True)
class MovedName:
    """Names that stand for another model than the list takes them for."""

    provider: str
    names: tuple[str, ...]
    """In lower case."""
    listed: str
    """The list's entry for the names; where it is another one, the row doesn't hold."""
    right: str
    """The model that the names stand for. It has an entry in the list."""
    since: datetime
    """When they moved; before, the list is right."""
    reason: str
    source: str
    checked: str


_DAY: Final = "2026-11-21"

_FIRST_REALTIME: Final = ("gpt-4o-realtime-preview-2024-10-01",)
_LATER_AUDIO: Final = {"audio_input": 40.0, "audio_cache_read": 2.5, "audio_output": 80.0}
_FIRST_AUDIO: Final = {"audio_input": 100.0, "audio_cache_read": 20.0, "audio_output": 200.0}
_FIRST_REALTIME_REASON: Final = "The price of audio fell with the second snapshot; the list has one entry for all."

WRONG_PRICES: Final = (
    WrongPrice(
        "azure",
        ("gpt-*", "o[0-9]*"),
        {units.WEB_SEARCH_CALL: 0.010},
        {units.WEB_SEARCH_CALL: 0.014},
        "A web search on Azure is grounding with Bing, 14 dollars for a thousand. The list takes OpenAI's price.",
        "https://www.microsoft.com/en-us/bing/apis/grounding-pricing",
        _DAY,
    ),
    WrongPrice(
        "openai",
        _FIRST_REALTIME,
        _LATER_AUDIO,
        _FIRST_AUDIO,
        _FIRST_REALTIME_REASON,
        "https://openai.com/index/introducing-the-realtime-api/",
        _DAY,
    ),
    WrongPrice(
        "azure",
        _FIRST_REALTIME,
        _LATER_AUDIO,
        _FIRST_AUDIO,
        _FIRST_REALTIME_REASON,
        "https://azure.microsoft.com/en-us/pricing/details/azure-openai/",
        _DAY,
    ),
)

CACHED_INPUT: Final = (
    CachedInput(
        "openai",
        ("ft:gpt-4o-*",),
        0.5,
        "OpenAI's tables of fine-tuned models, standard and batch, have half of the input price.",
        "https://developers.openai.com/api/docs/pricing",
        _DAY,
    ),
    CachedInput(
        "mistral",
        ("*",),
        0.1,
        "Mistral charges cached input at a tenth of the input price, whatever the model.",
        "https://docs.mistral.ai/studio-api/conversations/advanced/prompt-caching",
        _DAY,
    ),
    CachedInput(
        "fireworks",
        ("*",),
        0.5,
        "On Fireworks cached input costs half, unless a model's page has a price of its own.",
        "https://docs.fireworks.ai/serverless/overview",
        _DAY,
    ),
)

_RETIRED_GROKS: Final = (
    "grok-3",
    "grok-4-0709",
    "grok-4-1-fast-non-reasoning",
    "grok-4-1-fast-reasoning",
    "grok-4-fast-non-reasoning",
    "grok-4-fast-reasoning",
)

MOVED_NAMES: Final = (
    MovedName(
        "mistral",
        ("mistral-large-latest",),
        "mistral-large",
        "mistral-large-2512",
        datetime(2025, 12, 2, tzinfo=UTC),
        "Mistral Large 3 took the name over on the day of its release.",
        "https://docs.mistral.ai/models/mistral-large-3-25-12",
        _DAY,
    ),
    *(
        MovedName(
            "x-ai",
            (name,),
            name,
            "grok-4.3",
            datetime(2026, 5, 15, 19, tzinfo=UTC),  # noon in Los Angeles
            "xAI retired the model; its name is served and billed as grok-4.3.",
            "https://docs.x.ai/developers/migration/may-15-retirement",
            _DAY,
        )
        for name in _RETIRED_GROKS
    ),
    MovedName(
        "x-ai",
        ("grok-code-fast", "grok-code-fast-1", "grok-code-fast-1-0825"),
        "grok-code-fast-1",
        "grok-build-0.1",
        datetime(2026, 5, 20, tzinfo=UTC),
        "xAI retired the model and gave its names to grok-build-0.1 when that came out.",
        "https://docs.x.ai/developers/models/grok-build-0.1",
        _DAY,
    ),
)
