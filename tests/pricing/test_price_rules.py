"""Which price is chosen, and when there is none."""

from __future__ import annotations

import math

import pytest

from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost, Pricer, Unpriced

NOON = 1_795_262_400.0  # 2026-11-21T12:00Z
USAGE = Usage(input_tokens=1_000, output_tokens=100)


@pytest.fixture(scope="module")
def pricer() -> Pricer:
    return Pricer()


def amount(cost: Cost | Unpriced) -> float:
    assert isinstance(cost, Cost), cost
    return cost.amount


class TestReportedCost:
    @pytest.mark.parametrize("reported", [0.0, 0.00014, 3])
    def test_passes_through(self, pricer: Pricer, reported: float) -> None:
        usage = Usage(input_tokens=10, output_tokens=5, provider_cost=reported)

        cost = pricer.price("openrouter", "openai/gpt-4o", "openai/gpt-4o", usage, at=NOON)

        assert cost == Cost(amount=reported, currency="USD", source="provider")

    def test_needs_neither_a_known_model_nor_tokens(self, pricer: Pricer) -> None:
        cost = pricer.price("acme", None, None, Usage(provider_cost=0.5), at=NOON)

        assert cost == Cost(amount=0.5, currency="USD", source="provider")

    @pytest.mark.parametrize("reported", [math.nan, math.inf, -math.inf, -0.01])
    def test_nonsense_falls_back_to_local_prices(self, pricer: Pricer, reported: float) -> None:
        usage = Usage(input_tokens=1_000, output_tokens=100, provider_cost=reported)

        cost = pricer.price("openai", "gpt-4o", None, usage, at=NOON)

        assert isinstance(cost, Cost)
        assert cost.source == "local"
        assert cost.amount == amount(pricer.price("openai", "gpt-4o", None, USAGE, at=NOON))


class TestModel:
    def test_the_model_that_answered_decides(self, pricer: Pricer) -> None:
        cost = pricer.price("azure.ai.openai", "gpt-4o", "gpt-4o-mini-2024-07-18", USAGE, at=NOON)

        assert amount(cost) == amount(pricer.price("openai", "gpt-4o-mini", None, USAGE, at=NOON))

    def test_an_unknown_answering_model_leaves_it_to_the_request(self, pricer: Pricer) -> None:
        for _ in range(2):  # the second time from the caches
            cost = pricer.price("openai", "gpt-4o", "gpt-4o-prod-eu", USAGE, at=NOON)

            assert amount(cost) == amount(pricer.price("openai", None, "gpt-4o", USAGE, at=NOON))

    def test_names_the_entry_only_when_it_differs(self, pricer: Pricer) -> None:
        dated = pricer.price("openai", None, "gpt-4o-2024-08-06", USAGE, at=NOON)
        plain = pricer.price("openai", None, "gpt-4o", USAGE, at=NOON)

        assert isinstance(dated, Cost)
        assert isinstance(plain, Cost)
        assert (dated.model, plain.model) == ("gpt-4o", None)

    @pytest.mark.parametrize(
        ("provider", "model"),
        [
            ("openai", "llama-3.1-8b-instruct-q4"),
            ("openai", "smollm2:135m"),
            ("openai", "claude-haiku-4-5"),
            ("ollama", "gpt-4o"),
            ("ibm.watsonx.ai", "gpt-4o"),
            ("bedrock-lookalike", "anthropic.claude-haiku-4-5"),
            ("", "gpt-4o"),
            ("openai", "x" * 100_000),
        ],
    )
    def test_a_model_nobody_lists_is_unknown(self, pricer: Pricer, provider: str, model: str) -> None:
        assert pricer.price(provider, model, model, USAGE, at=NOON) is Unpriced.UNKNOWN_MODEL

    def test_no_model_at_all_is_unknown(self, pricer: Pricer) -> None:
        assert pricer.price("openai", None, None, USAGE, at=NOON) is Unpriced.UNKNOWN_MODEL
        assert pricer.price("openai", "", "", USAGE, at=NOON) is Unpriced.UNKNOWN_MODEL

    @pytest.mark.parametrize(
        ("provider", "model"),
        [("openai", "omni-moderation-latest"), ("gcp.gemini", "gemma-3"), ("mistral_ai", "mistral-nemo:free")],
    )
    def test_an_entry_without_price_is_never_free(self, pricer: Pricer, provider: str, model: str) -> None:
        assert pricer.price(provider, model, None, USAGE, at=NOON) is Unpriced.NO_PRICE

    def test_a_known_model_without_price_is_not_replaced_by_the_requested_one(self, pricer: Pricer) -> None:
        assert pricer.price("mistral_ai", "mistral-large-latest", "mistral-nemo:free", USAGE, at=NOON) is (
            Unpriced.NO_PRICE
        )


class TestUsage:
    @pytest.mark.parametrize(
        "usage",
        [
            None,
            Usage(),
            Usage(output_tokens=10),
            Usage(cache_read_tokens=10),
            Usage(input_tokens=-1, output_tokens=10),
            Usage(input_tokens=10, output_tokens=-1),
            Usage(input_tokens=10, cache_read_tokens=11),
            Usage(input_tokens=10, cache_read_tokens=6, cache_write_tokens=6),
            Usage(input_tokens=10, cache_read_tokens=-5),
            Usage(input_tokens=10, cache_write_tokens=-5),
            Usage(input_tokens=10**400),
            Usage(input_tokens=10, output_tokens=10**400),
            Usage(input_tokens=10, image_input_tokens=11),
            Usage(input_tokens=10, image_input_tokens=-1),
            Usage(input_tokens=10, audio_input_tokens=-1),
            Usage(input_tokens=10, output_tokens=5, audio_output_tokens=6),
            Usage(input_tokens=10, output_tokens=5, audio_output_tokens=-1),
            Usage(input_tokens=10, output_tokens=0, image_output_tokens=1),
        ],
    )
    def test_missing_or_contradictory_counts_have_no_cost(self, pricer: Pricer, usage: Usage | None) -> None:
        assert pricer.price("openai", "gpt-4o", None, usage, at=NOON) is Unpriced.NO_USAGE

    def test_reasoning_beyond_the_output_matters_only_where_it_is_charged_apart(self, pricer: Pricer) -> None:
        usage = Usage(input_tokens=1_000, output_tokens=100, reasoning_tokens=101)

        assert pricer.price("perplexity", "sonar-deep-research", None, usage, at=NOON) is Unpriced.NO_USAGE
        assert amount(pricer.price("openai", "o3", None, usage, at=NOON)) == amount(
            pricer.price("openai", "o3", None, USAGE, at=NOON)
        )

    def test_missing_usage_is_the_reason_also_for_an_unknown_model(self, pricer: Pricer) -> None:
        assert pricer.price("openai", "no-such-model", None, Usage(), at=NOON) is Unpriced.NO_USAGE
        assert pricer.price("openai", None, None, Usage(), at=NOON) is Unpriced.NO_USAGE

    def test_no_tokens_cost_nothing(self, pricer: Pricer) -> None:
        cost = pricer.price("openai", "gpt-4o", None, Usage(input_tokens=0, output_tokens=0), at=NOON)

        assert amount(cost) == 0.0
        assert isinstance(cost, Cost)
        assert cost.input is cost.cache_read is cost.cache_write is cost.output is cost.other is None


class TestUnits:
    @pytest.mark.parametrize(
        ("provider", "model", "usage"),
        [
            # Text models.
            ("openai", "gpt-4o", Usage(input_tokens=100, audio_input_tokens=60, output_tokens=10)),
            ("openai", "gpt-4o", Usage(input_tokens=100, output_tokens=90, audio_output_tokens=80)),
            # Images out of a model whose output price is one for text.
            ("gcp.gemini", "gemini-2.5-pro", Usage(input_tokens=100, output_tokens=90, image_output_tokens=90)),
            # Priced by characters, by hours of audio, and for input only.
            ("openai", "tts-1", USAGE),
            ("openai", "whisper-1", USAGE),
            ("openai", "text-embedding-3-small", USAGE),
            # Cached and audio tokens overlap in an unknown way, and each way has another price.
            ("openai", "gpt-realtime", Usage(input_tokens=100, audio_input_tokens=60, cache_read_tokens=50)),
            (
                "gcp.gemini",
                "gemini-2.5-flash",
                Usage(input_tokens=9, audio_input_tokens=6, cache_write_tokens=2, cache_read_tokens=1),
            ),
        ],
    )
    def test_what_has_no_price_of_its_own_is_not_guessed(
        self, pricer: Pricer, provider: str, model: str, usage: Usage
    ) -> None:
        assert pricer.price(provider, model, None, usage, at=NOON) is Unpriced.UNSUPPORTED_UNIT

    def test_cached_audio_is_priced_where_only_one_split_exists(self, pricer: Pricer) -> None:
        # genai-prices 0.2.3, openai gpt-realtime: audio input 32, cached audio 0.4, cached text 0.4
        only_audio = Usage(input_tokens=100, audio_input_tokens=100, cache_read_tokens=50)
        all_cached = Usage(input_tokens=100, audio_input_tokens=60, cache_read_tokens=100)

        assert amount(pricer.price("openai", "gpt-realtime", None, only_audio, at=NOON)) == pytest.approx(
            50 * 32 / 1e6 + 50 * 0.4 / 1e6
        )
        assert amount(pricer.price("openai", "gpt-realtime", None, all_cached, at=NOON)) == pytest.approx(
            100 * 0.4 / 1e6
        )


def test_reasons_are_the_documented_strings() -> None:
    assert {str(reason) for reason in Unpriced} == {
        "inconsistent_usage",
        "unknown_model",
        "unknown_seller",
        "no_price",
        "no_usage",
        "prices_not_loaded",
        "unsupported_unit",
    }
    assert f"{Unpriced.NO_PRICE}" == "no_price"
