"""What the installed ``openai`` has: the supported range is wide."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Final

import openai
import pytest

HAS_RESPONSES: Final = find_spec("openai.resources.responses") is not None

IS_BEFORE_3: Final = int(openai.__version__.split(".")[0]) < 3

needs_responses: Final = pytest.mark.skipif(not HAS_RESPONSES, reason="this openai has no Responses API")


def chat_with(method: str, client: Any) -> Any:
    """The chat completions that have this method: ``stream`` and ``parse`` lived under ``beta`` until 1.92."""
    completions = client.chat.completions
    return completions if hasattr(completions, method) else client.beta.chat.completions


def chat_stream(client: Any) -> Any:
    """The stream manager of chat completions."""
    return chat_with("stream", client).stream
