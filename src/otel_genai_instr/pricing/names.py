"""Names of providers, models and service tiers as price lists know them."""

from __future__ import annotations

from typing import Final

PROVIDER_IDS: Final = {
    "anthropic": "anthropic",
    "aws.bedrock": "aws",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "groq": "groq",
    "mistral_ai": "mistral",
    "moonshot_ai": "moonshotai",
    "openai": "openai",
    "perplexity": "perplexity",
    "x_ai": "x-ai",
    # Names that the conventions had before, and names in use for hosts that they don't list.
    "az.ai.inference": "azure",
    "az.ai.openai": "azure",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "together_ai": "together",
    "vertex_ai": "google",
    "xai": "x-ai",
}
"""``gen_ai.provider.name`` to provider id. A name that is not here is looked up as an id, exactly."""

SOLD_BY_PLAN: Final = frozenset(
    {
        # https://support.cerebras.net/articles/5041581099-cerebras-self-serve-paygo-faq: tokens of a model are paid one
        # by one, or with a subscription to it, at the same host; a call doesn't say which.
        "cerebras",
    }
)
"""Ids of providers whose listed prices hold for some of their customers only."""

_STANDARD_TIERS: Final = frozenset({"auto", "default", "on_demand", "standard", "standard_only"})
"""What the providers call the tier that costs the listed price.

``auto`` leaves the choice to the provider, whose answer names the tier it took; without an answer it is this one.
OpenAI's ``scale``, Anthropic's ``priority`` and Groq's ``performance`` are paid for in advance and not by token.
"""
_STANDARD_TIERS_OF: Final = {
    # https://console.groq.com/docs/flex-processing: more requests a minute at the same price.
    "groq": frozenset({"flex"}),
}


def provider_id(provider: str) -> str:
    """Return the id that price lists use for a ``gen_ai.provider.name``."""
    return PROVIDER_IDS.get(provider, provider)


def plain_model(provider: str, model: str) -> str:
    """Return the model's name without the resource path that Google Cloud and AWS put before it.

    ``provider`` is an id. What stands for a model but doesn't name it (a deployment, an application inference
    profile, a tuned endpoint) stays unknown; only the user can say which model that is.
    """
    if provider == "google":
        name = model.rpartition("/models/")[2]
        return name.removeprefix("models/").removeprefix("google/")
    if provider == "aws" and model.startswith("arn:"):
        return model.rpartition("/")[2]
    return model


def charged_tier(provider: str, service_tier: str | None) -> str | None:
    """Return the tier in lower case, or ``None`` for one that costs the listed price. ``provider`` is an id."""
    if service_tier is None:
        return None
    tier = service_tier.lower()
    if not tier or tier in _STANDARD_TIERS or tier in _STANDARD_TIERS_OF.get(provider, ()):
        return None
    return tier
