"""Usage in the words of servers that speak OpenAI's language; the table in docs/cost.md says whose. Values by hand."""

from __future__ import annotations

from typing import Any

import pytest

from otel_genai_instr.model import Usage
from otel_genai_instr.providers.openai.answers import ChatAnswer, EmbeddingsAnswer, ResponseAnswer
from otel_genai_instr.providers.openai.streams import ChatStreamReader


def chat(model: str, inputs: int | None, outputs: int | None, total: int | None, **more: Any) -> dict[str, Any]:
    usage = {"prompt_tokens": inputs, "completion_tokens": outputs, "total_tokens": total, **more}
    return {"model": model, "choices": [{"index": 0, "finish_reason": "stop"}], "usage": usage}


def reasoning(count: int) -> dict[str, Any]:
    return {"completion_tokens_details": {"reasoning_tokens": count}}


XAI = chat("grok-4.3", 1000, 10, 1910, **reasoning(900))
CASES: dict[str, tuple[dict[str, Any], Usage | None]] = {
    "beside": (XAI, Usage(input_tokens=1000, output_tokens=910, reasoning_tokens=900)),
    "inside": (
        chat("grok-4.3", 1000, 910, 1910, **reasoning(900)),
        Usage(input_tokens=1000, output_tokens=910, reasoning_tokens=900),
    ),
    "in the total": (
        chat("gemini-2.5-flash", 20, 200, 820),
        Usage(input_tokens=20, output_tokens=800, reasoning_tokens=600),
    ),
    "unexplained": (chat("gpt-4o", 20, 200, 820), Usage(input_tokens=20, output_tokens=200, inconsistent=True)),
    "more reasoning than output": (
        chat("grok-4.3", 1000, 10, 1010, **reasoning(900)),
        Usage(input_tokens=1000, output_tokens=10, reasoning_tokens=900, inconsistent=True),
    ),
    "two counts of the same": (
        chat("kimi-k2.6", 20, 1, 21, cached_tokens=5, cache_read_input_tokens=7),
        Usage(input_tokens=20, output_tokens=1, cache_read_tokens=7, inconsistent=True),
    ),
    "ticks": (
        chat("grok-4.3", 20, 1, 21, cost_in_usd_ticks=232856000),
        Usage(input_tokens=20, output_tokens=1, provider_cost=0.0232856),
    ),
    "a fee alone": (
        chat("claude", 20, 1, 21, cost=0, is_byok=True),
        Usage(input_tokens=20, output_tokens=1, units={"router_fee": 1.0}),
    ),
    "zeros": (chat("gpt-4o", 0, 0, 0), None),
}


@pytest.mark.parametrize("name", CASES)
def test_plain_and_streamed(name: str) -> None:
    body, right = CASES[name]
    assert _said(ChatAnswer(body).response().usage) == _said(right)
    stream = ChatStreamReader()
    stream.feed(body)
    assert _said(stream.response().usage) == _said(right)


@pytest.mark.parametrize("place", ["x_groq", "choice"])
def test_usage_in_another_place(place: str) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    chunk: dict[str, Any] = {"model": "m", "choices": [{"index": 0, "finish_reason": "stop"}]}
    if place == "x_groq":
        chunk["x_groq"] = {"id": "r", "usage": usage}
    else:
        chunk["choices"][0]["usage"] = usage
    stream = ChatStreamReader()
    stream.feed(chunk)
    assert _said(stream.response().usage) == _said(Usage(input_tokens=3, output_tokens=4))
    assert _said(ChatAnswer(chunk).response().usage) == _said(Usage(input_tokens=3, output_tokens=4))


def test_responses() -> None:
    usage = {"input_tokens": 5, "output_tokens": 1, "total_tokens": 9, "output_tokens_details": {"reasoning_tokens": 3}}
    read = ResponseAnswer({"model": "grok-4.3", "usage": usage}).response().usage
    assert _said(read) == _said(Usage(input_tokens=5, output_tokens=4, reasoning_tokens=3))


@pytest.mark.parametrize(
    ("usage", "right"),
    [
        ({"total_tokens": 9}, Usage(input_tokens=9)),
        ({"prompt_tokens": 0, "total_tokens": 9}, Usage(input_tokens=9)),
        ({"prompt_tokens": 5, "total_tokens": 9}, Usage(input_tokens=5, inconsistent=True)),
        ({"prompt_tokens": 0, "total_tokens": 0}, None),
    ],
)
def test_embeddings(usage: dict[str, Any], right: Usage | None) -> None:
    assert _said(EmbeddingsAnswer({"model": "m", "usage": usage}).response().usage) == _said(right)


def _said(usage: Usage | None) -> dict[str, Any] | None:
    return None if usage is None else {name: value for name, value in vars(usage).items() if value is not None}
