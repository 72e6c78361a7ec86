"""What a request says, from the body that is sent."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from otel_genai_instr.model import Request
from otel_genai_instr.providers.anthropic.requests import read_count_request, read_message_request

BODY: dict[str, Any] = {"model": "claude-opus-5-5", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}


class Word(StrEnum):
    OPUS = "claude-opus-5-5"
    HIGH = "high"


class Omit:
    """As the SDK's marker of an argument that wasn't given."""

    def __bool__(self) -> bool:
        return False


def attributes(**body: Any) -> dict[str, Any]:
    """Of a request, without what all of them have."""
    read = dict(read_message_request({**BODY, **body}).attributes)
    del read["gen_ai.request.max_tokens"], read["otel_genai.input.message_count"]
    return read


def test_everything() -> None:
    read = read_message_request(
        {
            **BODY,
            "temperature": 0.5,
            "top_p": 1,
            "top_k": 40,
            "stop_sequences": ["END", "STOP"],
            "stream": True,
            "service_tier": "auto",
            "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": {}}},
            "thinking": {"type": "adaptive"},
        }
    )
    assert read == Request(
        "chat",
        "claude-opus-5-5",
        "auto",
        {
            "gen_ai.request.max_tokens": 100,
            "gen_ai.request.temperature": 0.5,
            "gen_ai.request.top_p": 1.0,
            "gen_ai.request.top_k": 40,
            "gen_ai.request.stop_sequences": ("END", "STOP"),
            "gen_ai.request.stream": True,
            "gen_ai.request.reasoning.level": "high",
            "gen_ai.output.type": "json",
            "otel_genai.input.message_count": 1,
        },
    )


@pytest.mark.parametrize(
    ("asked", "tier"),
    [
        ({}, None),
        ({"service_tier": "standard_only"}, "standard_only"),
        ({"speed": "fast"}, "fast"),
        ({"speed": "fast", "service_tier": "standard_only"}, "fast"),
        ({"speed": "standard", "service_tier": "auto"}, "auto"),
        ({"speed": None, "service_tier": None}, None),
    ],
)
def test_fast_mode_is_a_tier(asked: dict[str, Any], tier: str | None) -> None:
    assert read_message_request({**BODY, **asked}).service_tier == tier


def test_the_format_has_two_names() -> None:
    wanted: dict[str, Any] = {"type": "json_schema", "schema": {}}
    assert attributes(output_format=wanted) == {"gen_ai.output.type": "json"}
    assert attributes(output_config={"format": wanted}) == {"gen_ai.output.type": "json"}
    assert attributes(output_format={"type": "a-new-one"}) == {}


def test_thinking_is_no_level() -> None:
    """The conventions want the string that was sent, and a budget is none."""
    assert attributes(thinking={"type": "enabled", "budget_tokens": 2048}) == {}
    assert attributes(output_config={"effort": None}) == {}


def test_a_cache_can_be_filled_without_an_answer() -> None:
    assert read_message_request({**BODY, "max_tokens": 0}).attributes["gen_ai.request.max_tokens"] == 0


@pytest.mark.parametrize(
    "odd", [None, Omit(), object(), Decimal("0.5"), {}, [], 10**30, float("inf"), True, iter(())], ids=repr
)
def test_what_is_no_value_is_left_out(odd: Any) -> None:
    """Only what the attribute can hold gets there, whatever stands in the body."""
    names = ("top_k", "stop_sequences", "stream", "output_config", "output_format", "service_tier", "speed")
    read = attributes(**dict.fromkeys(names, odd))
    assert read == ({"gen_ai.request.stream": True} if odd is True else {})


def test_members_of_enumerations_are_their_values() -> None:
    read = read_message_request({"model": Word.OPUS, "output_config": {"effort": Word.HIGH}})
    assert (read.model, type(read.model)) == ("claude-opus-5-5", str)
    assert read.attributes == {"gen_ai.request.reasoning.level": "high"}


def test_iterators_are_the_servers() -> None:
    messages, stops = iter([{"role": "user"}]), iter(["END"])
    read_message_request({**BODY, "messages": messages, "stop_sequences": stops})
    assert (list(messages), list(stops)) == ([{"role": "user"}], ["END"])


def test_counting() -> None:
    read = read_count_request({**BODY, "thinking": {"type": "adaptive"}})
    assert read == Request("count_tokens", "claude-opus-5-5", attributes={"otel_genai.input.message_count": 1})
    assert read_count_request({}) == Request("count_tokens")
