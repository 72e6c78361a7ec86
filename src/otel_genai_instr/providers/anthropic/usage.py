"""``usage`` of a message to the neutral usage, and what it says of how the message was made.

Anthropic's ``input_tokens`` are those that no cache has to do with: the neutral total is theirs and the cached ones'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...model import Usage
from ..fields import as_count, as_list, as_str, fields_of

_WEB_SEARCH: Final = "web_search_call"
# What no list has a price for, so that a call that had it gets no cost instead of one that is too low or too high.
_OTHER_MODEL: Final = "other_model_call"
_FALLBACK_CREDIT: Final = "fallback_credit"
_WRITE_OF_UNKNOWN_LIFE: Final = "cache_write_of_unknown_life"

_UNKNOWN_REGION: Final = "not_available"
_FAST: Final = "fast"


def read_usage(usage: object) -> Usage | None:
    """``usage`` of a message, or what the events of a stream have said of it so far."""
    if usage is None:
        return None
    said = fields_of(usage)
    read = _read_tokens(said)
    if read is None:
        return None
    units: dict[str, float] = {}
    if (tools := said.get("server_tool_use")) is not None:
        # Fetched pages cost their tokens only; code is charged by container, which several messages can share.
        # (https://platform.claude.com/docs/en/about-claude/pricing)
        _count(units, _WEB_SEARCH, as_count(fields_of(tools).get("web_search_requests")))
    if (credit := said.get("fallback_credit")) is not None:
        # Tokens that the cache was written with are charged as if they had been read from it.
        status = fields_of(fields_of(credit).get("status"))
        _count(units, _FALLBACK_CREDIT, 1 if as_str(status.get("type")) == "redeemed" else 0)
    _count(units, _WRITE_OF_UNKNOWN_LIFE, _writes_of_unknown_life(said, read))
    if (iterations := said.get("iterations")) is not None:
        _add_iterations(read, units, iterations)
    if units:
        read.units = units
    return read


def service_tier_of(usage: Mapping[str, Any]) -> str | None:
    """The tier that the message was made in; fast mode counts as one, because it has prices of its own."""
    tier = as_str(usage.get("service_tier"))
    if tier in (None, "standard") and as_str(usage.get("speed")) == _FAST:
        return _FAST
    return tier


def region_of(usage: Mapping[str, Any]) -> str | None:
    """Where the message was made; models that can't be told to stay in a place say nothing of it."""
    region = as_str(usage.get("inference_geo"))
    return None if region == _UNKNOWN_REGION else region


def fallback_model_of(usage: Mapping[str, Any]) -> str | None:
    """The model that answered after the one that was asked had declined."""
    for entry in as_list(usage.get("iterations")):
        iteration = fields_of(entry)
        if as_str(iteration.get("type")) == "fallback_message":
            return as_str(iteration.get("model"))
    return None


def _read_tokens(said: Mapping[str, Any]) -> Usage | None:
    """The tokens of a message, or of one iteration on the way to it."""
    fresh, output = as_count(said.get("input_tokens")), as_count(said.get("output_tokens"))
    if fresh is None and output is None:
        return None
    read = Usage()
    if output is not None:
        read.output_tokens = output
    if fresh is not None:
        cached = as_count(said.get("cache_read_input_tokens")) or 0
        for_minutes, for_an_hour = _writes_by_life(said)
        written = as_count(said.get("cache_creation_input_tokens"))
        if written is None:
            written = for_minutes + for_an_hour
        read.input_tokens = as_count(fresh + cached + written)
        if cached:
            read.cache_read_tokens = cached
        if written:
            read.cache_write_tokens = written
        if for_an_hour:
            read.cache_write_1h_tokens = for_an_hour
    if (details := said.get("output_tokens_details")) is not None and (
        thinking := as_count(fields_of(details).get("thinking_tokens"))
    ):
        read.reasoning_tokens = thinking
    return read


def _writes_by_life(said: Mapping[str, Any]) -> tuple[int, int]:
    writes = said.get("cache_creation")
    if writes is None:
        return 0, 0
    by_life = fields_of(writes)
    return (
        as_count(by_life.get("ephemeral_5m_input_tokens")) or 0,
        as_count(by_life.get("ephemeral_1h_input_tokens")) or 0,
    )


def _writes_of_unknown_life(said: Mapping[str, Any], read: Usage) -> int:
    """Only the start of a stream tells them apart; of what is written later, five minutes are not certain then."""
    for_minutes, for_an_hour = _writes_by_life(said)
    return (read.cache_write_tokens or 0) - for_minutes - for_an_hour if for_an_hour else 0


def _add_iterations(read: Usage, units: dict[str, float], iterations: object) -> None:
    """What the totals leave out: the summaries of a compaction, and other models that were asked on the way."""
    models: list[str] = []
    for entry in as_list(iterations):
        iteration = fields_of(entry)
        kind = as_str(iteration.get("type"))
        tokens = _read_tokens(iteration)
        if tokens is None or not (tokens.input_tokens or tokens.output_tokens):
            continue
        model = as_str(iteration.get("model"))
        if kind == "compaction":
            _add(read, tokens)
        elif kind == "advisor_message":
            _count(units, _OTHER_MODEL, 1)
        elif model is not None:
            models.append(model)
    # Where several models were asked, the last one wrote the message and the others declined.
    _count(units, _OTHER_MODEL, sum(model != models[-1] for model in models))


def _add(read: Usage, more: Usage) -> None:
    for name, count in more.__dict__.items():
        setattr(read, name, as_count((getattr(read, name) or 0) + count))


def _count(units: dict[str, float], unit: str, count: int | None) -> None:
    if count and count > 0:
        units[unit] = units.get(unit, 0.0) + float(count)
