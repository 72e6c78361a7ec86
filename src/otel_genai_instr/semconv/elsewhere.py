"""Names that we read and never write: earlier conventions, OpenLLMetry, OpenInference. Newer names stand first.

Sources: the conventions' registry of deprecated attributes; OpenLLMetry's ``opentelemetry-semantic-conventions-ai``;
OpenInference's ``spec/semantic_conventions.md``.
"""

from typing import Final

SYSTEM: Final = "gen_ai.system"
OPENINFERENCE_KIND: Final = "openinference.span.kind"
OPENLLMETRY_REQUEST_TYPE: Final = "llm.request.type"
OPENLLMETRY_KIND: Final = "traceloop.span.kind"

PROVIDER: Final = (SYSTEM, "llm.provider", "llm.system")
MODEL: Final = ("llm.model_name", "embedding.model_name", "reranker.model_name")
INPUT_TOKENS: Final = ("gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens")
OUTPUT_TOKENS: Final = ("gen_ai.usage.completion_tokens", "llm.token_count.completion", "llm.usage.completion_tokens")
CACHE_READ_TOKENS: Final = ("gen_ai.usage.cache_read_input_tokens", "llm.token_count.prompt_details.cache_read")
CACHE_WRITE_TOKENS: Final = (
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "llm.token_count.prompt_details.cache_write",
)
REASONING_TOKENS: Final = ("gen_ai.usage.reasoning_tokens", "llm.token_count.completion_details.reasoning")
COST: Final = ("llm.cost.total",)
SERVICE_TIER: Final = ("gen_ai.openai.response.service_tier", "gen_ai.openai.request.service_tier")
STREAMED: Final = ("gen_ai.is_streaming", "llm.is_streaming")
FINISH_REASON: Final = ("llm.finish_reason", "gen_ai.completion.0.finish_reason")
HTTP_STATUS: Final = ("http.status_code",)
USER: Final = ("enduser.id", "traceloop.association.properties.user_id")
SESSION: Final = ("traceloop.association.properties.session_id",)
PROMPT: Final = ("traceloop.prompt.key", "llm.prompt_template.name")
PROMPT_VERSION: Final = ("traceloop.prompt.version", "llm.prompt_template.version")
WORKFLOW: Final = ("traceloop.workflow.name",)
TOOL: Final = ("tool.name",)
