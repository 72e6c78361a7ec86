"""OpenTelemetry instrumentation for LLM calls: spans, exact metrics, events and cost.

>>> import otel_genai_instr as genai
>>> genai.instrument()  # every supported SDK that is installed
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from typing import Unpack

    from .evaluation import FeedbackApp, evaluate, feedback, feedback_token
    from .options import Options
    from .patching.instrumentor import GenAIInstrumentor
    from .privacy.redaction import Redaction
    from .providers.anthropic import AnthropicInstrumentor
    from .providers.openai import OpenAIInstrumentor
    from .spans import (
        agent,
        attribute,
        attribute_from_baggage,
        content,
        embeddings,
        guardrail,
        inference,
        memory,
        plan,
        prompt,
        rerank,
        retrieval,
        step,
        tool,
        trace_summary,
        workflow,
    )
    from .telemetry.telemetry import Telemetry

__all__ = [
    "AnthropicInstrumentor",
    "FeedbackApp",
    "OpenAIInstrumentor",
    "Redaction",
    "__version__",
    "agent",
    "attribute",
    "attribute_from_baggage",
    "content",
    "embeddings",
    "evaluate",
    "feedback",
    "feedback_token",
    "flush_content",
    "guardrail",
    "inference",
    "instrument",
    "memory",
    "plan",
    "prompt",
    "rerank",
    "retrieval",
    "step",
    "tool",
    "trace_summary",
    "uninstrument",
    "workflow",
]

_INSTRUMENTORS = {
    "OpenAIInstrumentor": ("openai", "otel_genai_instr.providers.openai"),
    "AnthropicInstrumentor": ("anthropic", "otel_genai_instr.providers.anthropic"),
}
"""Class name: the SDK's distribution, and the module that holds the class."""

_LAZY = {
    **dict.fromkeys(
        (
            "agent",
            "attribute",
            "attribute_from_baggage",
            "content",
            "embeddings",
            "guardrail",
            "inference",
            "memory",
            "plan",
            "prompt",
            "rerank",
            "retrieval",
            "step",
            "tool",
            "trace_summary",
            "workflow",
        ),
        "otel_genai_instr.spans",
    ),
    **dict.fromkeys(
        ("FeedbackApp", "evaluate", "feedback", "feedback_token"),
        "otel_genai_instr.evaluation",
    ),
    "Redaction": "otel_genai_instr.privacy.redaction",
}
"""Name: the module that holds it. Imported when it is first asked for: the package costs nothing until it is used."""


def instrument(**options: Unpack[Options]) -> list[str]:
    """Instrument every supported SDK that is installed, and return their names.

    Where that has been done, by ``opentelemetry-instrument`` for one, options take the place of the former ones.

    Args:
        options: ``tracer_provider``, ``meter_provider``, ``logger_provider`` (the global ones when absent),
            and any field of :class:`otel_genai_instr.settings.Settings`, which wins over the environment.

    Raises:
        TypeError: for an option that doesn't exist.
        ValueError: for a value that an option can't have.
    """
    from .telemetry.telemetry import share, telemetry_with

    installed = _installed()
    concerned = [each for _, each in installed if options or not each.is_instrumented_by_opentelemetry]
    if concerned or not installed:  # blocks of your own work without any SDK
        telemetry = telemetry_with(options)  # what is wrong with the options is raised here, and nothing further down
        share(telemetry)
        for instrumentor in concerned:
            _turn_on(instrumentor, telemetry)
    return [name for name, instrumentor in installed if instrumentor.is_instrumented_by_opentelemetry]


def uninstrument() -> None:
    """Put every original method back. Operations that are under way still end."""
    for _, instrumentor in _installed():
        if instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.uninstrument()
    from .telemetry.telemetry import share

    share(None)


def flush_content(seconds: float = 5.0) -> int:
    """Wait until the content of all calls so far is in the content store, and return how many are left.

    For functions that are frozen after their answer; a process that ends waits by itself.

    Args:
        seconds: how long at most.
    """
    from .telemetry.telemetry import flush_stores

    return flush_stores(seconds)


def _turn_on(instrumentor: GenAIInstrumentor, telemetry: Telemetry) -> None:
    """Observe one SDK. Where that fails, it doesn't stand in the way of the others."""
    from . import guard

    if instrumentor.is_instrumented_by_opentelemetry:
        guard.run("instrument", instrumentor.use, telemetry)
    else:
        guard.run("instrument", instrumentor.instrument, telemetry=telemetry)


def _installed() -> list[tuple[str, GenAIInstrumentor]]:
    return [(sdk, _load(name)()) for name, (sdk, _) in _INSTRUMENTORS.items() if _is_installed(sdk)]


def _is_installed(sdk: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(sdk) is not None
    except ImportError:  # of a name with dots, the package above isn't there
        return False
    except ValueError:  # it is imported, and says nothing of where it comes from
        return True


def _load(name: str) -> Any:
    from importlib import import_module

    return getattr(import_module(_INSTRUMENTORS[name][1]), name)


def __getattr__(name: str) -> Any:
    if name in _INSTRUMENTORS:
        return _load(name)
    if name in _LAZY:
        from importlib import import_module

        value = globals()[name] = getattr(import_module(_LAZY[name]), name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name what is there to use, imported or not yet: what a person sees who asks for completion."""
    return sorted({*globals(), *__all__})
