"""How much is recorded of what is said inside."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

from opentelemetry.context import Context

from ..settings import Tier
from ..telemetry.current import current
from ..telemetry.scope import NO_SCOPE, scope_in, with_scope
from .block import Block


class ContentBlock(Block):
    """A tier for what runs inside."""

    __slots__ = ("_tier",)

    def __init__(self, tier: Tier) -> None:
        super().__init__()
        self._tier: Final = tier

    def _open(self) -> Context:
        where = current()
        return with_scope(where, replace(scope_in(where) or NO_SCOPE, content=self._tier))


def content(tier: Tier | Literal["none", "digest", "full"], /) -> ContentBlock:
    """How much is recorded of what is said in the calls and blocks inside, whatever the settings say.

    ``none`` is final. Of anything less than ``full``, ``OTEL_GENAI_CONTENT_SAMPLE`` and ``OTEL_GENAI_CONTENT_ON_ERROR``
    may still make more. The innermost block counts.

    Args:
        tier: ``none``, ``digest`` (keyed hashes, and the beginning of the answer if asked for) or ``full``.

    Raises:
        ValueError: for a word that is no tier.
    """
    try:
        return ContentBlock(Tier(tier))
    except ValueError:
        raise ValueError(f"tier is {tier!r}; allowed: {', '.join(each.value for each in Tier)}") from None
