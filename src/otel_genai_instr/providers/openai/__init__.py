"""The ``openai`` SDK: text, embeddings, decisions, images, videos and audio, sync and async, OpenAI and Azure."""

from __future__ import annotations

from ...patching.instrumentor import GenAIInstrumentor
from ...patching.patcher import Patcher
from .seams import PROVIDER, REQUIREMENT


class OpenAIInstrumentor(GenAIInstrumentor):
    """Instruments the ``openai`` package; importable whether or not it is installed."""

    patcher = Patcher(PROVIDER)
    requirements = (REQUIREMENT,)


__all__ = ["OpenAIInstrumentor"]
