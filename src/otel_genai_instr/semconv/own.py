"""Names of our own, for what no convention names yet: ``otel_genai.`` is ours, ``app.`` the application's."""

from typing import Final

REQUEST_ATTEMPTS: Final = "otel_genai.request.attempts"
RESPONSE_SERVICE_TIER: Final = "otel_genai.response.service_tier"
RESPONSE_REGION: Final = "otel_genai.response.region"
USAGE_CACHE_WRITE_1H_INPUT_TOKENS: Final = "otel_genai.usage.cache_write_1h.input_tokens"
COUNT_TOKENS_INPUT_TOKENS: Final = "otel_genai.count_tokens.input_tokens"
BATCH_ID: Final = "otel_genai.batch.id"
BATCH_FILE_ID: Final = "otel_genai.batch.file_id"
BATCH_REQUEST_COUNT: Final = "otel_genai.batch.request_count"
BATCH_FAILED_COUNT: Final = "otel_genai.batch.failed_count"
ERROR_CODE: Final = "otel_genai.error.code"

COST_INPUT: Final = "otel_genai.cost.input"
COST_CACHE_READ: Final = "otel_genai.cost.cache_read"
COST_CACHE_WRITE: Final = "otel_genai.cost.cache_write"
COST_OUTPUT: Final = "otel_genai.cost.output"
COST_OTHER: Final = "otel_genai.cost.other"
COST_PRICE_VERSION: Final = "otel_genai.cost.price_version"
COST_MODEL: Final = "otel_genai.cost.model"
COST_ESTIMATED: Final = "otel_genai.cost.estimated"
COST_UNPRICED_REASON: Final = "otel_genai.cost.unpriced_reason"

# What happened inside a block. Other names than the leaf's, so that sums over spans never double.
TOTAL_INPUT_TOKENS: Final = "otel_genai.total.input_tokens"
TOTAL_OUTPUT_TOKENS: Final = "otel_genai.total.output_tokens"
TOTAL_COST: Final = "otel_genai.total.cost"
TOTAL_CURRENCY: Final = "otel_genai.total.currency"
TOTAL_INFERENCE_CALLS: Final = "otel_genai.total.inference_calls"
TOTAL_TOOL_CALLS: Final = "otel_genai.total.tool_calls"
TOTAL_UNPRICED_CALLS: Final = "otel_genai.total.unpriced_calls"

PROMPT_LENGTH: Final = "otel_genai.prompt_length"
PROMPT_FINGERPRINT: Final = "otel_genai.prompt.fingerprint"
EVALUATION_EVALUATOR: Final = "otel_genai.evaluation.evaluator"

APP_FEATURE: Final = "app.feature"
APP_TENANT: Final = "app.tenant"
APP_TAGS: Final = "app.tags"

INTERNAL_ERROR_PLACE: Final = "otel_genai.internal_error.place"
