"""Legacy completions: prompts of every kind, choices of every number, and what they cost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply, sse_reply
from .either import Chunks, call, run

ASKED: dict[str, Any] = {"model": "gpt-3.5-turbo-instruct", "prompt": "Say it"}
both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


def _choice(index: int, text: str, finish: str | None) -> dict[str, Any]:
    return {"index": index, "text": text, "finish_reason": finish, "logprobs": None}


def _complete(capture: Capture, answer: Any = None, **asked: Any) -> dict[str, Any]:
    provider = FakeProvider(capture.clock).then(json_reply(answer or answers.completion()))
    client: Any = provider.client()
    client.completions.create(**{**ASKED, **asked})
    return capture.attributes()


def test_what_is_asked_for(capture: Capture) -> None:
    capture.instrument()
    attributes = _complete(capture, n=2, best_of=3, max_tokens=16, temperature=0.5, top_p=0.25, seed=7, stop=["a", "b"])
    assert capture.span().name == "text_completion gpt-3.5-turbo-instruct"
    assert {name: said for name, said in attributes.items() if name.startswith("gen_ai.request.")} == {
        "gen_ai.request.model": "gpt-3.5-turbo-instruct",
        "gen_ai.request.choice.count": 2,
        "gen_ai.request.max_tokens": 16,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": 0.25,
        "gen_ai.request.seed": 7,
        "gen_ai.request.stop_sequences": ("a", "b"),
    }
    assert "openai.api.type" not in attributes


def test_what_it_costs(capture: Capture) -> None:
    """$1.50 for a million tokens of the prompt, $2 for as many of the answer (OpenAI's price page)."""
    capture.instrument()
    attributes = _complete(capture)
    assert attributes["gen_ai.usage.cost.amount"] == pytest.approx(1000 * 1.5e-6 + 200 * 2e-6)
    assert attributes["gen_ai.response.model"] == "gpt-3.5-turbo-instruct:20230824-v2"
    assert attributes["gen_ai.response.id"] == "cmpl-1"


PROMPTS: dict[str, tuple[Any, list[Any]]] = {
    "text": ("Say it", [{"type": "text", "content": "Say it"}]),
    "texts": (["Say it", "or not"], [{"type": "text", "content": "Say it"}, {"type": "text", "content": "or not"}]),
    "token_ids": ([46864, 433], [{"type": "token_ids", "token_ids": [46864, 433]}]),
    "lists_of_token_ids": (
        [[46864], [433]],
        [{"type": "token_ids", "token_ids": [46864]}, {"type": "token_ids", "token_ids": [433]}],
    ),
}


@pytest.mark.parametrize(("prompt", "expected"), PROMPTS.values(), ids=PROMPTS)
def test_each_prompt_is_a_message(prompt: Any, expected: list[Any], capture: Capture) -> None:
    capture.instrument(capture_content="span_only")
    attributes = _complete(capture, prompt=prompt)
    assert json.loads(attributes["gen_ai.input.messages"]) == [{"role": "user", "parts": [part]} for part in expected]


def test_no_prompt_is_no_message(capture: Capture) -> None:
    capture.instrument(capture_content="span_only")
    assert "gen_ai.input.messages" not in _complete(capture, prompt="")


def test_each_choice_is_a_message(capture: Capture) -> None:
    capture.instrument(capture_content="span_only")
    choices = [_choice(0, "it", "stop"), _choice(1, "th", "length")]
    attributes = _complete(capture, answers.completion(choices=choices), n=2)
    assert attributes["gen_ai.response.finish_reasons"] == ("stop", "length")
    assert json.loads(attributes["gen_ai.output.messages"]) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "it"}], "finish_reason": "stop"},
        {"role": "assistant", "parts": [{"type": "text", "content": "th"}], "finish_reason": "length"},
    ]


@both_modes
@pytest.mark.parametrize("content", [False, True], ids=["no_content", "content"])
def test_choices_of_a_stream(content: bool, is_async: bool, capture: Capture) -> None:
    """Their pieces come mixed; one of them ends before the other has begun."""
    pieces = [(0, "i", None), (0, "t", None), (0, "", "stop"), (1, "t", None), (1, "h", "length")]
    chunks = [answers.completion(choices=[_choice(*piece)], usage=None) for piece in pieces]
    provider = FakeProvider(capture.clock).then(sse_reply(*chunks, answers.completion(choices=[])))
    capture.instrument(capture_content="span_only" if content else "no_content")

    async def ask() -> None:
        client: Any = provider.async_client() if is_async else provider.client()
        stream = await call(client.completions.create, **ASKED, n=2, stream=True)
        assert len([chunk async for chunk in Chunks(stream)]) == 6

    run(ask(), is_async=is_async)
    attributes = capture.attributes()
    assert attributes["gen_ai.response.finish_reasons"] == ("stop", "length")
    assert (attributes["gen_ai.usage.input_tokens"], attributes["gen_ai.usage.output_tokens"]) == (1000, 200)
    if not content:
        assert "gen_ai.output.messages" not in attributes
        return
    assert [message["parts"] for message in json.loads(attributes["gen_ai.output.messages"])] == [
        [{"type": "text", "content": "it"}],
        [{"type": "text", "content": "th"}],
    ]


@both_modes
@pytest.mark.parametrize("content", ["no_content", "span_only"])
def test_usage_that_only_we_asked_for(content: str, is_async: bool, capture: Capture) -> None:
    provider = FakeProvider(capture.clock).then(sse_reply(*answers.completion_chunks()))
    capture.instrument(stream_usage=True, capture_content=content)

    async def ask() -> list[str]:
        client: Any = provider.async_client() if is_async else provider.client()
        stream = await call(client.completions.create, **ASKED, stream=True)
        return [chunk.choices[0].text async for chunk in Chunks(stream)]

    assert run(ask(), is_async=is_async) == ["Hel", "lo", ""]
    assert provider.received[-1].body["stream_options"] == {"include_usage": True}
    assert capture.attributes()["gen_ai.usage.input_tokens"] == 1000


def test_an_error_of_a_gateway(capture: Capture) -> None:
    capture.instrument()
    attributes = _complete(capture, {"error": {"code": 502, "message": "upstream"}, "choices": []})
    assert attributes["error.type"] == "502"
