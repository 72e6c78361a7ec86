"""The ``openai`` SDK: chat completions, responses and embeddings, sync and async, OpenAI and Azure."""

from __future__ import annotations

from ...patching.instrumentor import GenAIInstrumentor
from ...patching.patcher import Patcher
from .methods import OPENAI, REQUIREMENT


class OpenAIInstrumentor(GenAIInstrumentor):
    """Instruments the ``openai`` package; importable whether or not it is installed."""

    patcher = Patcher(OPENAI)
    requirements = (REQUIREMENT,)


__all__ = ["OpenAIInstrumentor"]
