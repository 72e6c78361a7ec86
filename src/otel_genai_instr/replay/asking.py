"""What asking again will cost, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ..model import Usage
from ..pricing import Cost, Pricer, Unpriced
from ..semconv import attributes as names
from ..telemetry.content import messages_as_dicts
from .captured import CapturedCall
from .clients import Client
from .openai_bodies import Body

_LIMITS: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_MOST_OF_AN_ERROR: Final = 500


@dataclass(frozen=True)
class Question:
    """One model to be asked."""

    client: Client
    model: str
    body: Body
    input_tokens: int | None
    """As the recorded call had them; another model counts others."""
    output_tokens: int | None
    """At most so many, where ``is_limited``; else as many as were recorded."""
    is_limited: bool
    cost: Cost | Unpriced
    """Of so many, without any cache."""
    tier: str | None
    notes: Sequence[str]

    @property
    def host(self) -> str:
        """Where it goes, with the port where that isn't the usual one."""
        endpoint = self.client.endpoint
        usual = endpoint.port in (None, 443)
        return f"{endpoint.address}" if usual else f"{endpoint.address}:{endpoint.port}"


@dataclass
class Outcome:
    """What one model made of it."""

    model: str
    provider: str
    host: str | None
    answered_model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cost: float | None = None
    currency: str | None = None
    unpriced_reason: str | None = None
    duration_ms: float | None = None
    finish_reasons: list[str] = field(default_factory=list[str])
    error: str | None = None
    messages: list[Any] = field(default_factory=list[Any])
    """As the conventions have them."""


def question(call: CapturedCall, client: Client, model: str, pricer: Pricer) -> Question:
    """Prepare what one model is asked, and work out what it may cost.

    Raises:
        NotReplayable: for what can't be asked there.
    """
    notes: list[str] = []
    is_same_provider = client.endpoint.provider == call.provider
    body = client.body(call, notes)
    tier = call.tier if is_same_provider else None
    if tier is not None:
        body["service_tier"] = tier
    elif call.tier is not None:
        notes.append(f"the tier {call.tier} is another provider's word, and left out")
    limit = next((body[name] for name in _LIMITS if name in body), None)
    choices = body.get("n") or 1
    output = call.output_tokens if limit is None else limit * choices
    usage = Usage(input_tokens=call.input_tokens, output_tokens=output)
    is_known = call.input_tokens is not None and output is not None
    cost = _cost(client, pricer, model, None, usage if is_known else None, tier, None)
    unique = tuple(dict.fromkeys(notes))
    return Question(client, model, body, call.input_tokens, output, limit is not None, cost, tier, unique)


def ask(asked: Question, pricer: Pricer, seconds: float) -> Outcome:
    """Ask, and say what came, or why nothing did.

    Args:
        asked: what, and whom.
        pricer: knows prices of now.
        seconds: how long each attempt of the SDK may be silent.
    """
    outcome = Outcome(asked.model, asked.client.endpoint.provider, asked.host)
    began = time.perf_counter()
    try:
        reading = asked.client.ask(asked.model, asked.body, seconds)
    except Exception as error:  # the SDK's own, and whatever its transport raises
        outcome.error = f"{type(error).__name__}: {error}"[:_MOST_OF_AN_ERROR]
        return outcome
    finally:
        outcome.duration_ms = (time.perf_counter() - began) * 1e3
    response, details = reading.response(), reading.details()
    usage = response.usage
    outcome.answered_model = response.model
    if usage is not None:
        outcome.input_tokens, outcome.output_tokens = usage.input_tokens, usage.output_tokens
        outcome.cache_read_tokens = usage.cache_read_tokens
    outcome.finish_reasons = [reason for reason in details.finish_reasons if reason is not None]
    outcome.messages = list(messages_as_dicts(reading.output()))
    if response.error_code is not None:
        outcome.error = f"{response.error_code}: {response.error_message or ''}"[:_MOST_OF_AN_ERROR]
    tier = response.service_tier or asked.tier
    cost = _cost(asked.client, pricer, asked.model, response.model, usage, tier, response.region)
    if isinstance(cost, Cost):
        outcome.cost, outcome.currency = cost.amount, cost.currency
    else:
        outcome.unpriced_reason = cost.value
    return outcome


def recorded(call: CapturedCall) -> Outcome:
    """The call as it was."""
    cells = call.span.cells
    reasons = call.span.attributes.get(names.RESPONSE_FINISH_REASONS) or cells.get("finish_reason") or ()
    return Outcome(
        model=call.model,
        provider=call.provider,
        host=call.address,
        answered_model=cells.get("answered_model"),
        input_tokens=call.input_tokens,
        output_tokens=call.output_tokens,
        cache_read_tokens=cells.get("cache_read_tokens"),
        cost=cells.get("cost"),
        currency=cells.get("currency"),
        unpriced_reason=cells.get("unpriced_reason"),
        duration_ms=cells.get("duration_ms"),
        finish_reasons=[reasons] if isinstance(reasons, str) else list(reasons),
        error=cells.get("error"),
        messages=call.span.said(names.OUTPUT_MESSAGES) or [],
    )


def with_limit(call: CapturedCall, most: int) -> CapturedCall:
    """The call with another limit of output tokens."""
    return replace(call, parameters={**call.parameters, "max_tokens": most})


def without(call: CapturedCall, parameters: Sequence[str]) -> CapturedCall:
    """The call without some of what was asked for."""
    return replace(call, parameters={name: said for name, said in call.parameters.items() if name not in parameters})


def _cost(
    client: Client,
    pricer: Pricer,
    model: str,
    answered: str | None,
    usage: Usage | None,
    tier: str | None,
    region: str | None,
) -> Cost | Unpriced:
    endpoint = client.endpoint
    return pricer.price(
        endpoint.seller,
        model,
        answered,
        usage,
        service_tier=tier,
        region=region or endpoint.region,
        at=time.time(),
    )
