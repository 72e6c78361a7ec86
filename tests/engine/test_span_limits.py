"""What a limit of the SDK on the number of attributes costs: content first, and never what a span is for."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_genai_instr as genai

from ..support import answers
from ..support.provider import FakeProvider, json_reply

USED = answers.chat()["usage"]
INPUT, OUTPUT, CUT = "gen_ai.input.messages", "gen_ai.output.messages", "otel_genai.content.cut_bytes"
MODEL = "gpt-4o-mini"
ESSENTIAL: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": MODEL,
    "gen_ai.response.model": answers.chat()["model"],
    "gen_ai.response.id": answers.chat()["id"],
    "gen_ai.usage.input_tokens": USED["prompt_tokens"],
    "gen_ai.usage.output_tokens": USED["completion_tokens"],
    "gen_ai.usage.cost.currency": "USD",
}
COST = "gen_ai.usage.cost.amount"


class Limited:
    """Spans with so many attributes at most."""

    def __init__(self) -> None:
        self.spans = InMemorySpanExporter()

    def instrument(self, most: int, **options: Any) -> None:
        limits = SpanLimits(max_span_attributes=most)
        provider = TracerProvider(span_limits=limits, resource=Resource.get_empty(), shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.spans))
        genai.instrument(tracer_provider=provider, **options)

    @property
    def said(self) -> dict[str, Any]:
        (span,) = self.spans.get_finished_spans()
        return dict(span.attributes or {})


@pytest.fixture
def limited() -> Limited:
    """Where spans go; turn it on with ``limited.instrument(most)``."""
    return Limited()


def ask(**options: Any) -> None:
    client: Any = FakeProvider().then(json_reply(answers.chat())).client()
    messages = [{"role": "user", "content": "Look"}]
    client.chat.completions.create(model=MODEL, messages=messages, temperature=0.5, seed=1, top_p=0.9, **options)


@pytest.mark.parametrize("content", ["none", "digest", "full"])
@pytest.mark.parametrize("most", [10, 14, 20, 128])
def test_what_a_span_is_for_stays(limited: Limited, most: int, content: str) -> None:
    limited.instrument(most, content=content, content_key="k" * 32)
    ask()
    said = limited.said
    assert len(said) <= most
    assert ESSENTIAL.items() <= said.items()
    assert said[COST] > 0


@pytest.mark.parametrize("most", [10, 14, 20])
def test_content_without_a_place_counts_as_cut(limited: Limited, most: int) -> None:
    limited.instrument(most, content="full")
    ask()
    said = limited.said
    assert INPUT not in said
    sent = '[{"role":"user","parts":[{"type":"text","content":"Look"}]}]'
    assert said.get(CUT, len(sent) + 1) > len(sent)


def test_content_has_the_places_that_are_left(limited: Limited) -> None:
    """The attributes of a call are many; with two places less, the texts are the ones to go."""
    limited.instrument(128, content="full")
    ask()
    whole = limited.said
    assert {INPUT, OUTPUT} <= whole.keys()
    limited.spans.clear()
    limited.instrument(len(whole) - 1, content="full")
    ask()
    said = limited.said
    assert INPUT in said
    assert OUTPUT not in said
    assert said[CUT] == len(whole[OUTPUT])
    assert whole.keys() - said.keys() == {OUTPUT, "server.address"}  # saying what was cut takes a place, too


def test_the_default_limit_and_an_app_that_says_much(limited: Limited) -> None:
    limited.instrument(128, content="full")
    said_by_app: dict[str, Any] = {f"number{number}": number for number in range(120)}
    with genai.attribute(**said_by_app):
        ask()
    said = limited.said
    assert ESSENTIAL.items() <= said.items()
    assert said[COST] > 0
    assert len(said) == 128


def test_an_error_stays(limited: Limited) -> None:
    limited.instrument(10, content="full")
    client: Any = FakeProvider().then(json_reply({"error": {"message": "no"}}, status=400)).client()
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(
            model=MODEL, messages=[], temperature=0.5, seed=1, top_p=0.9, max_tokens=9, stop=["a"]
        )
    said = limited.said
    assert said["error.type"] == "openai.BadRequestError"
    assert said["http.response.status_code"] == 400
    assert said["gen_ai.request.model"] == MODEL


def test_the_name_of_a_tool_stays(limited: Limited) -> None:
    limited.instrument(3, content="full")
    with genai.tool("look", arguments={"at": "sky"}) as step:
        step.result = "moon"
    said = limited.said
    assert said["gen_ai.operation.name"] == "execute_tool"
    assert said["gen_ai.tool.name"] == "look"
    assert json.dumps(said)
