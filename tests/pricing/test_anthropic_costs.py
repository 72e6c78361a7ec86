"""What messages of Anthropic cost, worked out by hand: from the body of an answer, through its reader, to the amount.

Prices are those of https://platform.claude.com/docs/en/about-claude/pricing in November 2026: dollars per million
tokens, in the order of the page. A cache is written at 1.25 times the input price for five minutes and at twice that
price for an hour. Fast mode: https://platform.claude.com/docs/en/build-with-claude/fast-mode. Data residency:
https://platform.claude.com/docs/en/manage-claude/data-residency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final

import pytest

from otel_genai_instr.model import Response
from otel_genai_instr.pricing import Cost, Pricer, Unpriced
from otel_genai_instr.providers.anthropic.answers import MessageAnswer
from otel_genai_instr.providers.anthropic.requests import read_message_request
from otel_genai_instr.providers.anthropic.streams import open_message_stream

M: Final = 1_000_000
PARTS: Final = ("input", "cache_read", "cache_write", "output", "other")
pytestmark = pytest.mark.skipif(version("genai-prices") != "0.2.3", reason="worked out with genai-prices 0.2.3")


@dataclass(frozen=True)
class Case:
    """One answer, and what it costs."""

    name: str
    model: str | None
    usage: Mapping[str, Any]
    parts: Mapping[str, float]
    """They add up to the amount."""
    asked: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Body of the request."""
    provider: str = "anthropic"
    region: str | None = None
    """Of the endpoint."""
    at: str = "2026-11-21T12:00"


def tokens(fresh: int, output: int, **more: Any) -> dict[str, Any]:
    return {"input_tokens": fresh, "output_tokens": output, **more}


def writes(for_minutes: int, for_an_hour: int) -> dict[str, Any]:
    return {
        "cache_creation_input_tokens": for_minutes + for_an_hour,
        "cache_creation": {"ephemeral_5m_input_tokens": for_minutes, "ephemeral_1h_input_tokens": for_an_hour},
    }


def iteration(kind: str, fresh: int, output: int, model: str | None = None) -> dict[str, Any]:
    return {"type": kind, "model": model, **tokens(fresh, output)}


CASES: Final = (
    # Claude Haiku 4.5: 1, 1.25, 2, 0.10, 5
    Case(
        "nothing but tokens",
        "claude-haiku-4-5-20251001",
        tokens(1_200, 300, service_tier="standard", inference_geo="not_available"),
        {"input": 0.0012, "output": 0.0015},
    ),
    Case("the answer has no text", "claude-haiku-4-5", tokens(1_000, 0), {"input": 0.001}),
    Case(
        "asked by an alias, answered by a dated name",
        "claude-haiku-4-5-20251001",
        tokens(1_000, 100),
        {"input": 0.001, "output": 0.0005},
        asked={"model": "claude-haiku-4-5"},
    ),
    Case(
        "an answer that says no model costs what the one asked for costs",
        None,
        tokens(1_000, 100),
        {"input": 0.001, "output": 0.0005},
        asked={"model": "claude-haiku-4-5"},
    ),
    # Claude Opus 5.5: 4, 5, 8, 0.20, 20
    Case(
        "input that was read from a cache is not in input_tokens",
        "claude-opus-5-5",
        tokens(1_000, 500, cache_read_input_tokens=99_000),
        {"input": 0.004, "cache_read": 0.0198, "output": 0.01},
    ),
    Case(
        "thinking is output",
        "claude-opus-5-5",
        tokens(100, 2_000, output_tokens_details={"thinking_tokens": 1_500}),
        {"input": 0.0004, "output": 0.04},
    ),
    # Claude Sonnet 4.5: 3, 3.75, 6, 0.30, 15
    Case(
        "cache writes of five minutes",
        "claude-sonnet-4-5-20250929",
        tokens(200, 100, **writes(4_000, 0)),
        {"input": 0.0006, "cache_write": 0.015, "output": 0.0015},
    ),
    Case(
        "cache writes of an hour",
        "claude-sonnet-4-5-20250929",
        tokens(200, 100, **writes(0, 4_000)),
        {"input": 0.0006, "cache_write": 0.024, "output": 0.0015},
    ),
    Case(
        "cache writes as the API reported them at first",
        "claude-sonnet-4-5-20250929",
        tokens(200, 100, cache_creation_input_tokens=4_000, cache_read_input_tokens=0),
        {"input": 0.0006, "cache_write": 0.015, "output": 0.0015},
    ),
    Case(
        "cache writes without their sum",
        "claude-sonnet-4-5-20250929",
        tokens(200, 100, cache_creation=writes(2_000, 1_000)["cache_creation"]),
        {"input": 0.0006, "cache_write": 0.0075 + 0.006, "output": 0.0015},
    ),
    Case(
        "a cache is filled, and nothing asked",
        "claude-sonnet-4-5",
        tokens(3, 0, **writes(5_000, 0)),
        {"input": 0.000009, "cache_write": 0.01875},
        asked={"max_tokens": 0},
    ),
    # Claude Fable 5.1: 10, 12.50, 20, 0.25, 50
    Case(
        "all kinds of input",
        "claude-fable-5-1",
        tokens(500, 200, cache_read_input_tokens=10_000, **writes(2_000, 1_000)),
        {"input": 0.005, "cache_read": 0.0025, "cache_write": 0.025 + 0.02, "output": 0.01},
    ),
    # Claude Opus 4.1: 15, 18.75, 30, 1.50, 75
    Case(
        "a retired model",
        "claude-opus-4-1-20250805",
        tokens(1_000, 100, cache_read_input_tokens=1_000),
        {"input": 0.015, "cache_read": 0.0015, "output": 0.0075},
    ),
    # Claude Mythos 5.1: 10, 12.50, 20, 0.25, 50. Mythos 5: cache reads 1.
    Case(
        "a model of limited availability",
        "claude-mythos-5-1",
        tokens(1_000, 100, cache_read_input_tokens=4_000, **writes(400, 200)),
        {"input": 0.01, "cache_read": 0.001, "cache_write": 0.005 + 0.004, "output": 0.005},
    ),
    Case(
        "the one before",
        "claude-mythos-5",
        tokens(1_000, 100, cache_read_input_tokens=4_000),
        {"input": 0.01, "cache_read": 0.004, "output": 0.005},
    ),
    # Names that stand for the latest version. Claude Sonnet 3.7: 3, 3.75, 6, 0.30, 15
    Case(
        "the latest, as it was called",
        None,
        tokens(1_000, 100),
        {"input": 0.003, "output": 0.0015},
        asked={"model": "claude-3-7-sonnet-latest"},
    ),
    # Batches: half of everything. Claude Sonnet 5.5: 2, 2.50, 4, 0.10, 10
    Case(
        "in a batch",
        "claude-sonnet-5-5",
        tokens(1_000, 100, service_tier="batch"),
        {"input": 0.001, "output": 0.0005},
    ),
    Case(
        "in a batch, with a cache",
        "claude-haiku-4-5",
        tokens(1_000, 100, service_tier="batch", cache_read_input_tokens=2_000, **writes(0, 1_000)),
        {"input": 0.0005, "cache_read": 0.0001, "cache_write": 0.001, "output": 0.00025},
    ),
    # Fast mode: twice the standard price of Opus 5.5 and Fable 5.2 (8, 10, 16, 0.20, 40), and of Opus 5 (5, 25).
    Case(
        "fast",
        "claude-opus-5-5",
        tokens(1_000, 100, service_tier="standard", speed="fast"),
        {"input": 0.008, "output": 0.004},
        asked={"speed": "fast"},
    ),
    Case(
        "fast, with a cache",
        "claude-fable-5-2",
        tokens(1_000, 100, speed="fast", cache_read_input_tokens=10_000, **writes(500, 500)),
        {"input": 0.016, "cache_read": 0.004, "cache_write": 0.01 + 0.016, "output": 0.008},
    ),
    Case(
        "fast and in the United States: 2 x 1.1",
        "claude-opus-5",
        tokens(1_000, 100, speed="fast", inference_geo="us"),
        {"input": 0.011, "output": 0.0055},
    ),
    Case(
        "fast was asked for, and not to be had",
        "claude-opus-5-5",
        tokens(1_000, 100, service_tier="standard", speed="standard"),
        {"input": 0.004, "output": 0.002},
        asked={"speed": "fast"},
    ),
    Case(
        "fast was asked for, and the answer says nothing of it",
        "claude-opus-5-5",
        tokens(1_000, 100),
        {"input": 0.008, "output": 0.004},
        asked={"speed": "fast", "service_tier": "auto"},
    ),
    Case(
        "the answer says nothing of the tier that was left to it",
        "claude-opus-5-5",
        tokens(1_000, 100),
        {"input": 0.004, "output": 0.002},
        asked={"service_tier": "standard_only"},
    ),
    # In the United States: 1.1 times the price of every token, since Claude Opus 4.6: 5, 6.25, 10, 0.50, 25
    Case(
        "in the United States",
        "claude-opus-4-6",
        tokens(1_000, 100, inference_geo="us", cache_read_input_tokens=2_000, **writes(400, 200)),
        {"input": 0.0055, "cache_read": 0.0011, "cache_write": 0.00275 + 0.0022, "output": 0.00275},
    ),
    Case(
        "in the United States, in a batch",
        "claude-sonnet-5-5",
        tokens(1_000, 100, inference_geo="us", service_tier="batch"),
        {"input": 0.0011, "output": 0.00055},
    ),
    Case(
        "a model of before has one price everywhere",
        "claude-sonnet-4-5-20250929",
        tokens(1_000, 100, inference_geo="us"),
        {"input": 0.003, "output": 0.0015},
    ),
    Case(
        "anywhere",
        "claude-opus-4-6",
        tokens(1_000, 100, inference_geo="global"),
        {"input": 0.005, "output": 0.0025},
    ),
    # Web searches: 10 dollars for a thousand. Claude Sonnet 5: 2, 2.50, 4, 0.20, 10
    Case(
        "three web searches",
        "claude-sonnet-5",
        tokens(20_000, 500, server_tool_use={"web_search_requests": 3, "web_fetch_requests": 0}),
        {"input": 0.04, "output": 0.005, "other": 0.03},
    ),
    Case(
        "a search in the United States costs no more",
        "claude-sonnet-5",
        tokens(20_000, 500, inference_geo="us", server_tool_use={"web_search_requests": 1}),
        {"input": 0.044, "output": 0.0055, "other": 0.01},
    ),
    Case(
        "pages that are fetched cost their tokens",
        "claude-sonnet-5",
        tokens(20_000, 500, server_tool_use={"web_search_requests": 0, "web_fetch_requests": 7}),
        {"input": 0.04, "output": 0.005},
    ),
    # Claude Haiku 5.5: 0.10, 0.125, 0.20, 0.01, 0.50; above 100,000 input tokens five times that
    Case(
        "the longest short prompt, cached tokens included",
        "claude-haiku-5-5",
        tokens(50_000, 100, cache_read_input_tokens=50_000),
        {"input": 0.005, "cache_read": 0.0005, "output": 0.00005},
    ),
    Case(
        "one token more",
        "claude-haiku-5-5",
        tokens(50_001, 100, cache_read_input_tokens=50_000),
        {"input": 0.0250005, "cache_read": 0.0025, "output": 0.00025},
    ),
    # Claude Sonnet 4.5 above 200,000 input tokens: 6, 7.50, 12, 0.60, 22.50
    Case(
        "a long prompt",
        "claude-sonnet-4-5",
        tokens(100_001, 1_000, cache_read_input_tokens=100_000),
        {"input": 0.600006, "cache_read": 0.06, "output": 0.0225},
    ),
    # Claude Opus 4.6 above 200,000 input tokens: 10, 37.50, until 13 March 2026
    Case(
        "a long prompt, while it cost more",
        "claude-opus-4-6",
        tokens(300_000, 1_000),
        {"input": 3.0, "output": 0.0375},
        at="2026-03-12T23:59",
    ),
    Case(
        "a long prompt, when it didn't any more",
        "claude-opus-4-6",
        tokens(300_000, 1_000),
        {"input": 1.5, "output": 0.025},
        at="2026-03-13T00:00",
    ),
    # https://platform.claude.com/docs/en/build-with-claude/compaction: the totals leave out what the summary took
    Case(
        "a conversation that was compacted on the way",
        "claude-opus-4-6",
        tokens(
            23_000,
            1_000,
            iterations=[iteration("compaction", 180_000, 3_500), iteration("message", 23_000, 1_000)],
        ),
        {"input": 203_000 * 5 / M, "output": 4_500 * 25 / M},
    ),
    Case(
        "turns of tools that the provider runs are in the totals",
        "claude-opus-4-6",
        tokens(30_000, 300, iterations=[iteration("message", 10_000, 100), iteration("message", 20_000, 200)]),
        {"input": 0.15, "output": 0.0075},
    ),
    Case(
        "the model that was asked declined at once, another one answered",
        "claude-fable-5-2",
        tokens(
            1_000,
            100,
            iterations=[
                iteration("message", 0, 0, "claude-fable-5-2"),
                iteration("fallback_message", 1_000, 100, "claude-opus-5-5"),
            ],
        ),
        {"input": 0.004, "output": 0.002},
    ),
    Case(
        "a credit that was not given",
        "claude-opus-5-5",
        tokens(1_000, 100, fallback_credit={"status": {"type": "not_applied", "reason": "expired"}}),
        {"input": 0.004, "output": 0.002},
    ),
    # Bedrock: 1.1 times at the endpoints of a region, since Claude Sonnet 4.5
    *(
        Case(
            f"Bedrock, {name}",
            answered,
            tokens(1_000, 100),
            parts,
            asked={"model": name},
            provider="aws.bedrock",
        )
        for name, answered, parts in (
            ("us.anthropic.claude-haiku-4-5-20251001-v1:0", None, {"input": 0.0011, "output": 0.00055}),
            ("global.anthropic.claude-haiku-4-5-20251001-v1:0", None, {"input": 0.001, "output": 0.0005}),
            (
                "global.anthropic.claude-haiku-4-5-20251001-v1:0",
                "claude-haiku-4-5-20251001",
                {"input": 0.001, "output": 0.0005},
            ),
            (
                "us.anthropic.claude-haiku-4-5-20251001-v1:0",
                "claude-haiku-4-5-20251001",
                {"input": 0.0011, "output": 0.00055},
            ),
            ("anthropic.claude-sonnet-4-20250514-v1:0", None, {"input": 0.003, "output": 0.0015}),
            (
                "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0",
                "claude-haiku-4-5-20251001",
                {"input": 0.0011, "output": 0.00055},
            ),
        )
    ),
    # Google Cloud: likewise, by the region of the endpoint
    Case(
        "Google Cloud, one region",
        "claude-sonnet-4-5-20250929",
        tokens(1_000, 100, inference_geo="not_available"),
        {"input": 0.0033, "output": 0.00165},
        asked={"model": "claude-sonnet-4-5@20250929"},
        provider="gcp.vertex_ai",
        region="us-east5",
    ),
    Case(
        "Google Cloud, anywhere",
        None,
        tokens(1_000, 100),
        {"input": 0.003, "output": 0.0015},
        asked={"model": "claude-sonnet-4-5@20250929"},
        provider="gcp.vertex_ai",
        region="global",
    ),
)


def price(response: Response, case: Case) -> Cost | Unpriced:
    request = read_message_request(case.asked)
    return Pricer().price(
        case.provider,
        request.model,
        response.model,
        response.usage,
        service_tier=response.service_tier or request.service_tier,
        region=response.region or case.region,
        at=datetime.fromisoformat(case.at).replace(tzinfo=UTC).timestamp(),
    )


def message(case: Case) -> dict[str, Any]:
    return {"id": "msg_1", "type": "message", "model": case.model, "content": [], "usage": case.usage}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cost(case: Case) -> None:
    cost = price(MessageAnswer(message(case)).response(), case)

    assert isinstance(cost, Cost), cost
    parts = {name: part for name in PARTS if (part := getattr(cost, name)) is not None}
    assert parts == pytest.approx(case.parts, abs=1e-12)
    assert cost.amount == pytest.approx(sum(case.parts.values()), abs=1e-12)
    assert (cost.currency, cost.source, cost.estimated) == ("USD", "local", False)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_stream_costs_the_same(case: Case) -> None:
    """The beginning tells all but how much is put out; the end tells the rest, in counts of all that came."""
    at_first = {"output_tokens": 1, "iterations": None}
    reader = open_message_stream(False)
    reader.feed({"type": "message_start", "message": {**message(case), "usage": {**case.usage, **at_first}}})
    at_last = {name: case.usage[name] for name in at_first if name in case.usage}
    reader.feed({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": at_last})

    assert price(reader.response(), case) == price(MessageAnswer(message(case)).response(), case)


def test_a_stream_that_was_cut_costs_what_was_received() -> None:
    case = Case("", "claude-opus-5-5", tokens(1_000, 1, cache_read_input_tokens=500), {})
    reader = open_message_stream(True)
    reader.feed({"type": "message_start", "message": message(case)})
    text = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Once upon"}}
    reader.feed(text)

    cost = price(reader.response(), case)
    assert isinstance(cost, Cost)
    assert cost.amount == pytest.approx(1_000 * 4 / M + 500 * 0.2 / M + 1 * 20 / M, abs=1e-12)


def test_what_a_stream_says_last_holds() -> None:
    """A search makes the input grow on the way; it is never added to what was said before."""
    case = Case("", "claude-sonnet-5", tokens(1_000, 1, cache_read_input_tokens=500), {})
    reader = open_message_stream(False)
    reader.feed({"type": "message_start", "message": message(case)})
    for fresh, output in ((1_000, 50), (9_000, 400)):
        usage = tokens(fresh, output, server_tool_use={"web_search_requests": 1})
        reader.feed({"type": "message_delta", "delta": {}, "usage": usage})

    cost = price(reader.response(), case)
    assert isinstance(cost, Cost)
    assert cost.amount == pytest.approx(9_000 * 2 / M + 500 * 0.2 / M + 400 * 10 / M + 0.01, abs=1e-12)


@pytest.mark.parametrize(
    ("model", "usage", "reason"),
    [
        # Paid in advance, not by the token.
        ("claude-opus-5-5", tokens(1_000, 100, service_tier="priority"), "unsupported_unit"),
        ("claude-opus-5-5", tokens(1_000, 100, service_tier="priority", speed="fast"), "unsupported_unit"),
        ("claude-opus-5-5", tokens(1_000, 100, service_tier="a-new-tier"), "unsupported_unit"),
        # Models that have no fast mode, or have it no more.
        ("claude-haiku-4-5", tokens(1_000, 100, speed="fast"), "unsupported_unit"),
        ("claude-opus-4-6", tokens(1_000, 100, speed="fast"), "unsupported_unit"),
        # Another model was asked on the way, at prices of its own.
        (
            "claude-haiku-4-5",
            tokens(
                1_000,
                100,
                iterations=[
                    iteration("message", 600, 60),
                    iteration("advisor_message", 800, 400, "claude-opus-5-5"),
                    iteration("message", 400, 40),
                ],
            ),
            "unsupported_unit",
        ),
        (
            "claude-fable-5-2",
            tokens(
                1_000,
                100,
                iterations=[
                    iteration("message", 1_000, 20, "claude-fable-5-2"),
                    iteration("fallback_message", 1_000, 100, "claude-opus-5-5"),
                ],
            ),
            "unsupported_unit",
        ),
        # Cache writes that are charged as reads, and no count says how many.
        (
            "claude-opus-5-5",
            tokens(1_000, 100, fallback_credit={"status": {"type": "redeemed"}}, **writes(500, 0)),
            "unsupported_unit",
        ),
        # A stream's end counted more cache writes than its beginning told apart.
        (
            "claude-opus-5-5",
            tokens(1_000, 100, **{**writes(500, 500), "cache_creation_input_tokens": 1_500}),
            "unsupported_unit",
        ),
        # A model that can't search.
        ("claude-3-haiku-20240307", tokens(1_000, 100, server_tool_use={"web_search_requests": 1}), "unsupported_unit"),
        ("claude-opus-9", tokens(1_000, 100), "unknown_model"),
        ("claude-mythos-preview", tokens(1_000, 100), "unknown_model"),
        # More for an hour than were written at all.
        ("claude-opus-5-5", tokens(1_000, 100, **{**writes(0, 9), "cache_creation_input_tokens": 5}), "no_usage"),
        ("claude-opus-5-5", {}, "no_usage"),
        ("claude-opus-5-5", {"input_tokens": -5, "output_tokens": None}, "no_usage"),
        ("claude-opus-5-5", tokens(10**30, 10**30), "no_usage"),
        ("claude-opus-5-5", tokens(2**63 - 1, 1, cache_read_input_tokens=2**63 - 1), "no_usage"),
    ],
)
def test_what_has_no_price_is_not_guessed(model: str, usage: dict[str, Any], reason: str) -> None:
    case = Case("", model, usage, {})

    assert price(MessageAnswer(message(case)).response(), case) == Unpriced(reason)
