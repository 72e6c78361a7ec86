"""What happened inside a block: calls, tokens, money and errors, added up from any thread."""

from __future__ import annotations

import os
import threading
from typing import Final

from opentelemetry import trace

from .. import pricing
from ..model import Usage
from ..semconv import values

MOST_SPANS: Final = 1000

_lock = threading.RLock()  # a signal handler that interrupts its holder may come here, too


def _free_the_lock() -> None:
    """In a forked child nobody is left to release a lock that another thread held."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_the_lock)


class Tally:
    """The sums of one block. An operation counts when it ends; one that outlives the block comes too late."""

    __slots__ = (
        "costs",
        "errors",
        "inference_calls",
        "input_tokens",
        "models",
        "operations",
        "output_tokens",
        "own_inference_calls",
        "own_tool_calls",
        "spans",
        "tool_calls",
        "unpriced_calls",
    )

    def __init__(self) -> None:
        self.operations = 0
        """Everything that ended inside: calls to models, tools, retrievals, agents, ..."""
        self.inference_calls = 0
        self.tool_calls = 0
        self.own_inference_calls = 0
        """Those that no inner agent made."""
        self.own_tool_calls = 0
        self.input_tokens = 0
        self.output_tokens = 0
        self.costs: dict[str, float] = {}
        """By currency: different currencies are never added."""
        self.unpriced_calls = 0
        self.errors = 0
        self.models: dict[str, int] = {}
        """Calls by the model that answered, else the one asked for."""
        self.spans: list[trace.Span] | None = None
        """Those of the operations, where somebody draws them: the first :data:`MOST_SPANS` that are recorded."""

    def keep(self, span: trace.Span) -> None:
        """Hold a span of which an operation ended, if somebody draws it."""
        if self.spans is not None and len(self.spans) < MOST_SPANS and span.is_recording():
            self.spans.append(span)


def count_step(
    tallies: tuple[Tally, ...], agent: Tally | None, operation: str | None, failed: bool, span: trace.Span
) -> None:
    """Something that is no call to a model ended inside the blocks of ``tallies``; ``agent`` is the nearest agent's."""
    tool = operation == values.EXECUTE_TOOL
    with _lock:
        for tally in tallies:
            tally.operations += 1
            tally.tool_calls += tool
            tally.errors += failed
            tally.keep(span)
        if agent is not None:
            agent.own_tool_calls += tool


def count_call(
    tallies: tuple[Tally, ...],
    agent: Tally | None,
    operation: str,
    model: str | None,
    usage: Usage | None,
    outcome: pricing.Cost | pricing.Unpriced | None,
    failed: bool,
    span: trace.Span,
) -> None:
    """A call to a model ended inside the blocks of ``tallies``; ``agent`` is the nearest agent's."""
    inference = operation in values.INFERENCE_OPERATIONS
    with _lock:
        for tally in tallies:
            tally.operations += 1
            tally.inference_calls += inference
            tally.errors += failed
            tally.keep(span)
            if model is not None:
                tally.models[model] = tally.models.get(model, 0) + 1
            if usage is not None:
                tally.input_tokens += usage.input_tokens or 0
                tally.output_tokens += usage.output_tokens or 0
            if isinstance(outcome, pricing.Cost):
                tally.costs[outcome.currency] = tally.costs.get(outcome.currency, 0.0) + outcome.amount
            elif outcome is not None:
                tally.unpriced_calls += 1
        if agent is not None:
            agent.own_inference_calls += inference
