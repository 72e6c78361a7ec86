"""What the name of a host says: who answers there, and in which region."""

from __future__ import annotations

import re
from typing import Final

# https://developers.openai.com/api/docs/guides/your-data, https://docs.x.ai/developers/advanced-api-usage/regions,
# https://docs.mistral.ai/studio-api/regional-inference, https://cloud.google.com/vertex-ai/docs/general/locations
_OF_ONE_REGION: Final = (
    r"(?P<before>[a-z0-9-]+)(?:\.api\.openai\.com|\.api\.x\.ai|-aiplatform\.googleapis\.com)"
    r"|api\.(?P<between>[a-z0-9-]+)\.mistral\.ai"
)

HOSTS: Final = (
    ("api.openai.com", "openai"),  # openai: OpenAI.__init__
    ("*.api.openai.com", "openai"),  # https://developers.openai.com/api/docs/guides/your-data
    ("*.privatelink.api.openai.com", "openai"),  # https://developers.openai.com/api/docs/guides/private-link
    ("privatelink.*.*.api.openai.com", "openai"),
    ("api.anthropic.com", "anthropic"),  # anthropic: Anthropic.__init__
    ("api.cerebras.ai", "cerebras"),  # genai-prices: api_pattern
    ("api.cohere.ai", "cohere"),  # genai-prices: api_pattern
    ("api.cohere.com", "cohere"),
    ("api.deepseek.com", "deepseek"),  # genai-prices: api_pattern
    ("api.fireworks.ai", "fireworks"),  # genai-prices: api_pattern
    ("api.groq.com", "groq"),  # genai-prices: api_pattern
    ("api.mistral.ai", "mistral_ai"),  # genai-prices: api_pattern
    ("api.*.mistral.ai", "mistral_ai"),  # https://docs.mistral.ai/studio-api/regional-inference
    ("api.moonshot.ai", "moonshot_ai"),  # genai-prices: api_pattern
    ("api.moonshot.cn", "moonshot_ai"),
    ("api.perplexity.ai", "perplexity"),  # genai-prices: api_pattern
    ("api.together.ai", "together"),  # https://docs.together.ai/docs/inference/openai-compatibility
    ("api.together.xyz", "together"),  # genai-prices: api_pattern
    ("api.x.ai", "x_ai"),  # genai-prices: api_pattern
    ("*.api.x.ai", "x_ai"),  # https://docs.x.ai/developers/advanced-api-usage/regions
    ("integrate.api.nvidia.com", "nvidia"),  # https://build.nvidia.com
    ("openrouter.ai", "openrouter"),  # genai-prices: api_pattern
    ("api.openrouter.ai", "openrouter"),
    ("eu.openrouter.ai", "openrouter"),  # https://openrouter.ai/docs/guides/features/in-region-routing
    ("us.openrouter.ai", "openrouter"),
    # https://www.alibabacloud.com/help/en/model-studio/base-url
    ("dashscope.aliyuncs.com", "dashscope"),
    ("dashscope-intl.aliyuncs.com", "dashscope"),
    ("dashscope-us.aliyuncs.com", "dashscope"),
    ("cn-hongkong.dashscope.aliyuncs.com", "dashscope"),
    ("*.*.maas.aliyuncs.com", "dashscope"),
    # Google. The conventions name the first two.
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("*-aiplatform.googleapis.com", "gcp.vertex_ai"),  # https://cloud.google.com/vertex-ai/docs/general/locations
    ("aiplatform.*.rep.googleapis.com", "gcp.vertex_ai"),  # anthropic: AnthropicVertex.__init__
    # Azure: public (genai-prices: api_pattern), Government and China. No page of Microsoft's that we could read lists
    # the last two; they are those of danny-avila/LibreChat and of templates for Azure Government.
    ("*.openai.azure.com", "azure.ai.openai"),
    ("*.openai.azure.us", "azure.ai.openai"),
    ("*.openai.azure.cn", "azure.ai.openai"),
    ("*.cognitiveservices.azure.com", "azure.ai.openai"),
    ("*.cognitiveservices.azure.us", "azure.ai.openai"),
    ("*.services.ai.azure.com", "azure.ai.openai"),
    ("models.inference.ai.azure.com", "azure.ai.inference"),
    ("*.inference.ai.azure.com", "azure.ai.inference"),
    ("*.*.inference.ai.azure.com", "azure.ai.inference"),
    # AWS. openai.providers.bedrock: _runtime_dns_suffixes; anthropic: AnthropicBedrockMantle
    ("bedrock-runtime.*.amazonaws.com", "aws.bedrock"),
    ("bedrock-runtime.*.amazonaws.com.cn", "aws.bedrock"),
    ("bedrock-runtime.*.amazonaws.eu", "aws.bedrock"),
    ("bedrock-runtime.*.api.aws", "aws.bedrock"),
    ("bedrock-runtime-fips.*.amazonaws.com", "aws.bedrock"),
    ("bedrock-runtime-fips.*.api.aws", "aws.bedrock"),
    ("bedrock-mantle.*.api.aws", "aws.bedrock"),
    # https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
    ("*.bedrock-runtime.*.vpce.amazonaws.com", "aws.bedrock"),
    ("*.ml.cloud.ibm.com", "ibm.watsonx.ai"),  # https://cloud.ibm.com/apidocs/watsonx-ai#endpoint-url
)
"""Host, and ``gen_ai.provider.name`` of who answers there: that of the conventions, else a plain one.

A star stands for letters, digits and hyphens, and for no dot: nothing that somebody else can register fits.
"""

_BY_NAME: Final = {host: provider for host, provider in HOSTS if "*" not in host}
_BY_PATTERN: Final = tuple(
    (re.escape(host).replace(r"\*", "[a-z0-9-]+"), provider) for host, provider in HOSTS if "*" in host
)
"""Compiled, and kept, by ``re`` when the first client is seen whose host isn't above: every app would pay at import."""


def plain_host(host: str) -> str:
    """The host as the table has it: in lower case, without the dot of the root."""
    return host.lower().removesuffix(".")


def provider_of_host(host: str) -> str | None:
    """Who answers at this plain host, by the table; ``None`` for a host that isn't in it."""
    known = _BY_NAME.get(host)
    if known is not None:
        return known
    return next((provider for pattern, provider in _BY_PATTERN if re.fullmatch(pattern, host)), None)


def region_of_host(host: str) -> str | None:
    """The region in which this plain host computes, in the provider's own words; ``None`` if the host doesn't say."""
    found = re.fullmatch(_OF_ONE_REGION, host)
    return found["before"] or found["between"] if found is not None else None
