"""What the installed ``openai`` has: the supported range is wide."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from typing import Any, Final

import openai
import pytest
from openai.resources.audio.transcriptions import Transcriptions
from openai.resources.chat.completions import Completions
from openai.resources.images import Images

HAS_RESPONSES: Final = find_spec("openai.resources.responses") is not None


def _has(module: str, resource: str, method: str) -> bool:
    if find_spec(f"openai.resources.{module}") is None:
        return False
    return hasattr(getattr(import_module(f"openai.resources.{module}"), resource), method)


HAS_CANCEL: Final = _has("responses", "Responses", "cancel")
HAS_COMPACT: Final = _has("responses", "Responses", "compact")
HAS_INPUT_TOKENS: Final = _has("responses", "Responses", "input_tokens")
HAS_SEARCH: Final = _has("vector_stores", "VectorStores", "search")

IS_BEFORE_3: Final = int(openai.__version__.split(".")[0]) < 3

HAS_REASONING_EFFORT: Final = "reasoning_effort" in signature(Completions.create).parameters

HAS_IMAGE_STREAM: Final = "stream" in signature(Images.generate).parameters

HAS_TRANSCRIPT_STREAM: Final = "stream" in signature(Transcriptions.create).parameters

HAS_VIDEOS: Final = find_spec("openai.resources.videos") is not None

HAS_DECISIONS: Final = find_spec("openai.resources.decisions") is not None

HAS_CHAT_PARSE: Final = hasattr(Completions, "parse")

needs_cancel: Final = pytest.mark.skipif(not HAS_CANCEL, reason="this openai can't cancel responses")
needs_compact: Final = pytest.mark.skipif(not HAS_COMPACT, reason="this openai can't compact conversations")
needs_input_tokens: Final = pytest.mark.skipif(not HAS_INPUT_TOKENS, reason="this openai can't count tokens")
needs_search: Final = pytest.mark.skipif(not HAS_SEARCH, reason="this openai can't search vector stores")
needs_responses: Final = pytest.mark.skipif(not HAS_RESPONSES, reason="this openai has no Responses API")


def chat_with(method: str, client: Any) -> Any:
    """The chat completions that have this method: ``stream`` and ``parse`` lived under ``beta`` until 1.92."""
    completions = client.chat.completions
    return completions if hasattr(completions, method) else client.beta.chat.completions


def chat_stream(client: Any) -> Any:
    """The stream manager of chat completions."""
    return chat_with("stream", client).stream
