"""Neutral data to span attributes. Pure functions; ``None`` and zero breakdowns are left out."""

from __future__ import annotations

from opentelemetry.util.types import AttributeValue

from .. import pricing
from ..model import Details, Endpoint, Failure, Request, Response, Usage
from ..semconv import attributes as names
from ..semconv import own
from ..semconv.usage import USAGE, USAGE_TOTALS
from .scope import Scope

Attributes = dict[str, AttributeValue]


def of_request(request: Request, endpoint: Endpoint) -> Attributes:
    """Everything that is known before the call, so that samplers can decide on it."""
    attributes: Attributes = {
        names.OPERATION_NAME: request.operation,
        **endpoint.attributes,
        **request.attributes,
    }
    if request.model is not None:
        attributes[names.REQUEST_MODEL] = request.model
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
    if response.model is not None:
        attributes[names.RESPONSE_MODEL] = response.model
    if response.dimensions:
        attributes.update(response.dimensions)


def add_details(attributes: Attributes, details: Details, open_choice: str | None) -> None:
    """What else came back; ``open_choice`` stands for a choice that has no finish reason."""
    if details.attributes:
        attributes.update(details.attributes)
    reasons = details.finish_reasons
    if None in reasons:
        said = (open_choice if reason is None else reason for reason in reasons)
        reasons = [reason for reason in said if reason is not None]
    if reasons:
        attributes[names.RESPONSE_FINISH_REASONS] = reasons  # type: ignore[assignment]  # none of them is `None`


def add_usage(attributes: Attributes, usage: Usage) -> None:
    """Token counts. A total of zero is a fact, a part of zero says nothing."""
    for field, value in usage.__dict__.items():
        if field in USAGE and (value or (value is not None and field in USAGE_TOTALS)):
            attributes[USAGE[field]] = value
    if usage.estimated:  # priced or not
        attributes[own.COST_ESTIMATED] = True


def add_cost(attributes: Attributes, cost: pricing.Cost) -> None:
    """Amount, currency, source, and how the amount came about."""
    amount, currency, source, version, model, fresh, read, write, output, other, _estimated = cost
    attributes[names.USAGE_COST_AMOUNT] = amount
    attributes[names.USAGE_COST_CURRENCY] = currency
    attributes[names.USAGE_COST_SOURCE] = source
    if version is not None:
        attributes[own.COST_PRICE_VERSION] = version
    if model is not None:
        attributes[own.COST_MODEL] = model
    if fresh is not None:
        attributes[own.COST_INPUT] = fresh
    if read is not None:
        attributes[own.COST_CACHE_READ] = read
    if write is not None:
        attributes[own.COST_CACHE_WRITE] = write
    if output is not None:
        attributes[own.COST_OUTPUT] = output
    if other is not None:
        attributes[own.COST_OTHER] = other


def add_failure(attributes: Attributes, failure: Failure) -> None:
    """Class, HTTP status and code; never the message."""
    attributes[names.ERROR_TYPE] = failure.type
    if failure.status_code is not None:
        attributes[names.HTTP_RESPONSE_STATUS_CODE] = failure.status_code
    if failure.code is not None:
        attributes[own.ERROR_CODE] = failure.code
