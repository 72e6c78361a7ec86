"""A fault of ours in one part of an ending takes from the others as little as can be."""

from __future__ import annotations

from typing import Any, Final

import pytest

from otel_genai_instr import guard

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply
from . import injection

MESSAGES: Final = [{"role": "user", "content": "hi"}]
DURATION: Final = "gen_ai.client.inference.duration"
TOKENS: Final = "gen_ai.client.inference.usage.input_tokens"
COST: Final = "gen_ai.client.operation.cost"
SPAN_MODEL: Final = "gen_ai.response.model"
SPAN_TOKENS: Final = "gen_ai.usage.input_tokens"
SPAN_COST: Final = "gen_ai.usage.cost.amount"
SPAN_OUTPUT: Final = "gen_ai.output.messages"
SPAN_REASONS: Final = "gen_ai.response.finish_reasons"
SPAN_INPUT: Final = "gen_ai.input.messages"
CONTENT: Final = {SPAN_INPUT, SPAN_OUTPUT}
EVERYTHING: Final = {DURATION, TOKENS, COST, SPAN_MODEL, SPAN_TOKENS, SPAN_COST, SPAN_REASONS, *CONTENT}

LOST: Final = {
    "telemetry.metrics:Metrics.record_duration": {DURATION},
    "telemetry.metrics:Metrics.record_usage": {TOKENS, COST},
    "pricing.pricer:Pricer.price": {COST, SPAN_COST},
    "telemetry.attributes:add_usage": {SPAN_TOKENS},
    "telemetry.attributes:add_details": {SPAN_REASONS},
    "telemetry.content:of_request": {SPAN_INPUT},
    "telemetry.content:of_output": {SPAN_OUTPUT},
    "telemetry.content:fit": CONTENT,
    "telemetry.series:SeriesTable.find": {DURATION, TOKENS, COST},
    "providers.openai.content:read_chat_content": {SPAN_INPUT},
    "providers.openai.answers:ChatAnswer.response": EVERYTHING - {DURATION, SPAN_REASONS, *CONTENT},
    "providers.openai.answers:ChatAnswer.details": {SPAN_REASONS},
    "providers.openai.answers:ChatAnswer.output": {SPAN_OUTPUT},
}
"""What is made to raise, and what may be missing then."""


def told(capture: Capture) -> set[str]:
    """Which of everything one call exports."""
    provider = FakeProvider(None, json_reply(answers.chat()))
    client: Any = provider.client()
    capture.instrument(capture_content="span_only")
    try:
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    finally:
        capture.uninstrument()
    return EVERYTHING & {*capture.metrics(), *capture.attributes()}


@pytest.mark.parametrize("broken", LOST)
def test_the_rest_is_told(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "strict", False)
    assert told(Capture()) == EVERYTHING
    with injection.raising(injection.functions()[broken]):
        rest = told(Capture())
    assert injection.hits == 1
    assert EVERYTHING - rest == LOST[broken]
