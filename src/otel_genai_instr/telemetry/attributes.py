"""Neutral data to span attributes. Pure functions; ``None`` and zero breakdowns are left out."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

from opentelemetry.util.types import AttributeValue

from .. import pricing
from ..model import Endpoint, Failure, Request, Response, Usage
from ..semconv import attributes as names
from ..semconv import own

Attributes = dict[str, AttributeValue]


class _Table:
    """Fields of a record and the attributes they become; all fields are fetched in one step."""

    def __init__(self, *rows: tuple[str, str]) -> None:
        fields, self._names = zip(*rows, strict=True)
        self._values = operator.attrgetter(*fields)

    def of(self, record: object) -> Iterator[tuple[Any, str]]:
        """Each value of ``record`` with its attribute's name."""
        return zip(self._values(record), self._names, strict=True)


_REQUEST_FIELDS = _Table(
    ("max_tokens", names.REQUEST_MAX_TOKENS),
    ("temperature", names.REQUEST_TEMPERATURE),
    ("top_p", names.REQUEST_TOP_P),
    ("top_k", names.REQUEST_TOP_K),
    ("seed", names.REQUEST_SEED),
    ("frequency_penalty", names.REQUEST_FREQUENCY_PENALTY),
    ("presence_penalty", names.REQUEST_PRESENCE_PENALTY),
    ("stop_sequences", names.REQUEST_STOP_SEQUENCES),
    ("reasoning_level", names.REQUEST_REASONING_LEVEL),
    ("output_type", names.OUTPUT_TYPE),
    ("conversation_id", names.CONVERSATION_ID),
    ("previous_response_id", names.REQUEST_PREVIOUS_RESPONSE_ID),
    ("response_id", names.RESPONSE_ID),
    ("stream_cursor", names.REQUEST_STREAM_CURSOR),
    ("encoding_formats", names.REQUEST_ENCODING_FORMATS),
    ("dimension_count", names.EMBEDDINGS_DIMENSION_COUNT),
)

_USAGE_PARTS = _Table(
    ("cache_read_tokens", names.USAGE_CACHE_READ_INPUT_TOKENS),
    ("cache_write_tokens", names.USAGE_CACHE_WRITE_INPUT_TOKENS),
    ("reasoning_tokens", names.USAGE_REASONING_OUTPUT_TOKENS),
    ("text_input_tokens", names.USAGE_TEXT_INPUT_TOKENS),
    ("image_input_tokens", names.USAGE_IMAGE_INPUT_TOKENS),
    ("audio_input_tokens", names.USAGE_AUDIO_INPUT_TOKENS),
    ("text_output_tokens", names.USAGE_TEXT_OUTPUT_TOKENS),
    ("image_output_tokens", names.USAGE_IMAGE_OUTPUT_TOKENS),
    ("audio_output_tokens", names.USAGE_AUDIO_OUTPUT_TOKENS),
)

_COST_PARTS = _Table(
    ("input", own.COST_INPUT),
    ("cache_read", own.COST_CACHE_READ),
    ("cache_write", own.COST_CACHE_WRITE),
    ("output", own.COST_OUTPUT),
    ("other", own.COST_OTHER),
    ("price_version", own.COST_PRICE_VERSION),
    ("model", own.COST_MODEL),
)


def of_request(request: Request, endpoint: Endpoint) -> Attributes:
    """Everything that is known before the call, so that samplers can decide on it."""
    attributes: Attributes = {
        names.OPERATION_NAME: request.operation,
        names.PROVIDER_NAME: endpoint.provider,
    }
    if request.model is not None:
        attributes[names.REQUEST_MODEL] = request.model
    if endpoint.address is not None:
        attributes[names.SERVER_ADDRESS] = endpoint.address
        if endpoint.port is not None:
            attributes[names.SERVER_PORT] = endpoint.port
    if request.stream:
        attributes[names.REQUEST_STREAM] = True
    if request.choice_count is not None and request.choice_count != 1:
        attributes[names.REQUEST_CHOICE_COUNT] = request.choice_count
    for value, name in _REQUEST_FIELDS.of(request):
        if value is not None:
            attributes[name] = value
    if request.specific:
        attributes.update(request.specific)
    return attributes


def of_response(response: Response) -> Attributes:
    """What the response says, tokens excluded."""
    attributes: Attributes = {}
    if response.id is not None:
        attributes[names.RESPONSE_ID] = response.id
    if response.model is not None:
        attributes[names.RESPONSE_MODEL] = response.model
    if response.status is not None:
        attributes[names.RESPONSE_STATUS] = response.status
    if response.conversation_id is not None:
        attributes[names.CONVERSATION_ID] = response.conversation_id
    if response.dimension_count is not None:
        attributes[names.EMBEDDINGS_DIMENSION_COUNT] = response.dimension_count
    if response.specific:
        attributes.update(response.specific)
    return attributes


def of_usage(usage: Usage) -> Attributes:
    """Token counts. A total of zero is a fact, a part of zero says nothing."""
    attributes: Attributes = {}
    if usage.input_tokens is not None:
        attributes[names.USAGE_INPUT_TOKENS] = usage.input_tokens
    if usage.output_tokens is not None:
        attributes[names.USAGE_OUTPUT_TOKENS] = usage.output_tokens
    for value, name in _USAGE_PARTS.of(usage):
        if value:
            attributes[name] = value
    return attributes


def of_cost(cost: pricing.Cost) -> Attributes:
    """Amount, currency, source, and how the amount came about."""
    attributes: Attributes = {
        names.USAGE_COST_AMOUNT: cost.amount,
        names.USAGE_COST_CURRENCY: cost.currency,
        names.USAGE_COST_SOURCE: cost.source,
    }
    for value, name in _COST_PARTS.of(cost):
        if value is not None:
            attributes[name] = value
    return attributes


def of_failure(failure: Failure) -> Attributes:
    """Class, HTTP status and code; never the message."""
    attributes: Attributes = {names.ERROR_TYPE: failure.type}
    if failure.status_code is not None:
        attributes[names.HTTP_RESPONSE_STATUS_CODE] = failure.status_code
    if failure.code is not None:
        attributes[own.ERROR_CODE] = failure.code
    return attributes
