"""What a span is: a call of a model, a step around one, or somebody else's. By the words of three conventions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..semconv import attributes as names
from ..semconv import elsewhere, values
from .otlp import AnyValue, text_of

CALL: Final = "call"
TOOL: Final = "tool"
RETRIEVAL: Final = "retrieval"
MEMORY: Final = "memory"
AGENT: Final = "agent"
WORKFLOW: Final = "workflow"
STEP: Final = "step"

OPERATIONS: Final = {
    **dict.fromkeys(sorted(values.PRICED_OPERATIONS | {values.RERANK, values.MODERATION}), CALL),
    values.EXECUTE_TOOL: TOOL,
    values.RETRIEVAL: RETRIEVAL,
    **dict.fromkeys(values.MEMORY_OPERATIONS, MEMORY),
    values.INVOKE_AGENT: AGENT,
    "create_agent": AGENT,
    values.INVOKE_WORKFLOW: WORKFLOW,
    **dict.fromkeys(
        (
            *(values.PLAN, values.GUARDRAIL, values.FETCH_RESPONSE, values.COUNT_TOKENS),
            *(values.CANCEL_RESPONSE, values.BATCH, values.REALTIME),
        ),
        STEP,
    ),
}
"""The kind of each operation. What runs calls, fetches or submits them is none: its figures are those of the calls."""

_OPENINFERENCE: Final = {
    "LLM": values.CHAT,
    "EMBEDDING": values.EMBEDDINGS,
    "RERANKER": values.RERANK,
    "TOOL": values.EXECUTE_TOOL,
    "RETRIEVER": values.RETRIEVAL,
    "AGENT": values.INVOKE_AGENT,
    "CHAIN": values.INVOKE_WORKFLOW,
    "GUARDRAIL": values.GUARDRAIL,
}
_OPENLLMETRY: Final = {
    "chat": values.CHAT,
    "completion": values.TEXT_COMPLETION,
    "embedding": values.EMBEDDINGS,
    "rerank": values.RERANK,
    "workflow": values.INVOKE_WORKFLOW,
    "agent": values.INVOKE_AGENT,
    "tool": values.EXECUTE_TOOL,
    "task": "task",
}
FOREIGN: Final = (
    (elsewhere.OPENINFERENCE_KIND, _OPENINFERENCE),
    (elsewhere.OPENLLMETRY_REQUEST_TYPE, _OPENLLMETRY),
    (elsewhere.OPENLLMETRY_KIND, _OPENLLMETRY),
)
"""How other instrumentations say the operation, and what it is in the conventions' words."""
PROVIDERS: Final = {
    "az.ai.openai": "azure.ai.openai",
    "az.ai.inference": "azure.ai.inference",
    "azure": "azure.ai.openai",
    "vertex_ai": "gcp.vertex_ai",
    "vertexai": "gcp.vertex_ai",
    "gemini": "gcp.gemini",
    "google": "gcp.gemini",
    "aws": "aws.bedrock",
    "bedrock": "aws.bedrock",
    "mistralai": "mistral_ai",
    "xai": "x_ai",
}
"""Older names of providers; all are compared in small letters."""


def operation_of(attributes: Mapping[str, AnyValue]) -> str | None:
    """What the span says that it does, in the conventions' words; ``None`` where it has nothing to do with models."""
    said = text_of(attributes.get(names.OPERATION_NAME))
    if said is not None:
        return said
    for name, words in FOREIGN:
        foreign = text_of(attributes.get(name))
        if foreign is not None:
            return words.get(foreign, foreign.lower())
    # The first release of the conventions had no operation: every span with a system was a completion.
    return values.CHAT if elsewhere.SYSTEM in attributes and names.REQUEST_MODEL in attributes else None


def kind_of(operation: str | None, *, is_charged: bool) -> str | None:
    """The kind of an operation. One that nobody knows is a call if it used tokens of a model."""
    if operation is None:
        return None
    return OPERATIONS.get(operation) or (CALL if is_charged else STEP)


def provider_of(said: str | None) -> str | None:
    """The provider by its newest name."""
    if said is None:
        return None
    small = said.lower()
    return PROVIDERS.get(small, small)
