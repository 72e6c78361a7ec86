"""Whose price a model has: its maker's, that of who serves it, or none."""

from __future__ import annotations

from typing import Any, cast

import openai
import pytest

from otel_genai_instr.pricing.lists.open_weights import OPEN_WEIGHTS, has_open_weights

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, http, json_reply

UNKNOWN_HOSTS = (
    "http://localhost:8000/v1",
    "http://127.0.0.1:11434/v1",
    "http://[::1]:1234/v1",
    "https://llm.corp.example/v1",
    "https://api.openai.com.evil.org/v1",
    "https://ec2-203-0-113-25.compute-1.amazonaws.com/v1",
)
OWN = {"prices": [{"model": "gpt-oss-20b", "per_million_tokens": {"input": 0.02}}]}
SOLD = {"models": [{"model": "ours", "is": "openai/gpt-oss-20b", "is_provider": "groq"}]}
ONLY_RENAMED = {"models": [{"model": "ours", "is": "gpt-oss-20b"}]}


def _money(capture: Capture, url: str, model: str, answered: str | None = None, **more: Any) -> float | str:
    """The dollars of a million tokens of input, or the reason why there are none."""
    usage = {"prompt_tokens": 1_000_000, "completion_tokens": 0, "total_tokens": 1_000_000}
    reply = json_reply({**answers.chat(), "model": answered or model, "usage": usage})
    client = FakeProvider(capture.clock).then(reply).client(base_url=url)
    capture.instrument(**more)
    client.chat.completions.create(model=model, messages=[])
    return _amount_or_reason(capture)


def _amount_or_reason(capture: Capture) -> float | str:
    said: dict[str, Any] = capture.attributes()
    amount, reason = said.get("gen_ai.usage.cost.amount"), said.get("otel_genai.cost.unpriced_reason")
    assert (amount is None) is not (reason is None)
    return str(reason) if amount is None else cast("float", pytest.approx(amount))


@pytest.mark.parametrize("url", UNKNOWN_HOSTS)
@pytest.mark.parametrize("model", ["gpt-oss-20b", "openai/gpt-oss-120b", "GPT-OSS-120B", "llama3.2:3b"])
def test_open_weights_behind_an_unknown_host(url: str, model: str, capture: Capture) -> None:
    assert _money(capture, url, model) == "unknown_seller"


@pytest.mark.parametrize("url", UNKNOWN_HOSTS)
def test_a_closed_model_behind_an_unknown_host_keeps_its_makers_price(url: str, capture: Capture) -> None:
    assert _money(capture, url, "gpt-4o-mini") == 0.15  # https://developers.openai.com/api/docs/pricing


def test_an_unknown_name_is_closed(capture: Capture) -> None:
    assert _money(capture, "http://localhost:8000/v1", "our-own") == "unknown_model"


@pytest.mark.parametrize(
    ("asked", "answered", "money"),
    [
        ("gpt-oss-20b", "served-1", "unknown_seller"),
        ("gpt-4o-mini", "gpt-oss-20b", "unknown_seller"),
        ("gpt-oss-20b", "gpt-4o-mini", 0.15),
        ("gpt-4o-mini", "served-1", 0.15),
    ],
)
def test_what_answered_decides_and_what_was_asked_after_it(
    asked: str, answered: str, money: float | str, capture: Capture
) -> None:
    assert _money(capture, "http://localhost:8000/v1", asked, answered) == money


@pytest.mark.parametrize(
    ("url", "model", "money"),
    [
        ("https://api.openai.com/v1", "gpt-oss-20b", 0.029),  # the list has it, and says it is OpenAI's
        ("https://api.groq.com/openai/v1", "openai/gpt-oss-20b", 0.075),
        ("https://integrate.api.nvidia.com/v1", "openai/gpt-oss-20b", "unknown_model"),  # known, without a list
        ("https://api.cerebras.ai/v1", "gpt-oss-120b", "no_price"),  # known, with a price that only some pay
    ],
)
def test_a_known_host_has_its_own_price(url: str, model: str, money: float | str, capture: Capture) -> None:
    assert _money(capture, url, model) == money


@pytest.mark.parametrize("named", ["localhost:8000", "localhost", "*"])
def test_the_user_says_who_sells(named: str, capture: Capture) -> None:
    money = _money(capture, "http://localhost:8000/v1", "openai/gpt-oss-20b", provider_by_host={named: "groq"})
    assert money == 0.075


def test_the_user_says_that_it_is_the_maker(capture: Capture) -> None:
    money = _money(capture, "http://localhost:8000/v1", "gpt-oss-20b", provider_by_host={"localhost": "openai"})
    assert money == 0.029


@pytest.mark.parametrize(
    ("prices", "model", "money"),
    [(OWN, "gpt-oss-20b", 0.02), (SOLD, "ours", 0.075), (ONLY_RENAMED, "ours", "unknown_seller")],
    ids=["price", "seller", "another_name_only"],
)
def test_the_users_own_prices(prices: dict[str, Any], model: str, money: float | str, capture: Capture) -> None:
    assert _money(capture, "http://localhost:8000/v1", model, prices=prices) == money


def test_two_hosts_with_one_model_dont_share_a_price(capture: Capture) -> None:
    usage = {"prompt_tokens": 1_000_000, "completion_tokens": 0, "total_tokens": 1_000_000}
    provider = FakeProvider(capture.clock).then(json_reply({**answers.chat(), "model": "gpt-oss-20b", "usage": usage}))
    capture.instrument()
    for url in ("https://api.openai.com/v1", "http://localhost:8000/v1") * 2:
        provider.client(base_url=url).chat.completions.create(model="gpt-oss-20b", messages=[])
    amounts = [dict(span.attributes or {}).get("gen_ai.usage.cost.amount") for span in capture.spans()]
    assert amounts == [pytest.approx(0.029), None] * 2


def test_the_class_of_the_client_is_a_seller(capture: Capture) -> None:
    usage = {"prompt_tokens": 1_000_000, "completion_tokens": 0, "total_tokens": 1_000_000}
    reply = json_reply({**answers.chat(), "model": "phi-4", "usage": usage})
    client = openai.AzureOpenAI(
        base_url="https://gateway.example/openai",
        api_version="2024-10-21",
        api_key="sk-secret",
        http_client=http.Client(transport=FakeProvider(capture.clock).then(reply).transport()),
    )
    capture.instrument()
    client.chat.completions.create(model="small", messages=[])
    assert _amount_or_reason(capture) == 0.125


@pytest.mark.parametrize("row", OPEN_WEIGHTS, ids=lambda row: row.source)
def test_each_pattern_is_in_lower_case_and_tells_models_apart(row: Any) -> None:
    for pattern in row.models:
        assert has_open_weights(f"somebody/{pattern.replace('*', '1').upper()}"), pattern
    for pattern in row.closed:
        assert not has_open_weights(pattern.replace("*", "").replace("?", "x")), pattern


@pytest.mark.parametrize(
    "model", ["gpt-4o", "o3", "claude-sonnet-5", "grok-4.6", "qwen3-max", "mistral-large-latest", ""]
)
def test_closed_models(model: str) -> None:
    assert not has_open_weights(model)
