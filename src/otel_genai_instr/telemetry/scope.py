"""What the surrounding blocks say about the operations inside them: who asked, with which prompt, who adds up.

A scope travels in the OpenTelemetry context, so it goes where the current span goes: into tasks, executors that copy
the context, and generators; and it ends with its block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from opentelemetry import context
from opentelemetry.context import Context
from opentelemetry.util.types import AttributeValue

from ..records import frozen
from ..settings import Tier
from .price_wait import PriceWait
from .tally import Tally

_KEY: Final = context.create_key("otel-genai-scope")

Dimensions = tuple[tuple[str, str | bool | int | float], ...]


@frozen
class Scope:
    """One record for all blocks around an operation; an inner block makes a copy with its own on top."""

    attributes: Mapping[str, AttributeValue] = field(default_factory=dict[str, AttributeValue])
    """On every span of ours: user, session, feature, ..."""
    conversation_id: str | None = None
    """On inference, agents, tools and workflows."""
    prompt: Mapping[str, AttributeValue] = field(default_factory=dict[str, AttributeValue])
    """On inference: name, version and fingerprint of the prompt."""
    content: Tier | None = None
    """How much of what is said inside is recorded."""
    prompt_variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """Attributes that quote content, so they are recorded only where content is."""
    dimensions: Dimensions = ()
    """On every metric."""
    prompt_dimensions: Dimensions = ()
    """On metrics of inference, besides."""
    agent_name: str | None = None
    agent: Tally | None = None
    """The nearest agent's own calls are counted here."""
    tallies: tuple[Tally, ...] = ()
    """Everyone who adds up what happens inside."""
    price_wait: PriceWait | None = None
    """Where the outermost block began before prices were there."""

    def dimensions_of(self, inference: bool) -> Dimensions:
        """Those of the metrics of one operation."""
        return self.dimensions + self.prompt_dimensions if inference else self.dimensions


NO_SCOPE: Final = Scope()


def scope_in(where: Context) -> Scope | None:
    """The scope of a context, if any block is open in it."""
    return where.get(_KEY)  # type: ignore[return-value]  # only `with_scope` puts something there


def with_scope(where: Context, scope: Scope) -> Context:
    """A context in which ``scope`` is in force."""
    return context.set_value(_KEY, scope, where)
