"""The app: five features, the models that they call, and how much of what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

UNPRICED: Final = "llama-3.1-8b-instruct"
"""Served by the company itself: nobody sells it at this host, so it has no price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model, as the app asks for it."""

    provider: Literal["openai", "anthropic"]
    asked: str
    answered: str
    first_s: float
    """Median of the seconds until it begins to answer."""
    token_s: float
    """Seconds for each token of its answer."""
    reasons: bool = False
    base_url: str | None = None
    """The SDK's own when ``None``."""

    @property
    def id_prefix(self) -> str:
        """How the ids of its answers begin."""
        return "msg_" if self.provider == "anthropic" else "chatcmpl-"

    def finish(self, how: Literal["done", "cut", "tool", "filtered"]) -> str:
        """The finish reason in the provider's words."""
        return _FINISHES[self.provider][how]


_FINISHES: Final[Mapping[str, Mapping[str, str]]] = {
    "openai": {"done": "stop", "cut": "length", "tool": "tool_calls", "filtered": "content_filter"},
    "anthropic": {"done": "end_turn", "cut": "max_tokens", "tool": "tool_use", "filtered": "refusal"},
}

MODELS: Final = {
    model.asked: model
    for model in (
        Model(provider="openai", asked="gpt-4o", answered="gpt-4o-2024-08-06", first_s=0.55, token_s=0.011),
        Model(
            provider="openai",
            asked="gpt-5-mini",
            answered="gpt-5-mini-2025-08-07",
            first_s=0.8,
            token_s=0.008,
            reasons=True,
        ),
        Model(
            provider="anthropic",
            asked="claude-haiku-4-5",
            answered="claude-haiku-4-5-20251001",
            first_s=0.5,
            token_s=0.007,
        ),
        Model(
            provider="openai",
            asked=UNPRICED,
            answered=UNPRICED,
            first_s=0.2,
            token_s=0.02,
            base_url="http://models.internal:8000/v1",
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature of the app. Tokens are medians."""

    name: str
    share: float
    """Of the requests."""
    route: str
    prompt: str
    prompt_version: str
    template_tokens: int
    input_tokens: int
    """Besides the template."""
    output_tokens: int
    max_tokens: int
    models: tuple[tuple[str, ...], tuple[float, ...]]
    """Names and weights."""
    streamed: bool = False
    frame: Literal["workflow", "agent"] | None = None
    """The block around its calls, named after the feature."""
    lookup: Literal["retrieval", "database"] | None = None
    lookup_ms: float = 0.0
    cache_hits: float = 0.0
    """Share of calls whose template is in the provider's cache."""
    judged: float = 0.0
    """Share of answers that the judge reads."""
    judged_for: tuple[str, ...] = ("relevance",)
    quality: float = 0.8
    rated: float = 0.0
    """Share of answers that users react to."""

    @property
    def has_conversation(self) -> bool:
        """Whether its requests belong to a conversation, which is the session then."""
        return self.frame == "agent" or (self.streamed and self.frame is None)


FEATURES: Final = {
    feature.name: feature
    for feature in (
        Feature(
            name="support-chat",
            share=0.44,
            route="/support/chat",
            prompt="support_answer",
            prompt_version="3",
            template_tokens=1400,
            input_tokens=260,
            output_tokens=180,
            max_tokens=1024,
            models=(("claude-haiku-4-5", "gpt-5-mini"), (0.75, 0.25)),
            streamed=True,
            cache_hits=0.5,
            judged=0.1,
            rated=0.05,
        ),
        Feature(
            name="search-rag",
            share=0.25,
            route="/search",
            prompt="rag_answer",
            prompt_version="7",
            template_tokens=500,
            input_tokens=1900,
            output_tokens=220,
            max_tokens=1024,
            models=(("gpt-4o",), (1.0,)),
            streamed=True,
            frame="workflow",
            lookup="retrieval",
            lookup_ms=45.0,
            judged=0.2,
            judged_for=("relevance", "groundedness"),
            quality=0.84,
            rated=0.02,
        ),
        Feature(
            name="summarise",
            share=0.15,
            route="/documents/{document_id}/summary",
            prompt="summary",
            prompt_version="2",
            template_tokens=300,
            input_tokens=4200,
            output_tokens=260,
            max_tokens=800,
            models=(("gpt-4o", UNPRICED), (0.93, 0.07)),
            judged=0.2,
            quality=0.82,
        ),
        Feature(
            name="code-review",
            share=0.11,
            route="/reviews",
            prompt="code_review",
            prompt_version="5",
            template_tokens=4096,
            input_tokens=2600,
            output_tokens=420,
            max_tokens=2048,
            models=(("claude-haiku-4-5",), (1.0,)),
            lookup="database",
            lookup_ms=4.0,
            cache_hits=0.9,
        ),
        Feature(
            name="agent-research",
            share=0.05,
            route="/research",
            prompt="research_step",
            prompt_version="1",
            template_tokens=1100,
            input_tokens=240,
            output_tokens=320,
            max_tokens=4096,
            models=(("gpt-5-mini",), (1.0,)),
            frame="agent",
            rated=0.05,
        ),
    )
}
