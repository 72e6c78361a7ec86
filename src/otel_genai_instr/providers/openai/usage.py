"""Token usage of the three APIs, as OpenAI itself reports it. Its totals include cached and reasoning tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...model import Usage
from ..fields import as_count, fields_of
from . import dialects

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


_PLAIN: Final = frozenset(
    {
        "prompt_tokens",
        "completion_tokens",
        "prompt_tokens_details",
        "completion_tokens_details",
        "input_tokens",
        "output_tokens",
        "input_tokens_details",
        "output_tokens_details",
        "total_tokens",
    }
)
_UNPRICED_DETAILS: Final = frozenset(
    {
        "cached_tokens_details",
        "cache_write_tokens_details",
        "accepted_prediction_tokens",
        "rejected_prediction_tokens",
    }
)
"""What OpenAI says, and what it says besides of the parts. Anything else is a dialect."""


def read_chat_usage(usage: object, model: object = None) -> Usage | None:
    """``usage`` of a chat completion, or of its last chunk; ``model`` answered."""
    if usage is None:
        return None
    said = fields_of(usage)
    return _read(
        said,
        said.get("prompt_tokens"),
        said.get("completion_tokens"),
        said.get("prompt_tokens_details"),
        said.get("completion_tokens_details"),
        model,
    )


def read_responses_usage(usage: object, model: object = None) -> Usage | None:
    """``usage`` of a response; ``model`` answered."""
    if usage is None:
        return None
    said = fields_of(usage)
    return _read(
        said,
        said.get("input_tokens"),
        said.get("output_tokens"),
        said.get("input_tokens_details"),
        said.get("output_tokens_details"),
        model,
    )


def read_embeddings_usage(usage: object) -> Usage | None:
    """``usage`` of embeddings, all of which is input."""
    if usage is None:
        return None
    said = fields_of(usage)
    read = Usage()
    read.input_tokens = tokens = as_count(said.get("prompt_tokens"))
    if tokens and tokens == said.get("total_tokens") and len(said) == 2:
        return read
    return dialects.complete_embeddings(read, said)


def _read(
    said: Mapping[str, Any],
    inputs: object,
    outputs: object,
    input_details: object,
    output_details: object,
    model: object,
) -> Usage | None:
    read = Usage()
    read.input_tokens = input_tokens = as_count(inputs)
    read.output_tokens = output_tokens = as_count(outputs)
    plain = _PLAIN.issuperset(said)
    if input_details is not None:
        details = fields_of(input_details)
        plain = _put(read, details, _INPUT_PARTS) and plain
        if "cached_tokens_details" in details:
            _put(read, fields_of(details["cached_tokens_details"]), _CACHED_PARTS)
    if output_details is not None:
        plain = _put(read, fields_of(output_details), _OUTPUT_PARTS) and plain
    if (
        plain
        and input_tokens
        and output_tokens is not None
        and input_tokens + output_tokens == said.get("total_tokens")
        and (read.reasoning_tokens or 0) <= output_tokens
    ):
        return read
    return dialects.complete(read, said, input_details, model)


def _put(read: Usage, details: Mapping[str, Any], parts: Mapping[str, str]) -> bool:
    """Only parts that are there: most are absent or zero, and a part of zero says nothing. Whether all are known."""
    known = True
    for name, value in details.items():
        if value:
            if name in parts:
                count = as_count(value)
                if count is not None:
                    setattr(read, parts[name], count)
            elif name not in _UNPRICED_DETAILS:
                known = False
    return known
