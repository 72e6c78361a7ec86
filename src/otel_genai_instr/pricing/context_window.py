"""How much fits into a call of a model, as the price data of ``genai-prices`` has it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .lists.genai_prices_source import GenaiPricesSource


def context_window(provider: str, model: str) -> int | None:
    """Tokens, in and out; ``None`` for a model of which that isn't known.

    Args:
        provider: value of ``gen_ai.provider.name``.
        model: its name, as the app or the provider wrote it.
    """
    return _source().context_window(provider, model)


@functools.cache
def _source() -> GenaiPricesSource:
    from .lists.genai_prices_source import GenaiPricesSource

    return GenaiPricesSource()
