"""How long answers take, where, and since when."""

from __future__ import annotations

from typing import Final

from . import queries as q
from .board import Board, text_variable
from .panels import SECONDS, heat, lines, number, row, trace_list

_MODEL: Final = "gen_ai_request_model"
_LEGEND: Final = "{{gen_ai_request_model}}"
_SLOW: Final = ((10.0, "yellow"), (20.0, "red"))
_SLOW_TO_BEGIN: Final = ((3, "yellow"), (6, "red"))

BOARD: Final = Board(
    uid="genai-latency",
    title="GenAI: latency",
    description="How long answers take: chat and text completions, unless a panel says otherwise.",
    variables=(text_variable("slow", "Slow from", "10s", "Duration of an answer from which it is shown as slow."),),
    panels=(
        number(
            "Half of the answers come within",
            "The usual answer of the last 5 minutes. If it grows with the line below, everything is slower; if it "
            "stays, a few calls are.",
            q.latency(0.5, q.NOW),
            SECONDS,
        ),
        number(
            "95 % come within",
            "Of the last 5 minutes. Red: find the model and the length of prompt below.",
            q.latency(0.95, q.NOW),
            SECONDS,
            steps=_SLOW,
        ),
        number(
            "99 % come within",
            "Of the last 5 minutes. Far above 95 %: retries or timeouts; look at the slow answers at the bottom.",
            q.latency(0.99, q.NOW),
            SECONDS,
        ),
        number(
            "95 % begin within",
            "Time to the first piece of a streamed answer: what users feel. Red: the provider queues, or the prompt "
            "is long and not cached.",
            q.first_chunk(0.95, q.NOW),
            SECONDS,
            steps=_SLOW_TO_BEGIN,
            nothing="no streams",
        ),
        row("Which model? A dot is one call: click it for its trace"),
        lines(
            "95 % of answers come within, by model",
            "One model alone: the provider; lower its share or switch. All together: your prompts, your network, or "
            "your service.",
            ((q.latency(0.95, q.STEP, _MODEL), _LEGEND),),
            SECONDS,
            steps=_SLOW,
            exemplars=True,
        ),
        lines(
            "95 % of streams begin within, by model",
            "Slow to begin, but usual in all: the provider queues. Usual to begin, but slow in all: the answers are "
            "longer.",
            ((q.first_chunk(0.95, q.STEP, _MODEL), _LEGEND),),
            SECONDS,
            steps=_SLOW_TO_BEGIN,
            exemplars=True,
        ),
        row("Since when, and why?"),
        lines(
            "95 % of answers, an hour each, now and a day before",
            "The lines part: something is new since then. They go together: it is the usual daily rhythm.",
            (
                (q.latency(0.95, q.HOUR), "now"),
                (q.latency(0.95, q.HOUR, shift="1d"), "a day before"),
            ),
            SECONDS,
        ),
        lines(
            "95 % of answers, by length of the prompt in tokens",
            "Long prompts may take longer. Short ones that take long, too: it is not the prompt. One line without a "
            "name: OTEL_GENAI_PROMPT_LENGTH is off (docs/reference.md).",
            ((q.latency(0.95, q.STEP, "otel_genai_prompt_length"), "{{otel_genai_prompt_length}}"),),
            SECONDS,
        ),
        heat(
            "All answers, by duration",
            "Two bands: two kinds of calls in one, or a cache. A band that moves up: a slower model behind the same "
            "name.",
            "sum by (le) (increase(gen_ai_client_inference_duration_seconds_bucket"
            f"{{{q.CALLS}, {q.ANSWERS}}}[{q.STEP}]) or increase(gen_ai_client_operation_duration_seconds_bucket"
            f"{{{q.CALLS}, {q.ANSWERS}}}[{q.STEP}]))",
            SECONDS,
        ),
        lines(
            "95 % of everything else, by operation",
            "Embeddings, searches, images, transcriptions, memory: a slow search makes every answer wait.",
            (
                (
                    q.one_quantile(
                        0.95,
                        "gen_ai_client_operation_duration_seconds",
                        f'{q.CALLS}, gen_ai_operation_name!~"chat|text_completion|generate_content"',
                        q.STEP,
                        "gen_ai_operation_name",
                    ),
                    "{{gen_ai_operation_name}}",
                ),
            ),
            SECONDS,
            exemplars=True,
        ),
        row("Single calls (from traces: only those that were kept)"),
        trace_list(
            "Answers that took longer than $slow",
            "Open one: retries stand in it as several HTTP requests, a long answer in its output tokens.",
            '{ span.gen_ai.operation.name =~ "chat|text_completion|generate_content" && duration > $slow '
            f"&& {q.CALL_SPANS} }} "
            "| select(span.gen_ai.request.model, span.gen_ai.response.time_to_first_chunk, "
            "span.gen_ai.usage.input_tokens, span.gen_ai.usage.output_tokens, span.otel_genai.request.attempts)",
            width=24,
        ),
    ),
)
