"""Who answers: ``gen_ai.provider.name`` and the server, by client class and host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

from ...hosts import region_of_host
from ...model import Endpoint

OPENAI: Final = "openai"
AZURE: Final = "azure.ai.openai"
BEDROCK: Final = "aws.bedrock"

# Values of the conventions; a host that has none stays "openai", whose format it speaks.
_BY_CLIENT: Final = {
    "AzureOpenAI": AZURE,
    "AsyncAzureOpenAI": AZURE,
    "BedrockOpenAI": BEDROCK,
    "AsyncBedrockOpenAI": BEDROCK,
}
_BY_HOST: Final = {
    "api.openai.com": OPENAI,
    "api.deepseek.com": "deepseek",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral_ai",
    "api.x.ai": "x_ai",
    "api.perplexity.ai": "perplexity",
    "api.moonshot.ai": "moonshot_ai",
    "api.moonshot.cn": "moonshot_ai",
    "api.anthropic.com": "anthropic",
    "api.cohere.ai": "cohere",
    "api.cohere.com": "cohere",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "aiplatform.googleapis.com": "gcp.vertex_ai",
    "models.inference.ai.azure.com": "azure.ai.inference",
}
_BY_HOST_SUFFIX: Final = (
    (".openai.azure.com", AZURE),
    (".cognitiveservices.azure.com", AZURE),
    (".services.ai.azure.com", AZURE),
    (".inference.ai.azure.com", "azure.ai.inference"),
    (".api.x.ai", "x_ai"),
    (".api.openai.com", OPENAI),
    (".mistral.ai", "mistral_ai"),
    ("-aiplatform.googleapis.com", "gcp.vertex_ai"),
    (".amazonaws.com", BEDROCK),
    (".ml.cloud.ibm.com", "ibm.watsonx.ai"),
)
_known: WeakKeyDictionary[object, tuple[object, Mapping[str, str], Endpoint]] = WeakKeyDictionary()


def read_endpoint(resource: Any, provider_by_host: Mapping[str, str]) -> Endpoint:
    """The endpoint of the client that ``resource`` belongs to; worked out once for each client and URL."""
    try:
        client = resource._client
        url, names, endpoint = _known[client]
        # The property makes a new object of the same URL in some versions; what it is made from stays the same.
        if url is client._base_url and names is provider_by_host:
            return endpoint
    except (AttributeError, KeyError, TypeError):
        pass  # not seen before, or no client of this SDK
    client = getattr(resource, "_client", None)
    url = getattr(client, "_base_url", None) or getattr(client, "base_url", None)
    endpoint = endpoint_of(client, url, provider_by_host)
    if client is not None:
        _known[client] = (url, provider_by_host, endpoint)
    return endpoint


def endpoint_of(client: object, url: object, provider_by_host: Mapping[str, str]) -> Endpoint:
    """The endpoint for a client and its base URL; the user's own names win."""
    # By attribute: openai 3.x uses another HTTP library than 1.x and 2.x, with another URL class.
    host: object = getattr(url, "host", None)
    address = host.lower() if isinstance(host, str) and host else None
    port: object = getattr(url, "port", None)
    if not isinstance(port, int):
        port = {"https": 443, "http": 80}.get(str(getattr(url, "scheme", "")))
    provider = (
        provider_by_host.get(f"{address}:{port}")
        or provider_by_host.get(address or "")
        or provider_by_host.get("*")
        or next((_BY_CLIENT[kind.__name__] for kind in type(client).__mro__ if kind.__name__ in _BY_CLIENT), None)
        or provider_of_host(address or "")
    )
    return Endpoint(provider, address, port if address is not None else None, region_of_host(address or ""))


def provider_of_host(host: str) -> str:
    """The convention's value for a host."""
    known = _BY_HOST.get(host)
    if known is not None:
        return known
    return next((provider for suffix, provider in _BY_HOST_SUFFIX if host.endswith(suffix)), OPENAI)
