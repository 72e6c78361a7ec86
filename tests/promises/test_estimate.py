"""Tokens that no provider reported, counted here: only when asked for, and marked wherever they show."""

from __future__ import annotations

from typing import Any

import pytest

from otel_genai_instr.pricing import Estimator

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply

tiktoken = pytest.importorskip("tiktoken")

MESSAGES = [{"role": "user", "content": "abcd"}]


def _estimator() -> Estimator:
    """One token a byte: an encoding made here, because the real ones come from the network."""

    def load(name: str) -> Any:
        ranks = {bytes([value]): value for value in range(256)}
        return tiktoken.Encoding(name, pat_str=r"[\s\S]", mergeable_ranks=ranks, special_tokens={})

    estimator = Estimator(load)
    estimator.load()
    return estimator


def _ask(capture: Capture, model: str = "gpt-4o-mini-2024-07-18", **usage: Any) -> None:
    answer = answers.chat(model=model)
    del answer["usage"]
    answer.update(usage)
    client: Any = FakeProvider(capture.clock).then(json_reply(answer)).client()
    client.chat.completions.create(model=model, messages=MESSAGES)


def test_missing_usage_is_counted_and_marked(capture: Capture) -> None:
    capture.instrument(estimate_usage=True, estimator=_estimator())
    _ask(capture)
    attributes = capture.attributes()
    text = answers.chat()["choices"][0]["message"]["content"]
    # Three around the message, its role, its text, three for the answer's beginning.
    assert attributes["gen_ai.usage.input_tokens"] == 3 + len("user") + len("abcd") + 3
    assert attributes["gen_ai.usage.output_tokens"] == len(text)
    assert attributes["otel_genai.cost.estimated"] is True
    assert attributes["gen_ai.usage.cost.amount"] > 0
    assert "gen_ai.input.messages" not in attributes
    for metric in ("gen_ai.client.operation.cost", "gen_ai.client.inference.operation.input_tokens"):
        (point,) = capture.metrics()[metric]
        assert point["attributes"]["otel_genai.cost.estimated"] is True


@pytest.mark.parametrize("settings", [{}, {"cost": False}], ids=["no price", "no cost"])
def test_counted_tokens_are_marked_without_a_price_too(capture: Capture, settings: dict[str, Any]) -> None:
    capture.instrument(estimate_usage=True, estimator=_estimator(), **settings)
    _ask(capture, model="no-such-model")
    attributes = capture.attributes()
    assert attributes["gen_ai.usage.output_tokens"] > 0
    assert "gen_ai.usage.cost.amount" not in attributes
    assert attributes["otel_genai.cost.estimated"] is True


def test_reported_usage_is_taken_as_it_is(capture: Capture) -> None:
    capture.instrument(estimate_usage=True, estimator=_estimator())
    _ask(capture, usage=answers.CHAT_USAGE)
    assert capture.attributes()["gen_ai.usage.input_tokens"] == answers.CHAT_USAGE["prompt_tokens"]
    assert "otel_genai.cost.estimated" not in capture.attributes()


def test_nobody_counts_unless_asked(capture: Capture) -> None:
    capture.instrument()
    _ask(capture)
    assert "gen_ai.usage.input_tokens" not in capture.attributes()
    assert capture.attributes()["otel_genai.cost.unpriced_reason"] == "no_usage"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"prompt": ["abcd", "ef"]}, 6),
        ({"prompt": "abcd", "suffix": "."}, None),
        ({"prompt": "abcd", "echo": True}, None),
        ({"prompt": "abcd", "best_of": 3}, None),
    ],
    ids=["texts", "with_a_suffix", "echoed", "best_of_three"],
)
def test_a_legacy_completion_has_no_frame(asked: dict[str, Any], expected: int | None, capture: Capture) -> None:
    capture.instrument(estimate_usage=True, estimator=_estimator())
    client: Any = FakeProvider(capture.clock).then(json_reply(answers.completion(usage=None))).client()
    client.completions.create(model="gpt-3.5-turbo-instruct", **asked)
    assert capture.attributes().get("gen_ai.usage.input_tokens") == expected
    assert capture.attributes()["gen_ai.usage.output_tokens"] == len("Hello")
    assert ("gen_ai.usage.cost.amount" in capture.attributes()) is (expected is not None)
