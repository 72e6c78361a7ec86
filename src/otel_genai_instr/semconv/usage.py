"""Token counts: the field of ``model.Usage``, and the attribute that it is on a span."""

from __future__ import annotations

from typing import Final

from . import attributes as names
from . import own

USAGE: Final = {
    "input_tokens": names.USAGE_INPUT_TOKENS,
    "output_tokens": names.USAGE_OUTPUT_TOKENS,
    "cache_read_tokens": names.USAGE_CACHE_READ_INPUT_TOKENS,
    "cache_write_tokens": names.USAGE_CACHE_WRITE_INPUT_TOKENS,
    "cache_write_1h_tokens": own.USAGE_CACHE_WRITE_1H_INPUT_TOKENS,
    "reasoning_tokens": names.USAGE_REASONING_OUTPUT_TOKENS,
    "text_input_tokens": names.USAGE_TEXT_INPUT_TOKENS,
    "image_input_tokens": names.USAGE_IMAGE_INPUT_TOKENS,
    "audio_input_tokens": names.USAGE_AUDIO_INPUT_TOKENS,
    "text_output_tokens": names.USAGE_TEXT_OUTPUT_TOKENS,
    "image_output_tokens": names.USAGE_IMAGE_OUTPUT_TOKENS,
    "audio_output_tokens": names.USAGE_AUDIO_OUTPUT_TOKENS,
    "text_cache_read_tokens": names.USAGE_TEXT_CACHE_READ_INPUT_TOKENS,
    "image_cache_read_tokens": names.USAGE_IMAGE_CACHE_READ_INPUT_TOKENS,
    "audio_cache_read_tokens": names.USAGE_AUDIO_CACHE_READ_INPUT_TOKENS,
}
USAGE_TOTALS: Final = frozenset({"input_tokens", "output_tokens"})
"""A total of zero is a fact; a part of zero, as all others are, says nothing."""
