"""The ``anthropic`` SDK: messages, plain and streamed, and the counting of their tokens, on every platform of its."""

from __future__ import annotations

from ...patching.instrumentor import GenAIInstrumentor
from ...patching.patcher import Patcher
from .seams import PROVIDER, REQUIREMENT


class AnthropicInstrumentor(GenAIInstrumentor):
    """Instruments the ``anthropic`` package; importable whether or not it is installed."""

    patcher = Patcher(PROVIDER)
    requirements = (REQUIREMENT,)


__all__ = ["AnthropicInstrumentor"]
