"""Decisions: questions are answered by a model that is charged for its input only."""

from __future__ import annotations

from typing import Any

import pytest

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply
from ..support.sdk import HAS_DECISIONS
from ..support.under_test import PROMPT
from .either import call, run

pytestmark = pytest.mark.skipif(not HAS_DECISIONS, reason="this openai has no decisions")
ASKED: dict[str, Any] = {
    "model": "gpt-6-luna",
    "input": PROMPT,
    "questions": [{"type": "predicate", "name": "urgent", "instructions": "The user is in a hurry."}],
}


def _usage(tokens: int, cached: int = 0, written: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "input_tokens": tokens,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "output_tokens": 2,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": tokens + 2,
        **more,
    }


# A million tokens of input cost $0.10, whether they came from a cache or not, and output costs nothing.
USAGES: dict[str, tuple[Any, float | str]] = {
    "input": (_usage(1000), 1000 * 0.10 / 1e6),
    "input of which a part was cached": (_usage(3000, cached=2000), 3000 * 0.10 / 1e6),
    "input of which a part was written to a cache": (_usage(3000, written=2000), 3000 * 0.10 / 1e6),
    "a cost that the server tells": (_usage(1000, cost=0.25), 0.25),
    "parts that contradict the total": (_usage(1000, total_tokens=9000), "inconsistent_usage"),
    "nothing": (None, "no_usage"),
}


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("name", USAGES)
def test_what_is_asked_and_what_it_costs(name: str, is_async: bool, capture: Capture) -> None:
    usage, cost = USAGES[name]
    capture.instrument(capture_content="span_and_event")
    provider = FakeProvider(capture.clock).then(json_reply(answers.decision(usage=usage)))
    client: Any = provider.async_client() if is_async else provider.client()

    async def ask() -> Any:
        return await call(lambda: client.decisions.create(**ASKED))

    assert run(ask(), is_async=is_async).answers[0].probability == 0.75
    assert capture.span().name == "decision gpt-6-luna"
    attributes = capture.attributes()
    assert attributes["gen_ai.operation.name"] == "decision"
    assert attributes["gen_ai.response.model"] == "gpt-6-luna"
    assert attributes.get("gen_ai.usage.input_tokens") == (usage and usage["input_tokens"])
    assert "gen_ai.usage.output_tokens" not in attributes
    assert PROMPT not in str(capture.snapshot())
    assert capture.count("gen_ai.client.operation.duration") == 1
    if isinstance(cost, str):
        assert attributes["otel_genai.cost.unpriced_reason"] == cost
    else:
        assert attributes["gen_ai.usage.cost.amount"] == pytest.approx(cost, rel=1e-12)
