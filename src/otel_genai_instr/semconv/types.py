"""Attributes that are no text. Some stores make text of all: ClickHouse of every value, Jaeger on disk of lists."""

from __future__ import annotations

from typing import Final

from . import attributes as names
from . import own
from .usage import USAGE

_COUNTS: Final = (
    *USAGE.values(),
    names.SERVER_PORT,
    names.HTTP_RESPONSE_STATUS_CODE,
    names.REQUEST_MAX_TOKENS,
    names.REQUEST_CHOICE_COUNT,
    names.REQUEST_TOP_K,
    names.REQUEST_SEED,
    names.EMBEDDINGS_DIMENSION_COUNT,
    names.RETRIEVAL_TOP_K,
    names.MEMORY_RECORD_COUNT,
    own.REQUEST_ATTEMPTS,
    own.COUNT_TOKENS_INPUT_TOKENS,
    own.INPUT_MESSAGE_COUNT,
    own.OUTPUT_LENGTH,
    own.CONTENT_CUT_BYTES,
    own.BATCH_REQUEST_COUNT,
    own.BATCH_FAILED_COUNT,
    own.TOTAL_INPUT_TOKENS,
    own.TOTAL_OUTPUT_TOKENS,
    own.TOTAL_INFERENCE_CALLS,
    own.TOTAL_TOOL_CALLS,
    own.TOTAL_UNPRICED_CALLS,
)
_NUMBERS: Final = (
    names.REQUEST_TEMPERATURE,
    names.REQUEST_TOP_P,
    names.REQUEST_FREQUENCY_PENALTY,
    names.REQUEST_PRESENCE_PENALTY,
    names.RESPONSE_TIME_TO_FIRST_CHUNK,
    names.USAGE_COST_AMOUNT,
    own.COST_INPUT,
    own.COST_CACHE_READ,
    own.COST_CACHE_WRITE,
    own.COST_OUTPUT,
    own.COST_OTHER,
    own.TOTAL_COST,
)
_FLAGS: Final = (names.REQUEST_STREAM, names.CONVERSATION_COMPACTED, own.COST_ESTIMATED)
_LISTS: Final = (
    names.REQUEST_STOP_SEQUENCES,
    names.REQUEST_ENCODING_FORMATS,
    names.RESPONSE_FINISH_REASONS,
    own.OUTPUT_TOOL_NAMES,
    own.APP_TAGS,
)

NOT_TEXT: Final = frozenset((*_COUNTS, *_NUMBERS, *_FLAGS, *_LISTS))
"""Numbers, flags and lists, on spans."""
