"""Names of our own, for what no convention names yet. All begin with ``otel_genai.``."""

from typing import Final

REQUEST_ATTEMPTS: Final = "otel_genai.request.attempts"
ERROR_CODE: Final = "otel_genai.error.code"

COST_INPUT: Final = "otel_genai.cost.input"
COST_CACHE_READ: Final = "otel_genai.cost.cache_read"
COST_CACHE_WRITE: Final = "otel_genai.cost.cache_write"
COST_OUTPUT: Final = "otel_genai.cost.output"
COST_OTHER: Final = "otel_genai.cost.other"
COST_PRICE_VERSION: Final = "otel_genai.cost.price_version"
COST_MODEL: Final = "otel_genai.cost.model"
COST_UNPRICED_REASON: Final = "otel_genai.cost.unpriced_reason"

INTERNAL_ERROR_PLACE: Final = "otel_genai.internal_error.place"
