"""``otel-genai reprice`` over spans of Anthropic: tier, region and the life of cache writes stand on them."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from otel_genai_instr.cli import main
from otel_genai_instr.model import Endpoint, Failure
from otel_genai_instr.providers.anthropic.answers import MessageAnswer
from otel_genai_instr.providers.anthropic.requests import read_message_request
from otel_genai_instr.settings import Settings
from otel_genai_instr.telemetry.operation import Operation
from otel_genai_instr.telemetry.telemetry import Telemetry

from ..support.capture import Capture
from .stored import otlp_json

M = 1_000_000


def _failure(error: BaseException) -> Failure:
    return Failure(type(error).__name__)


def _call(capture: Capture, usage: dict[str, Any]) -> None:
    telemetry = Telemetry(Settings(), capture.tracer_provider, capture.meter_provider, capture.logger_provider)
    request = read_message_request({"model": "claude-opus-5-5"})
    operation = Operation(telemetry, request, Endpoint("anthropic"), _failure)
    operation.finish(lambda: MessageAnswer({"id": "msg_1", "model": "claude-opus-5-5", "content": [], "usage": usage}))


@pytest.mark.skipif(version("genai-prices") != "0.2.3", reason="worked out with genai-prices 0.2.3")
@pytest.mark.parametrize(
    ("more", "tier", "amount"),
    [
        # https://platform.claude.com/docs/en/about-claude/pricing, Claude Opus 5.5: 4, 5, 8, 0.20, 20
        ({}, "-", 0.004 + 0.002),
        ({"service_tier": "standard"}, "standard", 0.004 + 0.002),
        ({"service_tier": "batch"}, "batch", 0.002 + 0.001),
        ({"speed": "fast"}, "fast", 0.008 + 0.004),
        ({"inference_geo": "us"}, "-", 0.0044 + 0.0022),
        (
            {"cache_creation": {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 2000}},
            "-",
            0.004 + 0.005 + 0.016 + 0.002,
        ),
    ],
    ids=str,
)
def test_what_decided_the_price_decides_again(
    capture: Capture,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: dict[str, Any],
    tier: str,
    amount: float,
) -> None:
    _call(capture, {"input_tokens": 1000, "output_tokens": 100, **more})
    path = tmp_path / "spans.json"
    path.write_text(otlp_json(capture.spans()))

    assert main(["reprice", str(path), "--json", "--by", "tier"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert row["tier"] == tier
    assert row["recorded"] == pytest.approx(amount, abs=1e-12)
    assert row["recomputed"] == pytest.approx(amount, abs=1e-12)
