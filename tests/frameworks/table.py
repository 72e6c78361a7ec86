"""Which frameworks are tried: one row for each, its app in ``apps/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from tests.environments.environments import ROOT, Environments, Requirements

ALONE: Final = "alone"
APP_FIRST: Final = "app"
OURS_FIRST: Final = "ours"


@dataclass(frozen=True)
class Expected:
    """Forms whose telemetry can't be right yet. Each of them has to go from here as soon as it is right."""

    forms: str
    """A pattern for their whole names."""
    because: str


@dataclass(frozen=True)
class Framework:
    """One row."""

    requirements: Requirements
    app: str
    """Module of ``apps/``."""
    server: Literal["openai", "anthropic"] = "openai"
    """Whose API it calls."""
    environ: Mapping[str, str] = field(default_factory=dict[str, str])
    expected: tuple[Expected, ...] = ()


FRAMEWORKS: Final[Mapping[str, Framework]] = {
    "langchain": Framework(
        requirements=("langchain", "langchain-openai"),
        app="langchain_app",
        environ={"LANGSMITH_TRACING": "false"},
    ),
    "langchain-anthropic": Framework(
        requirements=("langchain", "langchain-anthropic"),
        app="langchain_anthropic_app",
        server="anthropic",
        environ={"LANGSMITH_TRACING": "false"},
    ),
    "litellm": Framework(
        requirements=("litellm",),
        app="litellm_app",
        # Otherwise it fetches its price list from the network when it is imported.
        environ={"LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        expected=(Expected(r"responses.*", "it sends these by an HTTP client of its own: the SDK has no part in it"),),
    ),
    "llama-index": Framework(
        requirements=("llama-index-llms-openai", "llama-index-embeddings-openai"),
        app="llama_index_app",
    ),
    "pydantic-ai": Framework(requirements=("pydantic-ai-slim[openai]",), app="pydantic_ai_app"),
    "openai-agents": Framework(
        requirements=("openai-agents",),
        app="agents_app",
        environ={"OPENAI_AGENTS_DISABLE_TRACING": "1"},  # it would send its own traces to OpenAI
    ),
    "instructor": Framework(requirements=("instructor",), app="instructor_app"),
}

ENVIRONMENTS: Final = Environments(
    ROOT / ".venv-frameworks",
    Path(__file__).with_name("locks"),
    frozenset(framework.requirements for framework in FRAMEWORKS.values()),
)
