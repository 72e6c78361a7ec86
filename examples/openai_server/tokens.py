"""What a prompt costs: its messages, its tools, what of it is cached, and what is spent on reasoning."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from model_server.tokens import count, parts_of, text_of

_PER_MESSAGE = 3
_PER_IMAGE = 85
_CACHE_BLOCK = 32


def count_message(message: Mapping[str, Any]) -> int:
    """The tokens of one message, with its tool calls, its images and the fixed price of a turn."""
    content = message.get("content")
    images = sum(1 for part in parts_of(content) if "image" in str(part.get("type")))
    calls = message.get("tool_calls")
    return (
        _PER_MESSAGE
        + count(text_of(content))
        + count(str(message.get("arguments") or message.get("output") or ""))
        + (count(json.dumps(calls)) if calls else 0)
        + images * _PER_IMAGE
    )


def count_prompt(messages: Sequence[Mapping[str, Any]], tools: object) -> int:
    """The tokens of a whole prompt."""
    return sum(map(count_message, messages)) + _count_tools(tools)


def count_cached(messages: Sequence[Mapping[str, Any]], tools: object) -> int:
    """How much of the prompt was sent before: what precedes the model's newest turn, in whole blocks.

    It follows from the request alone, so the same request always costs the same.
    """
    newest = max((at for at, message in enumerate(messages) if _is_from_model(message)), default=0)
    if not newest:
        return 0
    known = count_prompt(messages[:newest], tools)
    return known // _CACHE_BLOCK * _CACHE_BLOCK


def count_reasoning(model: str, effort: object, prompt_tokens: int) -> int:
    """Reasoning tokens of the models that reason: a share of the prompt that grows with the effort."""
    if not (effort or re.match(r"o\d|gpt-5", model)):
        return 0
    share = {"none": 0.0, "minimal": 0.0, "low": 0.1, "high": 0.4, "xhigh": 0.6}.get(str(effort), 0.2)
    return round(prompt_tokens * share)


def _count_tools(tools: object) -> int:
    return count(json.dumps(tools)) if tools else 0


def _is_from_model(message: Mapping[str, Any]) -> bool:
    return message.get("role") == "assistant" or message.get("type") == "function_call"
