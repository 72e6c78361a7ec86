"""The table that every report reads: a row for each span, its columns with their units and where they come from.

One table drives the files that are written, the view over ClickHouse and the documentation. A column that comes from
attributes names them, the newest name first; older names and those of other instrumentations follow.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from ..semconv import attributes as names
from ..semconv import elsewhere, own

TOO_MANY: Final = 2**40
"""Of what is counted in one span. Sums of what is less fit into 64 bits, of eight million such spans as well."""
TOO_LARGE: Final = 1e18
"""For any other number: such ones are damage, and a few of them would make a sum infinite."""


class Type(StrEnum):
    """What a cell holds."""

    TEXT = "text"
    COUNT = "count"
    NUMBER = "number"
    FLAG = "flag"
    MOMENT = "moment"


class Column(NamedTuple):
    """A column."""

    name: str
    type: Type
    meaning: str
    attributes: tuple[str, ...] = ()
    """Where it comes from; empty for what isn't an attribute, or is worked out."""
    factor: float = 1.0
    """From the attribute's unit to the column's."""
    least: float = 0.0
    """Of a number. What is less is damage, and not said."""


def _text(name: str, meaning: str, *attributes: str) -> Column:
    return Column(name, Type.TEXT, meaning, attributes)


def _count(name: str, meaning: str, *attributes: str) -> Column:
    return Column(name, Type.COUNT, meaning, attributes)


def _money(name: str, meaning: str, *attributes: str) -> Column:
    return Column(name, Type.NUMBER, meaning, attributes)


SPANS: Final = (
    _text("trace_id", "32 hexadecimal digits"),
    _text("span_id", "16 hexadecimal digits"),
    _text("parent_id", "of the span around it; none for the first of a trace"),
    _text("name", "of the span"),
    _text("scope", "the instrumentation that made the span"),
    _text("service", "`service.name` of the resource"),
    _text("environment", "`deployment.environment.name` of the resource"),
    _text("kind", "`call`, `tool`, `retrieval`, `memory`, `agent`, `workflow`, `step`; none for spans of others"),
    Column("started_at", Type.MOMENT, "UTC"),
    Column("duration_ms", Type.NUMBER, "milliseconds; none where the end lies before the start"),
    Column("failed", Type.FLAG, "whether the span's status is an error"),
    _text("error", "class of the error, or the provider's code", names.ERROR_TYPE),
    _count("http_status", "of the answer", names.HTTP_RESPONSE_STATUS_CODE, *elsewhere.HTTP_STATUS),
    _text("operation", "`chat`, `embeddings`, `execute_tool`, ...", names.OPERATION_NAME),
    _text("provider", "`openai`, `anthropic`, ...", names.PROVIDER_NAME, *elsewhere.PROVIDER),
    _text(
        "model",
        "that was asked for; where that isn't said, the one that answered",
        names.REQUEST_MODEL,
        names.RESPONSE_MODEL,
        *elsewhere.MODEL,
    ),
    _text("answered_model", "that answered", names.RESPONSE_MODEL),
    _count(
        "input_tokens",
        "cached ones included",
        names.USAGE_INPUT_TOKENS,
        *elsewhere.INPUT_TOKENS,
    ),
    _count(
        "output_tokens",
        "reasoning included",
        names.USAGE_OUTPUT_TOKENS,
        *elsewhere.OUTPUT_TOKENS,
    ),
    _count(
        "cache_read_tokens",
        "input that was read from a cache",
        names.USAGE_CACHE_READ_INPUT_TOKENS,
        *elsewhere.CACHE_READ_TOKENS,
    ),
    _count(
        "cache_write_tokens",
        "input that was written to a cache",
        names.USAGE_CACHE_WRITE_INPUT_TOKENS,
        *elsewhere.CACHE_WRITE_TOKENS,
    ),
    _count(
        "reasoning_tokens",
        "output that nobody sees",
        names.USAGE_REASONING_OUTPUT_TOKENS,
        *elsewhere.REASONING_TOKENS,
    ),
    _money("cost", "in `currency`; none where nobody knows it", names.USAGE_COST_AMOUNT, *elsewhere.COST),
    _text("currency", "of the cost", names.USAGE_COST_CURRENCY),
    _money("cost_input", "its part for input that no cache had", own.COST_INPUT),
    _money("cost_cache_read", "its part for input read from a cache", own.COST_CACHE_READ),
    _money("cost_cache_write", "its part for input written to a cache", own.COST_CACHE_WRITE),
    _money("cost_output", "its part for output", own.COST_OUTPUT),
    _money("cost_other", "its part for all else", own.COST_OTHER),
    _text(
        "cost_source",
        "`local`: price list; `provider`: said by it; `report`: priced by us now",
        names.USAGE_COST_SOURCE,
    ),
    _text("unpriced_reason", "why there is no cost", own.COST_UNPRICED_REASON),
    _text(
        "service_tier",
        "that the call was served in, or asked for",
        names.OPENAI_RESPONSE_SERVICE_TIER,
        own.RESPONSE_SERVICE_TIER,
        names.OPENAI_REQUEST_SERVICE_TIER,
        *elsewhere.SERVICE_TIER,
    ),
    Column(
        "first_chunk_ms",
        Type.NUMBER,
        "milliseconds until the first chunk of a stream",
        (names.RESPONSE_TIME_TO_FIRST_CHUNK,),
        1000.0,
    ),
    Column(
        "streamed",
        Type.FLAG,
        "whether the answer was streamed",
        (names.REQUEST_STREAM, *elsewhere.STREAMED),
    ),
    _text(
        "finish_reason",
        "of the first choice, in the provider's words",
        names.RESPONSE_FINISH_REASONS,
        *elsewhere.FINISH_REASON,
    ),
    _count("attempts", "HTTP requests of the call, retries included", own.REQUEST_ATTEMPTS),
    _text("user", "who asked", names.USER_ID, *elsewhere.USER),
    _text(
        "session",
        "session, or conversation",
        names.SESSION_ID,
        names.CONVERSATION_ID,
        *elsewhere.SESSION,
    ),
    _text("feature", "the part of the app that asked", own.APP_FEATURE),
    _text("tenant", "the customer it was for", own.APP_TENANT),
    _text("prompt", "its name", names.PROMPT_NAME, *elsewhere.PROMPT),
    _text("prompt_version", "its version", names.PROMPT_VERSION, *elsewhere.PROMPT_VERSION),
    _text("agent", "its name", names.AGENT_NAME),
    _text("workflow", "its name", names.WORKFLOW_NAME, *elsewhere.WORKFLOW),
    _text("tool", "its name", names.TOOL_NAME, *elsewhere.TOOL),
    _text("data_source", "of a retrieval", names.DATA_SOURCE_ID),
    _count("input_messages", "messages that were sent", own.INPUT_MESSAGE_COUNT),
    _count("output_length", "characters of the answer", own.OUTPUT_LENGTH),
    _text("response_id", "the provider's", names.RESPONSE_ID),
    _count("row_id", "file and place in it; worked out"),
    _count("line_at", "where the line of the span begins in its file, in bytes"),
)
"""A row for each span, in the order of the columns."""
PLACE_BITS: Final = 40
"""Of a ``row_id``, for the place in the file; those above are the number of the file."""

CHARGES: Final = (
    *("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"),
    *("cost", "currency", "cost_source"),
    *("cost_input", "cost_cache_read", "cost_cache_write", "cost_output", "cost_other"),
)
"""What calls alone have: on what runs calls, other libraries put the sums over them under the same names."""

SCORES: Final = (
    _text("trace_id", "of the call that was judged"),
    _text("span_id", "of the call that was judged; none where the judge knew the response id only"),
    Column("at", Type.MOMENT, "UTC"),
    _text("name", "of the evaluation; `user_feedback` for what people say", names.EVALUATION_NAME),
    Column("score", Type.NUMBER, "in the evaluation's own scale", (names.EVALUATION_SCORE_VALUE,), least=-TOO_LARGE),
    _text("label", "the verdict in a word", names.EVALUATION_SCORE_LABEL),
    _text("evaluator", "who judged", own.EVALUATION_EVALUATOR),
    _text("response_id", "of the answer that was judged", names.RESPONSE_ID),
    _count("row_id", "file and place in it; worked out"),
)
"""A row for each evaluation and each feedback: the events ``gen_ai.evaluation.result``."""
SCORE_IDENTITY: Final = tuple(column.name for column in SCORES if column.name != "row_id")
"""What tells evaluations apart: they have no id. Two that say the same of the same at the same moment are one."""

NOT_RECORDED: Final = "not_recorded"
"""Why a call has no cost that was neither priced when it was made nor is priced in ClickHouse: only SQL reads it."""
