"""What an answer says, whole."""

from __future__ import annotations

from typing import Any

import pytest

from otel_genai_instr.model import Details, Response, Usage
from otel_genai_instr.providers.anthropic.answers import MessageAnswer, TokenCount

from .messages import COMPACTION, TEXT, USAGE, message


def usage(**said: Any) -> Usage | None:
    return MessageAnswer(message(usage=said)).response().usage


def test_everything() -> None:
    read = MessageAnswer(message())
    assert read.response() == Response(
        model="claude-opus-5-5",
        service_tier="standard",
        region="us",
        dimensions={"otel_genai.response.service_tier": "standard"},
        usage=Usage(
            input_tokens=1700,
            output_tokens=200,
            cache_read_tokens=400,
            cache_write_tokens=300,
            cache_write_1h_tokens=100,
            reasoning_tokens=50,
            units={"web_search_call": 2.0},
        ),
    )
    assert read.details() == Details(
        finish_reasons=["end_turn"],
        attributes={
            "gen_ai.response.id": "msg_1",
            "otel_genai.response.region": "us",
            "otel_genai.output.length": 12,  # It is sunny.
        },
    )


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({}, None),
        ({"cache_read_input_tokens": 5}, None),
        ({"input_tokens": 5}, Usage(input_tokens=5)),
        ({"output_tokens": 5, "cache_read_input_tokens": 9}, Usage(output_tokens=5)),
        (
            {"input_tokens": 5, "output_tokens": 0, "cache_read_input_tokens": 0, "cache_creation_input_tokens": None},
            Usage(input_tokens=5, output_tokens=0),
        ),
        (
            {"input_tokens": 5, "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 3}},
            Usage(input_tokens=10, cache_write_tokens=5, cache_write_1h_tokens=3),
        ),
        ({"input_tokens": True, "output_tokens": "5"}, None),
        ({"input_tokens": 2**63, "output_tokens": -1}, None),
        ({"input_tokens": 5, "server_tool_use": {"web_search_requests": 0}}, Usage(input_tokens=5)),
        ({"input_tokens": 5, "output_tokens_details": {"thinking_tokens": 0}}, Usage(input_tokens=5)),
    ],
    ids=str,
)
def test_usage(said: dict[str, Any], read: Usage | None) -> None:
    assert usage(**said) == read


def test_summaries_are_charged_beside_the_totals() -> None:
    read = usage(
        **{**USAGE, "server_tool_use": None},
        iterations=[
            {"type": "compaction", "input_tokens": 5000, "output_tokens": 300, "cache_read_input_tokens": 70},
            {"type": "message", "input_tokens": 1000, "output_tokens": 200},
        ],
    )
    assert read == Usage(
        input_tokens=1700 + 5070,
        output_tokens=500,
        cache_read_tokens=470,
        cache_write_tokens=300,
        cache_write_1h_tokens=100,
        reasoning_tokens=50,
    )


def test_a_model_that_stood_in_is_the_one_that_answered() -> None:
    iterations = [
        {"type": "message", "model": "claude-fable-5-2", "input_tokens": 7, "output_tokens": 1},
        {"type": "fallback_message", "model": "claude-opus-5-5", "input_tokens": 9, "output_tokens": 2},
    ]
    said = {"input_tokens": 9, "output_tokens": 2, "iterations": iterations}
    read = MessageAnswer(message(model="claude-fable-5-2", usage=said)).response()
    assert read.model == "claude-opus-5-5"
    assert read.usage == Usage(input_tokens=9, output_tokens=2, units={"other_model_call": 1.0})


@pytest.mark.parametrize(
    ("said", "tier"),
    [
        ({}, None),
        ({"service_tier": "batch"}, "batch"),
        ({"speed": "fast"}, "fast"),
        ({"speed": "standard"}, None),
        ({"service_tier": "standard", "speed": "fast"}, "fast"),
        ({"service_tier": "priority", "speed": "fast"}, "priority"),
        ({"service_tier": 5, "speed": ["fast"]}, None),
    ],
    ids=str,
)
def test_tier(said: dict[str, Any], tier: str | None) -> None:
    read = MessageAnswer(message(usage=said)).response()
    assert read.service_tier == tier
    assert read.dimensions == ({"otel_genai.response.service_tier": tier} if tier else None)


@pytest.mark.parametrize(
    ("said", "region"), [("us", "us"), ("global", "global"), ("not_available", None), (None, None), (5, None)]
)
def test_region(said: object, region: str | None) -> None:
    read = MessageAnswer(message(usage={"input_tokens": 1, "inference_geo": said}))
    assert read.response().region == region
    assert (read.details().attributes or {}).get("otel_genai.response.region") == region


def test_compaction_is_told_only_when_it_worked() -> None:
    def told(*blocks: Any) -> object:
        return (MessageAnswer(message(*blocks)).details().attributes or {}).get("gen_ai.conversation.compacted")

    assert told(COMPACTION, TEXT) is True
    assert told({**COMPACTION, "content": None}, TEXT) is None
    assert told(TEXT) is None


def test_an_error_in_an_answer() -> None:
    read = MessageAnswer({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    assert read.response() == Response(error_code="overloaded_error", error_message="Overloaded")
    assert read.details() == Details(finish_reasons=[])
    assert MessageAnswer({"error": "down"}).response().error_code == "error"


def test_a_count_is_no_usage() -> None:
    read = TokenCount({"input_tokens": 42, "context_management": {"original_input_tokens": 99}})
    assert read.response() == Response()
    assert read.details() == Details(attributes={"otel_genai.count_tokens.input_tokens": 42})
    assert read.output() == []
    assert TokenCount({"input_tokens": "many"}).details() == Details()
    assert TokenCount({"error": {"type": "api_error"}}).response() == Response(error_code="api_error")


@pytest.mark.parametrize("result", [None, 5, "text", [], object(), {"content": 5, "usage": 5, "id": 5, "model": 5}])
def test_what_is_no_answer_says_nothing(result: object) -> None:
    for read in (MessageAnswer(result), TokenCount(result)):
        assert read.response() == Response()
        assert read.details() in (Details(finish_reasons=[]), Details())
        assert read.output() == []
