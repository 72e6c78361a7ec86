"""Token usage of the three APIs to the neutral usage. OpenAI's totals include cached and reasoning tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...model import Usage
from ..fields import as_count, as_float, fields_of

_INPUT_PARTS: Final = {
    "cached_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "text_tokens": "text_input_tokens",
    "image_tokens": "image_input_tokens",
    "audio_tokens": "audio_input_tokens",
}
_CACHED_PARTS: Final = {
    "text_tokens": "text_cache_read_tokens",
    "image_tokens": "image_cache_read_tokens",
    "audio_tokens": "audio_cache_read_tokens",
}
_OUTPUT_PARTS: Final = {
    "reasoning_tokens": "reasoning_tokens",
    "text_tokens": "text_output_tokens",
    "image_tokens": "image_output_tokens",
    "audio_tokens": "audio_output_tokens",
}
"""What the details say, and the field of the usage that it becomes."""


def read_chat_usage(usage: object) -> Usage | None:
    """``usage`` of a chat completion, of its last chunk, or of embeddings."""
    if usage is None:
        return None
    said = fields_of(usage)
    read = _read(
        said,
        said.get("prompt_tokens"),
        said.get("completion_tokens"),
        said.get("prompt_tokens_details"),
        said.get("completion_tokens_details"),
    )
    if "prompt_cache_hit_tokens" in said and read is not None and read.cache_read_tokens is None:  # DeepSeek's own name
        read.cache_read_tokens = as_count(said["prompt_cache_hit_tokens"])
    return read


def read_responses_usage(usage: object) -> Usage | None:
    """``usage`` of a response."""
    if usage is None:
        return None
    said = fields_of(usage)
    return _read(
        said,
        said.get("input_tokens"),
        said.get("output_tokens"),
        said.get("input_tokens_details"),
        said.get("output_tokens_details"),
    )


def _read(
    said: Mapping[str, Any], inputs: object, outputs: object, input_details: object, output_details: object
) -> Usage | None:
    cost = _reported_cost(said["cost"]) if "cost" in said else None
    input_tokens, output_tokens = as_count(inputs), as_count(outputs)
    if input_tokens is None and output_tokens is None and cost is None:
        return None
    read = Usage()
    read.input_tokens = input_tokens
    read.output_tokens = output_tokens
    if cost is not None:
        read.provider_cost = cost
    if input_details is not None:
        details = fields_of(input_details)
        _put(read, details, _INPUT_PARTS)
        if "cached_tokens_details" in details:
            _put(read, fields_of(details["cached_tokens_details"]), _CACHED_PARTS)
    if output_details is not None:
        _put(read, fields_of(output_details), _OUTPUT_PARTS)
    return read


def _put(read: Usage, details: Mapping[str, Any], parts: Mapping[str, str]) -> None:
    """Only parts that are there: most are absent or zero, and a part of zero says nothing."""
    for name, value in details.items():
        if value and name in parts:
            count = as_count(value)
            if count is not None:
                setattr(read, parts[name], count)


def _reported_cost(cost: object) -> float | None:
    """OpenRouter reports a number, Perplexity an object with a total; both in US dollars."""
    if cost is None:
        return None
    amount = as_float(cost)
    return amount if amount is not None else as_float(fields_of(cost).get("total_cost"))
