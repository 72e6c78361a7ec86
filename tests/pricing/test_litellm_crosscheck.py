"""Our prices beside litellm's: no difference without a verdict, and a report that is up to date."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from otel_genai_instr.pricing import PriceKey, PriceWindow
from otel_genai_instr.pricing.charging.rates import PriceList, Rates, UnitPrice
from otel_genai_instr.pricing.loading import bundled_prices
from otel_genai_instr.pricing.source import ALWAYS

from . import litellm_crosscheck as crosscheck

pytestmark = pytest.mark.skipif(
    version("genai-prices") != "0.2.3", reason="verdicts are about the prices of genai-prices 0.2.3"
)


@pytest.fixture(scope="module")
def outcome() -> crosscheck.Outcome:
    return crosscheck.compare(crosscheck.read_prices()["models"], bundled_prices.get())


def test_every_difference_has_a_verdict(outcome: crosscheck.Outcome) -> None:
    verdicts = crosscheck.read_verdicts()
    assert [item for item in outcome.differences if not any(verdict.covers(item) for verdict in verdicts)] == []


def test_every_verdict_is_about_a_difference(outcome: crosscheck.Outcome) -> None:
    verdicts = crosscheck.read_verdicts()
    used = {next((verdict.title for verdict in verdicts if verdict.covers(item)), None) for item in outcome.differences}
    assert [verdict.title for verdict in verdicts if verdict.title not in used] == []


def test_verdicts_say_who_and_why() -> None:
    for verdict in crosscheck.read_verdicts():
        # Where litellm is right we charge that price: see `pricing.corrections`.
        assert verdict.right in {"ours", "both", "neither", "open"}, verdict.title
        assert len(verdict.why) > 20, verdict.title


def test_much_is_compared(outcome: crosscheck.Outcome) -> None:
    assert outcome.equal > 3_000
    assert len(outcome.differences) < outcome.equal / 5


def test_the_report_is_up_to_date(outcome: crosscheck.Outcome) -> None:
    report = crosscheck.page(crosscheck.read_prices(), outcome)
    assert crosscheck.PAGE.read_text() == report, "run python -m tests.pricing.litellm_crosscheck"


class _OnePrice:
    """A list in which every model costs the same."""

    def find(self, key: PriceKey, at: float) -> PriceWindow:
        rates = Rates(input=1e-6, cache_read=1e-7, cache_write=1e-6, output=4e-6)
        above = Rates(input=2e-6, cache_read=2e-7, cache_write=2e-6, output=8e-6)
        units = {"web_search_call": UnitPrice(0.01, "one")}
        if key.service_tier is not None:
            return PriceWindow(*ALWAYS, PriceList(rates.times(0.5), "USD", "one"))
        return PriceWindow(*ALWAYS, PriceList(rates, "USD", "one", ((200_000, above),), units))


@pytest.mark.parametrize(
    ("row", "differing"),
    [
        ({"input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6, "cache_read_input_token_cost": 1e-7}, []),
        ({"input_cost_per_token": 1.1e-6}, [("standard", "input", 1.0, 1.1)]),
        ({"input_cost_per_token_batches": 1e-6}, [("batch", "input", 0.5, 1.0)]),
        (
            {"input_cost_per_token": 1e-6, "output_cost_per_token_above_200k_tokens": 4e-6},
            [("standard", "output above 200,000", 8.0, 4.0)],
        ),
        (
            {"input_cost_per_token": 1e-6, "search_context_cost_per_query": 0.025},
            [("standard", "web_search_call", 0.01, 0.025)],
        ),
        ({"output_cost_per_image_token": 1e-6}, []),
    ],
)
def test_what_counts_as_a_difference(row: dict[str, Any], differing: list[tuple[str, str, float, float]]) -> None:
    outcome = crosscheck.compare({"gpt-x": {"litellm_provider": "openai", **row}}, _OnePrice())
    found = [
        (item.tier, item.price, pytest.approx(item.ours), pytest.approx(item.theirs)) for item in outcome.differences
    ]
    assert found == differing


def test_a_newer_map_is_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = {
        "gpt-x": {
            "litellm_provider": "openai",
            "input_cost_per_token": 1e-6,
            "mode": "chat",
            "search_context_cost_per_query": {"search_context_size_medium": 0.01, "search_context_size_low": 0.005},
        },
        "azure/eu/gpt-x": {"litellm_provider": "azure", "input_cost_per_token": 1e-6},
        "azure/gpt-x": {"litellm_provider": "azure", "output_cost_per_token": None},
        "someone/else": {"litellm_provider": "someone", "input_cost_per_token": 1e-6},
    }
    source = tmp_path / "map.json"
    source.write_text(json.dumps(original))
    monkeypatch.setattr(crosscheck, "PRICES", tmp_path / "copy.json")
    crosscheck.take_over(source, "9.9", "2026-12-01")

    copy = crosscheck.read_prices(tmp_path / "copy.json")
    assert copy["version"] == "9.9"
    assert copy["models"] == {
        "gpt-x": {
            "litellm_provider": "openai",
            "input_cost_per_token": 1e-6,
            "search_context_cost_per_query": 0.01,
        }
    }
