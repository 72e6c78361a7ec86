"""Who answers: by client class, by host, or as the user says."""

from __future__ import annotations

from typing import Any, ClassVar

import genai_prices.data
import openai
import pytest

from otel_genai_instr.hosts import HOSTS as HOSTS_OF_PROVIDERS
from otel_genai_instr.hosts import provider_of_host
from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost, Pricer
from otel_genai_instr.pricing.names import provider_id

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, http, json_reply

HOSTS = {
    "https://api.openai.com/v1": ("openai", "api.openai.com", 443),
    "https://eu.api.openai.com/v1": ("openai", "eu.api.openai.com", 443),
    "https://api.deepseek.com": ("deepseek", "api.deepseek.com", 443),
    "https://api.groq.com/openai/v1": ("groq", "api.groq.com", 443),
    "https://api.mistral.ai/v1": ("mistral_ai", "api.mistral.ai", 443),
    "https://api.eu.mistral.ai/v1": ("mistral_ai", "api.eu.mistral.ai", 443),
    "https://us.api.x.ai/v1": ("x_ai", "us.api.x.ai", 443),
    "https://api.x.ai/v1": ("x_ai", "api.x.ai", 443),
    "https://api.perplexity.ai": ("perplexity", "api.perplexity.ai", 443),
    "https://api.moonshot.cn/v1": ("moonshot_ai", "api.moonshot.cn", 443),
    "https://generativelanguage.googleapis.com/v1beta/openai/": (
        "gcp.gemini",
        "generativelanguage.googleapis.com",
        443,
    ),
    "https://mine.openai.azure.com/openai/v1/": ("azure.ai.openai", "mine.openai.azure.com", 443),
    "https://mine.openai.azure.us/openai/v1/": ("azure.ai.openai", "mine.openai.azure.us", 443),
    "https://mine.openai.azure.cn/openai/v1/": ("azure.ai.openai", "mine.openai.azure.cn", 443),
    "https://mine.cognitiveservices.azure.us/openai/v1/": ("azure.ai.openai", "mine.cognitiveservices.azure.us", 443),
    "https://mine.services.ai.azure.com/openai/v1/": ("azure.ai.openai", "mine.services.ai.azure.com", 443),
    "https://openrouter.ai/api/v1": ("openrouter", "openrouter.ai", 443),
    "https://eu.openrouter.ai/api/v1": ("openrouter", "eu.openrouter.ai", 443),
    "https://api.together.xyz/v1": ("together", "api.together.xyz", 443),
    "https://api.together.ai/v1": ("together", "api.together.ai", 443),
    "https://api.fireworks.ai/inference/v1": ("fireworks", "api.fireworks.ai", 443),
    "https://api.cerebras.ai/v1": ("cerebras", "api.cerebras.ai", 443),
    "https://integrate.api.nvidia.com/v1": ("nvidia", "integrate.api.nvidia.com", 443),
    "https://dashscope-intl.aliyuncs.com/compatible-mode/v1": ("dashscope", "dashscope-intl.aliyuncs.com", 443),
    "https://ws1.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1": (
        "dashscope",
        "ws1.ap-southeast-1.maas.aliyuncs.com",
        443,
    ),
    "https://aiplatform.googleapis.com/v1/projects/p/locations/global/endpoints/openapi": (
        "gcp.vertex_ai",
        "aiplatform.googleapis.com",
        443,
    ),
    "https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu/endpoints/openapi": (
        "gcp.vertex_ai",
        "aiplatform.eu.rep.googleapis.com",
        443,
    ),
    "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1": (
        "aws.bedrock",
        "bedrock-runtime.us-east-1.amazonaws.com",
        443,
    ),
    "https://bedrock-runtime.cn-north-1.amazonaws.com.cn/openai/v1": (
        "aws.bedrock",
        "bedrock-runtime.cn-north-1.amazonaws.com.cn",
        443,
    ),
    "https://bedrock-mantle.us-west-2.api.aws/v1": ("aws.bedrock", "bedrock-mantle.us-west-2.api.aws", 443),
    "https://southcentralus.privatelink.api.openai.com/v1": (
        "openai",
        "southcentralus.privatelink.api.openai.com",
        443,
    ),
    # However it is written.
    "https://API.DeepSeek.com./v1": ("deepseek", "api.deepseek.com", 443),
    "http://[::1]:8000/v1": ("openai", "::1", 8000),
    "http://[2001:DB8::1]/v1": ("openai", "2001:db8::1", 80),
    "https://API.GROQ.COM:8443/v1": ("groq", "api.groq.com", 8443),
    "http://127.0.0.1:11434/v1": ("openai", "127.0.0.1", 11434),
    "http://localhost/v1": ("openai", "localhost", 80),
}
LOOK_ALIKES = (
    "api.groq.com.evil.example",
    "api.deepseek.com.evil.org",
    "notapi.x.ai.example",
    "notapi.x.ai",
    "evilopenai.azure.com",
    "openai.azure.com",
    "mine.openai.azure.com.evil.example",
    "mine.openai.azure.us.evil.example",
    "eviltogether.xyz",
    "chat.openrouter.ai.example",
    "api.mistral.ai.example",
    "www.mistral.ai",
    "evil.mistral.ai.example",
    "aiplatform.googleapis.com.evil.example",
    "storage.googleapis.com",
    "bedrock-runtime.us-east-1.amazonaws.com.evil.example",
    # What anybody can have at AWS: a machine that serves what it likes.
    "ec2-203-0-113-25.compute-1.amazonaws.com",
    "bedrock-runtime.us-east-1.elb.amazonaws.com",
    "bucket.s3.amazonaws.com",
    "api.groq.com..",
)


def _who(capture: Capture, client: Any) -> tuple[Any, ...]:
    client.chat.completions.create(model="gpt-4o-mini", messages=[])
    attributes = capture.attributes()
    return tuple(attributes.get(name) for name in ("gen_ai.provider.name", "server.address", "server.port"))


def _provider(capture: Capture) -> FakeProvider:
    return FakeProvider(capture.clock).then(json_reply(answers.chat()))


@pytest.mark.parametrize(("url", "expected"), HOSTS.items(), ids=HOSTS)
def test_by_host(url: str, expected: tuple[Any, ...], capture: Capture) -> None:
    capture.instrument()
    assert _who(capture, _provider(capture).client(base_url=url)) == expected


@pytest.mark.parametrize("host", LOOK_ALIKES)
def test_a_host_that_only_looks_like_one_is_nobody(host: str) -> None:
    assert provider_of_host(host) is None


@pytest.mark.parametrize("host", [host for host in LOOK_ALIKES if not host.endswith("..")])
def test_a_call_to_it_speaks_the_language_of_the_sdk(host: str, capture: Capture) -> None:
    capture.instrument()
    assert _who(capture, _provider(capture).client(base_url=f"https://{host}/v1")) == ("openai", host, 443)


@pytest.mark.parametrize("provider", sorted({provider for _, provider in HOSTS_OF_PROVIDERS}))
def test_a_provider_has_a_list_of_prices_or_none_by_intention(provider: str) -> None:
    known = {entry.id for entry in genai_prices.data.providers}
    assert (provider_id(provider) in known) is (provider not in {"dashscope", "ibm.watsonx.ai", "nvidia"})


@pytest.mark.parametrize(
    ("url", "model", "per_million"),
    # Dollars for a million tokens of input in each provider's list of genai-prices.
    [
        ("https://api.groq.com/openai/v1", "openai/gpt-oss-120b", 0.15),
        ("https://api.fireworks.ai/inference/v1", "accounts/fireworks/models/gpt-oss-120b", 0.15),
        ("https://openrouter.ai/api/v1", "anthropic/claude-sonnet-5", 2.0),
    ],
)
def test_the_price_is_that_of_who_answers(url: str, model: str, per_million: float, capture: Capture) -> None:
    capture.instrument()
    usage = {"prompt_tokens": 1_000_000, "completion_tokens": 0, "total_tokens": 1_000_000}
    reply = json_reply({**answers.chat(), "model": model, "usage": usage})
    FakeProvider(capture.clock).then(reply).client(base_url=url).chat.completions.create(model=model, messages=[])
    assert capture.attributes()["gen_ai.usage.cost.amount"] == pytest.approx(per_million)


@pytest.mark.parametrize(
    ("url", "model", "factor"),
    [
        ("https://api.openai.com/v1", "gpt-5.4", 1.0),
        ("https://eu.api.openai.com/v1", "gpt-5.4", 1.1),
        ("https://us.api.openai.com/v1", "gpt-5.4", 1.1),
        ("https://eu.api.openai.com/v1", "gpt-4o-mini", 1.0),
        ("https://us.api.x.ai/v1", "grok-4.6", 1.1),
        ("https://api.x.ai/v1", "grok-4.6", 1.0),
        ("https://europe-west4-aiplatform.googleapis.com/v1/openapi", "gemini-3.5-flash", 1.1),
        ("https://aiplatform.googleapis.com/v1/openapi", "gemini-3.5-flash", 1.0),
        ("https://eu.api.openai.com.evil.example/v1", "gpt-5.4", 1.0),
    ],
)
def test_a_host_of_one_region_costs_what_the_region_costs(
    url: str, model: str, factor: float, capture: Capture
) -> None:
    capture.instrument()
    reply = json_reply({**answers.chat(), "model": model})
    client = FakeProvider(capture.clock).then(reply).client(base_url=url)
    client.chat.completions.create(model=model, messages=[])
    attributes = capture.attributes()
    listed = Pricer().price(
        str(attributes["gen_ai.provider.name"]),
        model,
        model,
        Usage(
            input_tokens=int(attributes["gen_ai.usage.input_tokens"]),
            output_tokens=int(attributes["gen_ai.usage.output_tokens"]),
            cache_read_tokens=int(attributes.get("gen_ai.usage.cache_read.input_tokens", 0)),
        ),
        at=(capture.spans()[0].start_time or 0) / 1e9,
    )
    assert isinstance(listed, Cost)
    assert attributes["gen_ai.usage.cost.amount"] == pytest.approx(listed.amount * factor, rel=1e-12)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"llm.example:8080": "vllm"}, "vllm"),
        ({"llm.example": "mine"}, "mine"),
        ({"*": "everyone"}, "everyone"),
        ({"llm.example": "mine", "llm.example:8080": "vllm", "*": "everyone"}, "vllm"),
        ({"other.example": "theirs"}, "openai"),
    ],
    ids=["port", "host", "star", "most_exact", "another_host"],
)
def test_as_the_user_says(chosen: dict[str, str], expected: str, capture: Capture) -> None:
    capture.instrument(provider_by_host=chosen)
    who = _who(capture, _provider(capture).client(base_url="http://LLM.example:8080/v1"))
    assert who == (expected, "llm.example", 8080)


@pytest.mark.parametrize("host", ["[::1]:8000", "[::1]", "::1", "*"])
def test_an_ipv6_address_as_the_user_says(host: str, capture: Capture) -> None:
    capture.instrument(provider_by_host={host: "vllm"})
    assert _who(capture, _provider(capture).client(base_url="http://[::1]:8000/v1")) == ("vllm", "::1", 8000)


def test_as_the_environment_says(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_GENAI_PROVIDER_BY_HOST", "llm.example=mine, *=everyone")
    capture.instrument()
    assert _who(capture, _provider(capture).client(base_url="http://llm.example/v1"))[0] == "mine"


def test_azure(capture: Capture) -> None:
    """The deployment is the requested model; the price is that of the model that answered."""
    capture.instrument()
    client = openai.AzureOpenAI(
        azure_endpoint="https://mine.openai.azure.com",
        api_version="2024-10-21",
        api_key="sk-secret",
        http_client=http.Client(transport=_provider(capture).transport()),
    )
    client.chat.completions.create(model="our-deployment", messages=[])
    attributes = capture.attributes()
    assert attributes["gen_ai.provider.name"] == "azure.ai.openai"
    assert attributes["server.address"] == "mine.openai.azure.com"
    assert attributes["gen_ai.request.model"] == "our-deployment"
    assert attributes["gen_ai.response.model"] == "gpt-4o-mini-2024-07-18"
    assert attributes["gen_ai.usage.cost.amount"] == pytest.approx(0.00024)


def test_azure_behind_a_gateway_is_still_azure(capture: Capture) -> None:
    capture.instrument()
    client = openai.AzureOpenAI(
        base_url="https://gateway.example/openai",
        api_version="2024-10-21",
        api_key="sk-secret",
        http_client=http.Client(transport=_provider(capture).transport()),
    )
    assert _who(capture, client) == ("azure.ai.openai", "gateway.example", 443)


def test_a_client_that_is_pointed_elsewhere(capture: Capture) -> None:
    """The endpoint is remembered for a client, but not longer than it is true."""
    capture.instrument()
    client = _provider(capture).client()
    client.chat.completions.create(model="m", messages=[])
    client.base_url = "https://api.groq.com/openai/v1"
    client.chat.completions.create(model="m", messages=[])
    client.with_options(base_url="https://api.x.ai/v1").chat.completions.create(model="m", messages=[])
    assert _providers(capture) == ["openai", "groq", "x_ai"]


def test_the_module_itself_is_pointed_elsewhere(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its one client reads the module's settings at each call."""
    http_client = http.Client(transport=_provider(capture).transport())
    for name, value in {"_client": None, "api_key": "sk-secret", "http_client": http_client, "base_url": None}.items():
        monkeypatch.setattr(openai, name, value)
    capture.instrument()
    for base_url in ("https://api.openai.com/v1/", "https://api.deepseek.com/", "https://api.x.ai/v1/"):
        monkeypatch.setattr(openai, "base_url", base_url)
        openai.chat.completions.create(model="m", messages=[])
    assert _providers(capture) == ["openai", "deepseek", "x_ai"]


def test_a_client_that_chooses_its_url_at_each_call(capture: Capture) -> None:
    class Pool(openai.OpenAI):
        at: ClassVar = ["https://api.x.ai/v1/", "https://api.groq.com/openai/v1/"]

        @property
        def base_url(self) -> Any:
            return http.URL(self.at[-1])

        @base_url.setter
        def base_url(self, url: Any) -> None: ...

    provider = _provider(capture)
    client = Pool(api_key="sk-secret", base_url="https://pool.example/v1", http_client=provider.http_client(False))
    capture.instrument()
    client.chat.completions.create(model="m", messages=[])
    client.at.pop()
    client.chat.completions.create(model="m", messages=[])
    assert _providers(capture) == ["groq", "x_ai"]
    hosts = [dict(span.attributes or {})["server.address"] for span in capture.spans()]
    assert [received.url.split("/")[2] for received in provider.received] == hosts


def _providers(capture: Capture) -> list[Any]:
    return [dict(span.attributes or {})["gen_ai.provider.name"] for span in capture.spans()]
