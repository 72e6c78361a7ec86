"""Costs worked out by hand.

Every price is that of genai-prices 0.2.3, entry as named; prices are dollars per million tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import pytest

from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost, Pricer

M = 1_000_000
TODAY = "2026-11-21T12:00"


@dataclass(frozen=True)
class Case:
    """One call, and what it costs."""

    name: str
    provider: str
    model: str
    usage: Usage
    amount: float
    parts: dict[str, float]
    tier: str | None = None
    at: str = TODAY
    entry: str | None = None
    """The matched entry, where its name is another one than the model's."""


CASES = (
    # genai-prices 0.2.3, openai gpt-4o: input 2.5, output 10
    Case(
        "gpt-4o, dated name",
        "openai",
        "gpt-4o-2024-08-06",
        Usage(input_tokens=1_200, output_tokens=350),
        amount=1_200 * 2.5 / M + 350 * 10 / M,  # 0.003 + 0.0035
        parts={"input": 0.003, "output": 0.0035},
        entry="gpt-4o",
    ),
    # openai gpt-4o-mini: input 0.15, cache read 0.075, output 0.6
    Case(
        "gpt-4o-mini, partly cached",
        "openai",
        "gpt-4o-mini",
        Usage(input_tokens=10_000, cache_read_tokens=4_096, output_tokens=1_000),
        amount=(10_000 - 4_096) * 0.15 / M + 4_096 * 0.075 / M + 1_000 * 0.6 / M,
        parts={"input": 0.0008856, "cache_read": 0.0003072, "output": 0.0006},
    ),
    # openai o3 since 2025-06-10: input 2, cache read 0.5, output 8
    Case(
        "o3, 90 % cached",
        "openai",
        "o3",
        Usage(input_tokens=1_000_000, cache_read_tokens=900_000),
        amount=100_000 * 2 / M + 900_000 * 0.5 / M,  # 0.2 + 0.45
        parts={"input": 0.2, "cache_read": 0.45},
    ),
    # openai o3 before 2025-06-10: input 10, cache read 0.5, output 40
    Case(
        "o3, the last second of the old price; reasoning is output",
        "openai",
        "o3-2025-04-16",
        Usage(input_tokens=2_000, output_tokens=1_500, reasoning_tokens=1_100),
        amount=2_000 * 10 / M + 1_500 * 40 / M,
        parts={"input": 0.02, "output": 0.06},
        at="2025-06-09T23:59:59",
        entry="o3",
    ),
    Case(
        "o3, the first second of the new price",
        "openai",
        "o3-2025-04-16",
        Usage(input_tokens=2_000, output_tokens=1_500, reasoning_tokens=1_100),
        amount=2_000 * 2 / M + 1_500 * 8 / M,
        parts={"input": 0.004, "output": 0.012},
        at="2025-06-10T00:00:00",
        entry="o3",
    ),
    # openai gpt-5: input 1.25, cache read 0.125, output 10
    Case(
        "gpt-5, default tier",
        "openai",
        "gpt-5",
        Usage(input_tokens=8_000, cache_read_tokens=2_000, output_tokens=500),
        amount=6_000 * 1.25 / M + 2_000 * 0.125 / M + 500 * 10 / M,
        parts={"input": 0.0075, "cache_read": 0.00025, "output": 0.005},
        tier="default",
    ),
    # openai gpt-5, flex since 2026-10-12: input 0.625, cache read 0.0625, output 5
    Case(
        "gpt-5, flex",
        "openai",
        "gpt-5",
        Usage(input_tokens=8_000, cache_read_tokens=2_000, output_tokens=500),
        amount=6_000 * 0.625 / M + 2_000 * 0.0625 / M + 500 * 5 / M,
        parts={"input": 0.00375, "cache_read": 0.000125, "output": 0.0025},
        tier="flex",
    ),
    # openai gpt-5, priority since 2026-10-12: input 2.5, cache read 0.25, output 20
    Case(
        "gpt-5, priority",
        "openai",
        "gpt-5-2025-08-07",
        Usage(input_tokens=8_000, cache_read_tokens=2_000, output_tokens=500),
        amount=6_000 * 2.5 / M + 2_000 * 0.25 / M + 500 * 20 / M,
        parts={"input": 0.015, "cache_read": 0.0005, "output": 0.01},
        tier="priority",
        entry="gpt-5",
    ),
    # openai gpt-4o, batch since 2026-10-14: input 1.25, output 5
    Case(
        "gpt-4o, batch",
        "openai",
        "gpt-4o",
        Usage(input_tokens=8_000, output_tokens=500),
        amount=8_000 * 1.25 / M + 500 * 5 / M,
        parts={"input": 0.01, "output": 0.0025},
        tier="batch",
    ),
    # openai gpt-5.4: input 2.5, cache read 0.25, output 15; above 272,000 input tokens 5, 0.5, 22.5
    Case(
        "gpt-5.4, the longest short context",
        "openai",
        "gpt-5.4",
        Usage(input_tokens=272_000, cache_read_tokens=72_000, output_tokens=1_000),
        amount=200_000 * 2.5 / M + 72_000 * 0.25 / M + 1_000 * 15 / M,
        parts={"input": 0.5, "cache_read": 0.018, "output": 0.015},
    ),
    Case(
        "gpt-5.4, one token more: all tokens at the long-context price",
        "openai",
        "gpt-5.4",
        Usage(input_tokens=272_001, cache_read_tokens=72_000, output_tokens=1_000),
        amount=200_001 * 5 / M + 72_000 * 0.5 / M + 1_000 * 22.5 / M,
        parts={"input": 1.000005, "cache_read": 0.036, "output": 0.0225},
    ),
    # openai text-embedding-3-small: input 0.02
    Case(
        "text-embedding-3-small",
        "openai",
        "text-embedding-3-small",
        Usage(input_tokens=64_000),
        amount=64_000 * 0.02 / M,
        parts={"input": 0.00128},
    ),
    # openai gpt-4: input 30, output 60, no cache price
    Case(
        "gpt-4, cache reads without a price of their own cost what input costs",
        "openai",
        "gpt-4",
        Usage(input_tokens=1_000, cache_read_tokens=400, output_tokens=100),
        amount=1_000 * 30 / M + 100 * 60 / M,
        parts={"input": 0.018, "cache_read": 0.012, "output": 0.006},
    ),
    # openai gpt-4o on Azure, whose own list has no gpt-4o: input 2.5, output 10
    Case(
        "gpt-4o on Azure",
        "azure.ai.openai",
        "gpt-4o-2024-11-20",
        Usage(input_tokens=1_000, output_tokens=100),
        amount=1_000 * 2.5 / M + 100 * 10 / M,
        parts={"input": 0.0025, "output": 0.001},
        entry="gpt-4o",
    ),
    # deepseek deepseek-chat, 00:30 to 16:30 UTC: input 0.27, cache read 0.07, output 1.1; at night 0.135, 0.035, 0.55
    *(
        Case(
            f"deepseek-chat by day, {clock}",
            "deepseek",
            "deepseek-chat",
            Usage(input_tokens=20_000, cache_read_tokens=12_800, output_tokens=2_000),
            amount=7_200 * 0.27 / M + 12_800 * 0.07 / M + 2_000 * 1.1 / M,
            parts={"input": 0.001944, "cache_read": 0.000896, "output": 0.0022},
            at=f"2026-11-20T{clock}",
        )
        for clock in ("00:30:00", "16:29:59")
    ),
    *(
        Case(
            f"deepseek-chat by night, {clock}",
            "deepseek",
            "deepseek-chat",
            Usage(input_tokens=20_000, cache_read_tokens=12_800, output_tokens=2_000),
            amount=7_200 * 0.135 / M + 12_800 * 0.035 / M + 2_000 * 0.55 / M,
            parts={"input": 0.000972, "cache_read": 0.000448, "output": 0.0011},
            at=f"2026-11-20T{clock}",
        )
        for clock in ("00:29:59", "16:30:00", "23:59:59")
    ),
    # anthropic claude-haiku-4-5: input 1, cache write (5 minutes) 1.25, cache read 0.1, output 5
    Case(
        "claude with cache writes and reads",
        "anthropic",
        "claude-haiku-4-5-20251001",
        Usage(input_tokens=30_000, cache_write_tokens=8_000, cache_read_tokens=20_000, output_tokens=600),
        amount=2_000 * 1 / M + 8_000 * 1.25 / M + 20_000 * 0.1 / M + 600 * 5 / M,
        parts={"input": 0.002, "cache_write": 0.01, "cache_read": 0.002, "output": 0.003},
        entry="claude-haiku-4-5",
    ),
    # openai gpt-audio: input 2.5, output 10, audio input 32, audio output 64
    Case(
        "gpt-audio, text and audio both ways",
        "openai",
        "gpt-audio",
        Usage(input_tokens=900, audio_input_tokens=800, output_tokens=500, audio_output_tokens=400),
        amount=100 * 2.5 / M + 800 * 32 / M + 100 * 10 / M + 400 * 64 / M,
        parts={"input": 0.02585, "output": 0.0266},
    ),
    # openai gpt-image-1: input 5, image input 10, output 40 (images)
    Case(
        "gpt-image-1",
        "openai",
        "gpt-image-1",
        Usage(input_tokens=400, image_input_tokens=300, output_tokens=1_056, image_output_tokens=1_056),
        amount=100 * 5 / M + 300 * 10 / M + 1_056 * 40 / M,
        parts={"input": 0.0035, "output": 0.04224},
    ),
    # openai gpt-4o: input 2.5, no image price: vision input costs what text costs
    Case(
        "gpt-4o, vision",
        "openai",
        "gpt-4o",
        Usage(input_tokens=1_000, image_input_tokens=765, output_tokens=10),
        amount=1_000 * 2.5 / M + 10 * 10 / M,
        parts={"input": 0.0025, "output": 0.0001},
    ),
    # perplexity sonar: input 1, output 1, 12 per thousand requests
    Case(
        "sonar charges each request",
        "perplexity",
        "sonar",
        Usage(input_tokens=50, output_tokens=450),
        amount=50 * 1 / M + 450 * 1 / M + 12 / 1000,
        parts={"input": 0.00005, "output": 0.00045, "other": 0.012},
    ),
    # perplexity sonar-deep-research: input 2, output 8, reasoning 3
    Case(
        "sonar-deep-research charges reasoning apart",
        "perplexity",
        "sonar-deep-research",
        Usage(input_tokens=100, output_tokens=5_000, reasoning_tokens=4_000),
        amount=100 * 2 / M + 1_000 * 8 / M + 4_000 * 3 / M,
        parts={"input": 0.0002, "output": 0.02},
    ),
)


@pytest.mark.skipif(version("genai-prices") != "0.2.3", reason="worked out with the prices of genai-prices 0.2.3")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cost(case: Case) -> None:
    at = datetime.fromisoformat(case.at).replace(tzinfo=UTC).timestamp()
    cost = Pricer().price(case.provider, None, case.model, case.usage, service_tier=case.tier, at=at)

    assert isinstance(cost, Cost), cost
    assert cost.amount == pytest.approx(case.amount, abs=1e-12)
    parts = {name: getattr(cost, name) for name in ("input", "cache_read", "cache_write", "output", "other")}
    assert {name: part for name, part in parts.items() if part is not None} == pytest.approx(case.parts)
    assert cost.amount == pytest.approx(sum(case.parts.values()), abs=1e-12)
    assert (cost.currency, cost.source) == ("USD", "local")
    assert cost.price_version == "genai-prices 0.2.3"
    assert cost.model == case.entry
