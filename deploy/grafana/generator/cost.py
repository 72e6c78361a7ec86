"""What is spent, on what, and for whom."""

from __future__ import annotations

from typing import Final

from . import queries as q
from .board import Board, text_variable
from .panels import MONEY, PER_MINUTE, SHARE, lines, number, row, trace_lines, trace_list

_OF_SPANS: Final = f'{q.CALL_SPANS} && span.gen_ai.usage.cost.currency = "$currency"'

BOARD: Final = Board(
    uid="genai-cost",
    title="GenAI: cost",
    description="What is spent, on what, and for whom. Amounts are in the currency that is chosen above.",
    variables=(
        text_variable(
            "expensive",
            "Expensive from",
            "0.05",
            "Cost of one call from which it is shown as expensive, with a decimal point: Tempo finds nothing above 1, "
            "but above 1.0.",
        ),
    ),
    panels=(
        number(
            "Spend of the last hour, × the usual",
            "In multiples of the average hour of the last seven days. Red: find the feature below, and stop what "
            "loops. Follows the choice of a service only. Says nothing during the first day.",
            q.times_the_usual(),
            "short",
            steps=((1.5, "yellow"), (3, "red")),
            decimals=1,
            nothing="not known yet",
        ),
        number(
            "Last 24 hours (${currency})",
            "Compare it with your daily budget: the alert on it stands in docs/alerts.md.",
            q.spent("24h"),
            MONEY,
            nothing="nothing",
        ),
        number(
            "A month at this rate (${currency})",
            "Thirty times the last 24 hours. Above your budget: look for the feature and the model to change below.",
            f"{q.spent('24h')} * 30",
            MONEY,
            nothing="nothing",
        ),
        number(
            "Tokens without a price, last hour",
            "What is missing in all amounts here. Above zero: the reasons are in GenAI: pipeline health; most often a "
            "model needs a price file of your own (docs/prices.md).",
            f"{q.counted('otel_genai_unpriced_tokens_total', q.SERVICE)} or vector(0)",
            "short",
            steps=((1, "yellow"),),
            decimals=0,
            to="genai-pipeline",
        ),
        row("Which feature, which model?"),
        lines(
            "Spent per hour, by feature (${currency})",
            "Each point is the hour before it. No name: calls outside of `attribute(feature=...)`.",
            ((q.spent(q.HOUR, "app_feature"), "{{app_feature}}"),),
            MONEY,
            stacked=True,
        ),
        lines(
            "Spent per hour, by model (${currency})",
            "A model that nobody expected: a default has changed. A dear one for short answers: try the smaller one.",
            ((q.spent(q.HOUR, "gen_ai_request_model"), "{{gen_ai_request_model}}"),),
            MONEY,
            stacked=True,
        ),
        row("Why?"),
        lines(
            "Cost of one call, by prompt version (${currency})",
            "A step with a new version: the template has grown, or asks for longer answers.",
            (
                (
                    q.mean(
                        "gen_ai_client_operation_cost",
                        f"{q.CALLS}, {q.MONEY}",
                        "gen_ai_prompt_name, gen_ai_prompt_version",
                    ),
                    "{{gen_ai_prompt_name}} {{gen_ai_prompt_version}}",
                ),
            ),
            MONEY,
        ),
        lines(
            "Tokens per minute, by kind",
            "`cached` is the cheap part of the input, `reasoning` the part of the output that nobody reads. Growing "
            "input: prompts or conversations that get longer. Growing reasoning: a higher effort than needed.",
            (
                (f"({q.tokens('input')} - ({q.tokens('cache_read_input')} or {q.tokens('input')} * 0)) * 60", "input"),
                (f"{q.tokens('cache_read_input')} * 60", "cached input"),
                (
                    f"({q.tokens('output')} - ({q.tokens('reasoning_output')} or {q.tokens('output')} * 0)) * 60",
                    "output",
                ),
                (f"{q.tokens('reasoning_output')} * 60", "reasoning"),
            ),
            PER_MINUTE,
            stacked=True,
        ),
        lines(
            "Input served from a cache, by model",
            "A drop after a deployment: the beginning of the prompt has changed, or something varies in it (a time, a "
            "name). Put what varies last.",
            (
                (
                    q.share(
                        q.tokens("cache_read_input", "gen_ai_request_model", q.HOUR),
                        q.tokens("input", "gen_ai_request_model", q.HOUR),
                    ),
                    "{{gen_ai_request_model}}",
                ),
            ),
            SHARE,
            most=1,
            width=24,
        ),
        row("For whom? (from traces: only those that were kept)"),
        trace_lines(
            "Cost by user (${currency})",
            "Users are no labels of metrics, there are too many; this sums over traces. One user far above the "
            "others: a script, or abuse. The ids are pseudonyms if the Collector has a key for them.",
            f"{{ span.gen_ai.usage.cost.amount > 0.0 && {_OF_SPANS} }} "
            "| sum_over_time(span.gen_ai.usage.cost.amount) by (span.user.id) | topk(10)",
            MONEY,
        ),
        trace_list(
            "Calls that cost at least $expensive (${currency})",
            "Open one and look at its tokens: a long conversation, a document pasted in, or a limit of the answer "
            "that is missing.",
            f"{{ span.gen_ai.usage.cost.amount >= $expensive && {_OF_SPANS} }} | select(span.gen_ai.usage.cost.amount, "
            "span.gen_ai.request.model, span.gen_ai.usage.input_tokens, span.gen_ai.usage.output_tokens, "
            "span.app.feature, span.user.id)",
        ),
    ),
)
