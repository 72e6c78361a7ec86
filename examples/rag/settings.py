"""Which models the app uses."""

from __future__ import annotations

import os
from dataclasses import dataclass

_CHAT_MODELS = {"openai": "gpt-5-mini", "anthropic": "claude-haiku-4-5"}
"""The default for each provider."""


@dataclass(frozen=True)
class Settings:
    """Which models to use. The keys and the addresses are read by the SDKs themselves."""

    provider: str = "openai"
    """Of the model that answers: ``openai`` or ``anthropic``."""
    chat_model: str = _CHAT_MODELS["openai"]
    embedding_model: str = "text-embedding-3-small"
    embedding_url: str | None = None
    """Address of another service for embeddings than OpenAI's own, or than the one for chat."""
    max_tokens: int | None = None
    """Bound of an answer, for a model that doesn't know when to stop."""

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the variables that begin with ``RAG_``. Raises ValueError for what they cannot mean."""
        provider = os.environ.get("RAG_PROVIDER") or cls.provider
        if provider not in _CHAT_MODELS:
            raise ValueError(f"RAG_PROVIDER is {provider!r}; it can be {' or '.join(_CHAT_MODELS)}")
        bound = os.environ.get("RAG_MAX_TOKENS")
        return cls(
            provider=provider,
            chat_model=os.environ.get("RAG_CHAT_MODEL") or _CHAT_MODELS[provider],
            embedding_model=os.environ.get("RAG_EMBEDDING_MODEL") or cls.embedding_model,
            embedding_url=os.environ.get("RAG_EMBEDDING_URL") or None,
            max_tokens=int(bound) if bound else None,
        )
