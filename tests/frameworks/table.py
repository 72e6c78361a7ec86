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
class Traced:
    """Its section of ``docs/frameworks.md``, whose app makes one tree of its own spans and ours."""

    heading: str
    environ: Mapping[str, str] = field(default_factory=dict[str, str])
    """So that its app sends nothing but its calls."""


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
    traced: Traced | None = None


_NO_TRACING: Final = {"LANGSMITH_TRACING": "false"}
_NO_PRICES: Final = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
"""Otherwise it fetches its price list from the network when it is imported."""

FRAMEWORKS: Final[Mapping[str, Framework]] = {
    "langchain": Framework(
        requirements=("langchain", "langchain-openai", "opentelemetry-instrumentation-genai-langchain"),
        app="langchain_app",
        environ=_NO_TRACING,
        traced=Traced("LangChain and LangGraph", _NO_TRACING),
    ),
    "langchain-anthropic": Framework(
        requirements=("langchain", "langchain-anthropic"),
        app="langchain_anthropic_app",
        server="anthropic",
        environ=_NO_TRACING,
    ),
    "litellm": Framework(
        requirements=("litellm",),
        app="litellm_app",
        environ=_NO_PRICES,
        traced=Traced("LiteLLM", _NO_PRICES),
        expected=(Expected(r"responses.*", "it sends these by an HTTP client of its own: the SDK has no part in it"),),
    ),
    "llama-index": Framework(
        requirements=(
            "llama-index-llms-openai",
            "llama-index-embeddings-openai",
            "opentelemetry-instrumentation-genai-llama-index",
        ),
        app="llama_index_app",
        traced=Traced("LlamaIndex"),
    ),
    "pydantic-ai": Framework(
        requirements=("pydantic-ai-slim[openai]",),
        app="pydantic_ai_app",
        traced=Traced("Pydantic AI"),
    ),
    "openai-agents": Framework(
        requirements=("openai-agents", "opentelemetry-instrumentation-genai-openai-agents"),
        app="agents_app",
        environ={"OPENAI_AGENTS_DISABLE_TRACING": "1"},  # it would send its own traces to OpenAI
        traced=Traced("OpenAI Agents SDK", {"HTTPS_PROXY": "http://127.0.0.1:9"}),  # as it does here: they get nowhere
    ),
    "instructor": Framework(
        requirements=("instructor",),
        app="instructor_app",
        traced=Traced("Instructor"),
    ),
}

ENVIRONMENTS: Final = Environments(
    ROOT / ".venv-frameworks",
    Path(__file__).with_name("locks"),
    frozenset(framework.requirements for framework in FRAMEWORKS.values()),
)
