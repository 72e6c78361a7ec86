"""Neutral data to span attributes. Pure functions; ``None`` and zero breakdowns are left out."""

from __future__ import annotations

import operator
from typing import Final

from opentelemetry.util.types import AttributeValue

from .. import pricing
from ..model import Endpoint, Failure, Request, Response, Usage
from ..semconv import attributes as names
from ..semconv import own
from ..semconv.usage import USAGE_PARTS, USAGE_TOTALS
from .scope import Scope

Attributes = dict[str, AttributeValue]


_REQUEST: Final = {
    "operation": names.OPERATION_NAME,
    "model": names.REQUEST_MODEL,
    "stream": names.REQUEST_STREAM,
    "choice_count": names.REQUEST_CHOICE_COUNT,
    "max_tokens": names.REQUEST_MAX_TOKENS,
    "temperature": names.REQUEST_TEMPERATURE,
    "top_p": names.REQUEST_TOP_P,
    "top_k": names.REQUEST_TOP_K,
    "seed": names.REQUEST_SEED,
    "frequency_penalty": names.REQUEST_FREQUENCY_PENALTY,
    "presence_penalty": names.REQUEST_PRESENCE_PENALTY,
    "stop_sequences": names.REQUEST_STOP_SEQUENCES,
    "reasoning_level": names.REQUEST_REASONING_LEVEL,
    "output_type": names.OUTPUT_TYPE,
    "conversation_id": names.CONVERSATION_ID,
    "previous_response_id": names.REQUEST_PREVIOUS_RESPONSE_ID,
    "response_id": names.RESPONSE_ID,
    "stream_cursor": names.REQUEST_STREAM_CURSOR,
    "encoding_formats": names.REQUEST_ENCODING_FORMATS,
    "dimension_count": names.EMBEDDINGS_DIMENSION_COUNT,
}
_RESPONSE: Final = {
    "id": names.RESPONSE_ID,
    "model": names.RESPONSE_MODEL,
    "status": names.RESPONSE_STATUS,
    "conversation_id": names.CONVERSATION_ID,
    "dimension_count": names.EMBEDDINGS_DIMENSION_COUNT,
}
"""Fields of a record, and the attributes they become."""

_COST_PARTS: Final = (
    ("input", own.COST_INPUT),
    ("cache_read", own.COST_CACHE_READ),
    ("cache_write", own.COST_CACHE_WRITE),
    ("output", own.COST_OUTPUT),
    ("other", own.COST_OTHER),
    ("price_version", own.COST_PRICE_VERSION),
    ("model", own.COST_MODEL),
)
_cost_parts: Final = operator.attrgetter(*(field for field, _ in _COST_PARTS))
_COST_NAMES: Final = tuple(name for _, name in _COST_PARTS)


def of_request(request: Request, endpoint: Endpoint) -> Attributes:
    """Everything that is known before the call, so that samplers can decide on it."""
    attributes: Attributes = {names.PROVIDER_NAME: endpoint.provider}
    if endpoint.address is not None:
        attributes[names.SERVER_ADDRESS] = endpoint.address
        if endpoint.port is not None:
            attributes[names.SERVER_PORT] = endpoint.port
    for field, value in request.__dict__.items():
        if value is not None and field in _REQUEST:
            attributes[_REQUEST[field]] = value
    if request.choice_count == 1:
        del attributes[names.REQUEST_CHOICE_COUNT]
    if request.specific:
        attributes.update(request.specific)
    return attributes


def add_scope(attributes: Attributes, scope: Scope, inference: bool) -> None:
    """What the surrounding blocks say of a call; what the call says itself wins."""
    for name, value in scope.attributes.items():
        attributes.setdefault(name, value)
    if inference:
        if scope.conversation_id is not None:
            attributes.setdefault(names.CONVERSATION_ID, scope.conversation_id)
        attributes.update(scope.prompt)


def add_response(attributes: Attributes, response: Response) -> None:
    """What the response says, tokens excluded."""
    for field, value in response.__dict__.items():
        if value is not None and field in _RESPONSE:
            attributes[_RESPONSE[field]] = value
    if response.specific:
        attributes.update(response.specific)


def add_usage(attributes: Attributes, usage: Usage) -> None:
    """Token counts. A total of zero is a fact, a part of zero says nothing."""
    for field, value in usage.__dict__.items():
        if value and field in USAGE_PARTS:
            attributes[USAGE_PARTS[field]] = value
        elif value is not None and field in USAGE_TOTALS:
            attributes[USAGE_TOTALS[field]] = value
    if usage.estimated:  # priced or not
        attributes[own.COST_ESTIMATED] = True


def add_cost(attributes: Attributes, cost: pricing.Cost) -> None:
    """Amount, currency, source, and how the amount came about."""
    attributes[names.USAGE_COST_AMOUNT] = cost.amount
    attributes[names.USAGE_COST_CURRENCY] = cost.currency
    attributes[names.USAGE_COST_SOURCE] = cost.source
    for name, value in zip(_COST_NAMES, _cost_parts(cost), strict=True):
        if value is not None:
            attributes[name] = value


def add_failure(attributes: Attributes, failure: Failure) -> None:
    """Class, HTTP status and code; never the message."""
    attributes[names.ERROR_TYPE] = failure.type
    if failure.status_code is not None:
        attributes[names.HTTP_RESPONSE_STATUS_CODE] = failure.status_code
    if failure.code is not None:
        attributes[own.ERROR_CODE] = failure.code
