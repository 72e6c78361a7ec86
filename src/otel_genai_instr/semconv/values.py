"""Values of the enumerated attributes. All enumerations are open: a custom string is allowed."""

from typing import Final

# gen_ai.operation.name
CHAT: Final = "chat"
EMBEDDINGS: Final = "embeddings"
FETCH_RESPONSE: Final = "fetch_response"
RETRIEVAL: Final = "retrieval"
INVOKE_WORKFLOW: Final = "invoke_workflow"
INVOKE_AGENT: Final = "invoke_agent"
EXECUTE_TOOL: Final = "execute_tool"
PLAN: Final = "plan"
MEMORY_OPERATIONS: Final = (
    "create_memory_store",
    "delete_memory_store",
    "create_memory",
    "update_memory",
    "upsert_memory",
    "search_memory",
    "delete_memory",
)
GUARDRAIL: Final = "guardrail"  # no convention yet
RERANK: Final = "rerank"  # no convention yet
COUNT_TOKENS: Final = "count_tokens"  # no convention yet
TEXT_COMPLETION: Final = "text_completion"
INFERENCE_OPERATIONS: Final = frozenset({CHAT, "generate_content", TEXT_COMPLETION})
# Calls that the conventions have no operation for yet; these names are the same for all providers.
IMAGE_GENERATION: Final = "image_generation"  # made, edited or varied
VIDEO_GENERATION: Final = "video_generation"
SPEECH: Final = "speech"
TRANSCRIPTION: Final = "transcription"
TRANSLATION: Final = "translation"  # of speech, to text
MODERATION: Final = "moderation"
DECISION: Final = "decision"  # typed questions about some input are answered, with probabilities
COMPACTION: Final = "compaction"  # of a conversation, by a model
CANCEL_RESPONSE: Final = "cancel_response"
BATCH: Final = "batch"  # one is submitted, or its results are read; priced by its requests, each of its own kind
REALTIME: Final = "realtime"  # a session: one connection, over which many requests and answers go
PRICED_OPERATIONS: Final = INFERENCE_OPERATIONS | {
    EMBEDDINGS,
    IMAGE_GENERATION,
    VIDEO_GENERATION,
    SPEECH,
    TRANSCRIPTION,
    TRANSLATION,
    DECISION,
    COMPACTION,
}
"""Calls that have a cost, or a reason why not."""

# gen_ai.output.type
OUTPUT_TEXT: Final = "text"
OUTPUT_JSON: Final = "json"
OUTPUT_IMAGE: Final = "image"
OUTPUT_SPEECH: Final = "speech"
OUTPUT_VIDEO: Final = "video"  # no convention yet

# gen_ai.usage.cost.source
COST_FROM_PROVIDER: Final = "provider"
COST_FROM_LOCAL_PRICES: Final = "local"

# The tier that prices of batches are listed under, whatever tier the answers in them name
TIER_BATCH: Final = "batch"

# openai.api.type
API_CHAT_COMPLETIONS: Final = "chat_completions"
API_RESPONSES: Final = "responses"
API_REALTIME: Final = "realtime"  # no convention yet

# gen_ai.token.modality
MODALITY_TEXT: Final = "text"
MODALITY_IMAGE: Final = "image"
MODALITY_AUDIO: Final = "audio"
MODALITY_UNKNOWN: Final = "unknown"

# otel_genai.prompt_length: input tokens up to each limit, which is a bucket of the histogram of input tokens, too
PROMPT_LENGTHS: Final = ("0-1k", "1k-4k", "4k-16k", "16k-64k", "64k+")
PROMPT_LENGTH_LIMITS: Final = (1024, 4096, 16384, 65536)

# gen_ai.evaluation.name of what people say about an answer
USER_FEEDBACK: Final = "user_feedback"

# What a dimension says of values beyond those that are told apart
OTHER: Final = "other"

# gen_ai.response.finish_reasons: the value for a choice whose reason was expected but never came
FINISH_ERROR: Final = "error"
ERROR_OTHER: Final = "_OTHER"
