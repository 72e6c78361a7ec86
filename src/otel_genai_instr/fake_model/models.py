"""The list of models, in the words of both services at once: a client takes those that it knows."""

from __future__ import annotations

from typing import Final

from .speech import Json

_NAMED: Final = ("gpt-4o-mini", "text-embedding-3-small", "claude-haiku-4-5")
"""Told to who asks; any other is answered as well."""


def models() -> Json:
    """Answer ``GET /models``."""
    data = [model(name) for name in _NAMED]
    return {"object": "list", "data": data, "has_more": False, "first_id": _NAMED[0], "last_id": _NAMED[-1]}


def model(name: str) -> Json:
    """Answer ``GET /models/{name}``, whatever the name is."""
    openai = {"object": "model", "created": 0, "owned_by": "fake-model"}
    anthropic = {"type": "model", "display_name": name, "created_at": "1970-01-01T00:00:00Z"}
    return {"id": name, **openai, **anthropic}
