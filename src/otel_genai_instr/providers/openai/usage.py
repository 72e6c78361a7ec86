"""Token usage of the three APIs to the neutral usage. OpenAI's totals include cached and reasoning tokens."""

from __future__ import annotations

from collections.abc import Mapping

from ...model import Usage
from ..fields import as_count, as_float, fields_of


def read_chat_usage(usage: object) -> Usage | None:
    """``usage`` of a chat completion, of its last chunk, or of embeddings."""
    counts = fields_of(usage)
    inputs = fields_of(counts.get("prompt_tokens_details"))
    outputs = fields_of(counts.get("completion_tokens_details"))
    # DeepSeek's own name for its cache hits.
    cached = inputs.get("cached_tokens", counts.get("prompt_cache_hit_tokens"))
    return _usage(counts.get("prompt_tokens"), counts.get("completion_tokens"), cached, inputs, outputs, counts)


def read_responses_usage(usage: object) -> Usage | None:
    """``usage`` of a response."""
    counts = fields_of(usage)
    inputs = fields_of(counts.get("input_tokens_details"))
    outputs = fields_of(counts.get("output_tokens_details"))
    cached = inputs.get("cached_tokens")
    return _usage(counts.get("input_tokens"), counts.get("output_tokens"), cached, inputs, outputs, counts)


def _usage(
    input_tokens: object,
    output_tokens: object,
    cached: object,
    inputs: Mapping[str, object],
    outputs: Mapping[str, object],
    counts: Mapping[str, object],
) -> Usage | None:
    read = Usage(
        input_tokens=as_count(input_tokens),
        output_tokens=as_count(output_tokens),
        cache_read_tokens=as_count(cached),
        provider_cost=_reported_cost(counts.get("cost")),
    )
    if inputs:
        read.cache_write_tokens = as_count(inputs.get("cache_write_tokens"))
        read.text_input_tokens = as_count(inputs.get("text_tokens"))
        read.image_input_tokens = as_count(inputs.get("image_tokens"))
        read.audio_input_tokens = as_count(inputs.get("audio_tokens"))
    if outputs:
        read.reasoning_tokens = as_count(outputs.get("reasoning_tokens"))
        read.text_output_tokens = as_count(outputs.get("text_tokens"))
        read.image_output_tokens = as_count(outputs.get("image_tokens"))
        read.audio_output_tokens = as_count(outputs.get("audio_tokens"))
    if read.input_tokens is None and read.output_tokens is None and read.provider_cost is None:
        return None
    return read


def _reported_cost(cost: object) -> float | None:
    """OpenRouter reports a number, Perplexity an object with a total; both in US dollars."""
    if cost is None:
        return None
    amount = as_float(cost)
    return amount if amount is not None else as_float(fields_of(cost).get("total_cost"))
