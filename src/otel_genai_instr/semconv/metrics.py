"""Instruments: name, kind, unit, description and explicit bucket boundaries."""

from typing import Final, Literal

from ..records import frozen


@frozen
class Instrument:
    """One metric stream as it is exported."""

    name: str
    kind: Literal["histogram", "counter"]
    unit: str
    description: str
    buckets: tuple[float, ...] | None = None


_SECONDS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS: Final = tuple(float(4**power) for power in range(14))
_CALLS: Final = tuple(float(2**power) for power in range(8))
# Most calls cost between a thousandth of a cent and a dollar; the SDK's default buckets put them all into one.
_MONEY: Final = (
    1e-5,
    1e-4,
    1e-3,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    50.0,
)


def _seconds(name: str, description: str) -> Instrument:
    return Instrument(name, "histogram", "s", description, _SECONDS)


def _token_histogram(name: str, description: str) -> Instrument:
    return Instrument(name, "histogram", "{token}", description, _TOKENS)


def _token_counter(name: str, description: str) -> Instrument:
    return Instrument(name, "counter", "{token}", description)


INFERENCE_DURATION: Final = _seconds("gen_ai.client.inference.duration", "Duration of an inference call.")
INFERENCE_TIME_TO_FIRST_CHUNK: Final = _seconds(
    "gen_ai.client.inference.time_to_first_chunk",
    "Time from issuing a streaming request to its first chunk.",
)
INFERENCE_TIME_PER_OUTPUT_CHUNK: Final = _seconds(
    "gen_ai.client.inference.time_per_output_chunk",
    "Time between two chunks of a stream; opt-in.",
)
OPERATION_DURATION: Final = _seconds(
    "gen_ai.client.operation.duration",
    "Duration of a GenAI call that is not an inference; with the legacy metrics, of every call.",
)

USAGE_INPUT_TOKENS: Final = _token_counter(
    "gen_ai.client.inference.usage.input_tokens", "Input tokens, cached ones included."
)
USAGE_OUTPUT_TOKENS: Final = _token_counter(
    "gen_ai.client.inference.usage.output_tokens", "Output tokens, reasoning included."
)
USAGE_CACHE_READ_INPUT_TOKENS: Final = _token_counter(
    "gen_ai.client.inference.usage.cache_read.input_tokens", "Input tokens served from a cache."
)
USAGE_CACHE_WRITE_INPUT_TOKENS: Final = _token_counter(
    "gen_ai.client.inference.usage.cache_write.input_tokens", "Input tokens written to a cache."
)
USAGE_REASONING_OUTPUT_TOKENS: Final = _token_counter(
    "gen_ai.client.inference.usage.reasoning.output_tokens", "Output tokens spent on reasoning."
)
OPERATION_INPUT_TOKENS: Final = _token_histogram(
    "gen_ai.client.inference.operation.input_tokens", "Input tokens of one call."
)
OPERATION_OUTPUT_TOKENS: Final = _token_histogram(
    "gen_ai.client.inference.operation.output_tokens", "Output tokens of one call."
)

OPERATION_COST: Final = Instrument(
    "gen_ai.client.operation.cost",
    "histogram",
    "{currency}",
    "Cost of one call, in the currency that the attribute names.",
    _MONEY,
)

INVOKE_AGENT_DURATION: Final = Instrument(
    "gen_ai.invoke_agent.duration",
    "histogram",
    "s",
    "Duration of an agent's run in this process.",
    tuple(0.1 * 2**power for power in range(13)),
)
INVOKE_AGENT_INFERENCE_CALLS: Final = Instrument(
    "gen_ai.invoke_agent.inference_calls",
    "histogram",
    "{inference_call}",
    "Calls to a model that an agent's run made itself, failed ones included.",
    _CALLS,
)
INVOKE_AGENT_TOOL_CALLS: Final = Instrument(
    "gen_ai.invoke_agent.tool_calls",
    "histogram",
    "{tool_call}",
    "Tools that an agent's run executed itself, failed ones included.",
    _CALLS,
)
EXECUTE_TOOL_DURATION: Final = _seconds("gen_ai.execute_tool.duration", "Duration of one execution of a tool.")
INVOKE_WORKFLOW_DURATION: Final = Instrument(
    "gen_ai.invoke_workflow.duration",
    "histogram",
    "s",
    "Duration of a workflow's run.",
    (1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0),
)
EVALUATION_SCORE: Final = Instrument(
    "gen_ai.evaluation.score",
    "histogram",
    "1",
    "Scores of evaluations and feedback, most often between 0 and 1.",
    (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
)

UNPRICED_TOKENS: Final = _token_counter("otel_genai.unpriced_tokens", "Tokens of calls that could not be priced.")
INTERNAL_ERRORS: Final = Instrument(
    "otel_genai.internal_errors", "counter", "{error}", "Faults of this package that were kept from the app."
)

# Names that the conventions have dropped and that existing dashboards still read.
LEGACY_TIME_TO_FIRST_CHUNK: Final = _seconds(
    "gen_ai.client.operation.time_to_first_chunk",
    "Time from issuing a streaming request to its first chunk (legacy name).",
)
LEGACY_TOKEN_USAGE: Final = _token_histogram(
    "gen_ai.client.token.usage", "Input and output tokens of one call, by gen_ai.token.type (legacy name)."
)

CONTENT_STORED: Final = Instrument(
    "otel_genai.content.stored", "counter", "{object}", "Calls whose content reached the content store."
)
CONTENT_DROPPED: Final = Instrument(
    "otel_genai.content.dropped",
    "counter",
    "{object}",
    "Calls whose content was on its way to the store, and was lost.",
)
CONTENT_WITHHELD: Final = Instrument(
    "otel_genai.content.withheld", "counter", "{object}", "Calls whose content was withheld, by the reason."
)
FILE_DROPPED: Final = Instrument(
    "otel_genai.file.dropped", "counter", "{item}", "Spans and log records that genai_file could not write."
)
