"""Models without a price are named in the log: once each, and not without end."""

from __future__ import annotations

import pytest

from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Pricer, pricing_from

NOON = 1_795_262_400.0  # 2026-11-21T12:00Z
USAGE = Usage(input_tokens=1_000, output_tokens=100)


def call(pricer: Pricer, model: str) -> None:
    pricer.price("openai", model, None, USAGE, at=NOON)


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "otel_genai_instr"]


def test_once_per_model(caplog: pytest.LogCaptureFixture) -> None:
    pricer = pricing_from(None)
    for _ in range(3):
        call(pricer, "made-up")
        call(pricer, "omni-moderation-latest")
        call(pricer, "gpt-4o")

    assert warnings_in(caplog) == [
        "otel-genai-instr: No cost for calls to 'made-up' of 'openai': no price list knows it "
        "(unknown_model). Prices of your own can be given by OTEL_GENAI_PRICES=file.",
        "otel-genai-instr: No cost for calls to 'omni-moderation-latest' of 'openai': the price list names it without "
        "a price for everybody (no_price). Prices of your own can be given by OTEL_GENAI_PRICES=file.",
    ]


def test_a_request_that_names_a_known_model_is_no_miss(caplog: pytest.LogCaptureFixture) -> None:
    pricing_from(None).price("openai", "gpt-4o", "my-deployment", USAGE, at=NOON)

    assert not warnings_in(caplog)


def test_a_flood_of_names_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    pricer = pricing_from(None)
    for number in range(1_000):
        call(pricer, f"made-up-{number}-" + "x" * 10_000)

    warnings = warnings_in(caplog)
    assert len(warnings) == 100
    assert all(len(warning) < 400 for warning in warnings)
    assert warnings[-1].endswith("Further models without a price are not logged.")
