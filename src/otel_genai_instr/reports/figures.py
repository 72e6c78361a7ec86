"""Every column of every report: how it is written, and what it means. One name means one thing in all of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Kind(StrEnum):
    """How a figure is written for people."""

    TEXT = "text"
    MOMENT = "moment"
    DAY = "day"
    COUNT = "count"
    NUMBER = "number"
    SCORE = "score"
    PROBABILITY = "probability"
    MONEY = "money"
    SHARE = "share"
    MILLISECONDS = "ms"


class Figure(NamedTuple):
    """A column."""

    kind: Kind
    meaning: str


FIGURES: Final = {
    # cost
    "calls": Figure(Kind.COUNT, "calls of models, those without a cost as well"),
    "input_tokens": Figure(Kind.COUNT, "cached ones included"),
    "output_tokens": Figure(Kind.COUNT, "reasoning included"),
    "cache_rate": Figure(Kind.SHARE, "input tokens that were read from a cache, of all input tokens"),
    "currency": Figure(Kind.TEXT, "of the cost; currencies are never added up"),
    "cost": Figure(Kind.MONEY, "of the calls that have one"),
    "cost_per_call": Figure(Kind.MONEY, "mean of the calls that have one"),
    "share": Figure(Kind.SHARE, "of all cost in this currency"),
    "unpriced_calls": Figure(
        Kind.COUNT, "calls that a reason is known of why they have no cost: they are not in `cost`"
    ),
    "unpriced_tokens": Figure(Kind.COUNT, "their tokens"),
    "unpriced_reason": Figure(Kind.TEXT, "why a call has no cost: [cost.md](cost.md)"),
    "tokens": Figure(Kind.COUNT, "input and output"),
    "cause": Figure(Kind.TEXT, "what changed between the time before and the time that was asked about"),
    "change": Figure(Kind.MONEY, "what the cause is worth; all causes add up to the change"),
    "share_of_before": Figure(Kind.SHARE, "the change, of the cost in the time before"),
    "hour": Figure(Kind.MOMENT, "begins then, in the zone that was asked for"),
    "day": Figure(Kind.DAY, "in the zone that was asked for"),
    "usual": Figure(Kind.MONEY, "mean of the hours or days before"),
    "times": Figure(Kind.NUMBER, "the cost, as a multiple of the usual one"),
    "level": Figure(Kind.TEXT, "`warning` or `critical`"),
    "z": Figure(Kind.NUMBER, "standard deviations from the mean of the days before"),
    "budget": Figure(Kind.MONEY, "of a day, as it was given"),
    "over": Figure(Kind.MONEY, "above the budget"),
    "cache_read_tokens": Figure(Kind.COUNT, "input tokens that were read from a cache"),
    "saved": Figure(Kind.MONEY, "what these tokens would have cost more as other input"),
    "month": Figure(Kind.TEXT, "the calendar month"),
    "so_far": Figure(Kind.MONEY, "spent in the month until now"),
    "a_day": Figure(Kind.MONEY, "mean of the last seven days"),
    "projected": Figure(Kind.MONEY, "the whole month, if it goes on so"),
    # latency
    "prompt_length": Figure(Kind.TEXT, "input tokens of the call: `<500`, `500-1k`, `1k-2k`, `2k+`"),
    "p50_ms": Figure(Kind.MILLISECONDS, "median of the duration; exact"),
    "p95_ms": Figure(Kind.MILLISECONDS, "95th percentile of the duration; exact"),
    "p99_ms": Figure(Kind.MILLISECONDS, "99th percentile of the duration; exact"),
    "mean_ms": Figure(Kind.MILLISECONDS, "mean of the duration"),
    "first_chunk_p50_ms": Figure(
        Kind.MILLISECONDS, "median of the time to the first chunk, of calls that were streamed"
    ),
    "first_chunk_p95_ms": Figure(Kind.MILLISECONDS, "95th percentile of it"),
    "tokens_per_second": Figure(
        Kind.NUMBER, "median of output tokens in a second: of a stream after its first chunk, else of the whole call"
    ),
    "before_p95_ms": Figure(Kind.MILLISECONDS, "95th percentile of the duration in as long a time before"),
    "slower": Figure(Kind.SHARE, "how much longer the 95th percentile is than it was before"),
    "spread": Figure(Kind.NUMBER, "95th percentile of the time to the first chunk, as a multiple of its median"),
    "step": Figure(Kind.TEXT, "spans of one kind: the operation, or the name of the span"),
    "spans": Figure(Kind.COUNT, "how many there are"),
    "traces": Figure(Kind.COUNT, "in how many traces"),
    "own_ms": Figure(Kind.MILLISECONDS, "time in them that is in no span inside, a trace"),
    "time_share": Figure(Kind.SHARE, "of the own time of all steps"),
    # errors
    "errors": Figure(Kind.COUNT, "calls that ended in an error"),
    "error_rate": Figure(Kind.SHARE, "of the calls"),
    "refusals": Figure(Kind.COUNT, "answers that the model refused or a filter cut off"),
    "refusal_rate": Figure(Kind.SHARE, "of the calls"),
    "cut_off": Figure(Kind.COUNT, "answers that ended at the limit of tokens"),
    "retried_calls": Figure(Kind.COUNT, "calls with more than one HTTP request"),
    "attempts": Figure(Kind.COUNT, "HTTP requests of all calls"),
    "before_error_rate": Figure(Kind.SHARE, "error rate in as long a time before"),
    "first": Figure(Kind.MOMENT, "when it happened first"),
    "last": Figure(Kind.MOMENT, "when it happened last"),
    "retried_and_failed": Figure(Kind.COUNT, "calls that failed for all their retries"),
    # tools
    "runs": Figure(Kind.COUNT, "executions of the tool"),
    "success_rate": Figure(Kind.SHARE, "of the runs"),
    "runs_per_trace": Figure(Kind.NUMBER, "mean of the traces in which it ran"),
    "max_runs": Figure(Kind.COUNT, "most runs in one trace"),
    # prompts
    "mean_input_tokens": Figure(Kind.NUMBER, "input tokens, a call"),
    "p95_input_tokens": Figure(Kind.NUMBER, "95th percentile of the input tokens of a call"),
    "mean_output_tokens": Figure(Kind.NUMBER, "output tokens, a call"),
    "score": Figure(Kind.SCORE, "mean of the scores, in the evaluation's own scale"),
    "feedback_score": Figure(Kind.SCORE, "mean of what people said"),
    "old_version": Figure(Kind.TEXT, "the version before"),
    "new_version": Figure(Kind.TEXT, "the version after it"),
    "figure": Figure(Kind.TEXT, "what is compared"),
    "old": Figure(Kind.SCORE, "mean with the old version"),
    "new": Figure(Kind.SCORE, "mean with the new version"),
    "difference": Figure(Kind.SHARE, "of what it was before"),
    "p": Figure(Kind.PROBABILITY, "probability of such a difference by chance"),
    "verdict": Figure(Kind.TEXT, "what that means"),
    "usual_input_tokens": Figure(Kind.NUMBER, "median of the means of the seven days before"),
    "drift": Figure(Kind.SHARE, "how much longer the prompt is than usual"),
    # quality
    "scores": Figure(Kind.COUNT, "evaluations, and what people said"),
    "lowest": Figure(Kind.SCORE, "the lowest score"),
    "highest": Figure(Kind.SCORE, "the highest score"),
    "health": Figure(Kind.NUMBER, "from 0 to 100; the mean of its parts by their weights"),
    "lowest_health": Figure(Kind.NUMBER, "that of the feature that does worst"),
    "reliability": Figure(Kind.SHARE, "calls that didn't fail"),
    "completeness": Figure(Kind.SHARE, "answers that were neither refused nor cut off"),
    "evaluations": Figure(Kind.SHARE, "mean of evaluations, on a scale from 0 to 1"),
    "feedback": Figure(Kind.SHARE, "mean of what people said, on a scale from 0 to 1"),
    "speed": Figure(Kind.SHARE, "all of it where the 95th percentile is what it was before; none where it has doubled"),
    "before": Figure(Kind.SCORE, "mean in as long a time before"),
    "now": Figure(Kind.SCORE, "mean in the time that was asked about"),
    "p_mean": Figure(Kind.PROBABILITY, "probability that means differ so by chance"),
    "p_distribution": Figure(Kind.PROBABILITY, "probability that distributions differ so by chance"),
    "p_labels": Figure(Kind.PROBABILITY, "probability that labels differ so by chance"),
    "before_output_tokens": Figure(Kind.NUMBER, "output tokens of a call in as long a time before"),
    "waited": Figure(Kind.TEXT, "duration of what was judged"),
    "kappa": Figure(Kind.SCORE, "agreement beyond chance: 1 is all, 0 is chance"),
    "correlation": Figure(Kind.SCORE, "of ranks: 1 is the same order, 0 is none"),
    # checks
    "rules": Figure(Kind.COUNT, "that were held against the calls"),
    "critical": Figure(Kind.COUNT, "rows that break a rule of this severity"),
    "warning": Figure(Kind.COUNT, "rows that break a rule of this severity"),
    "info": Figure(Kind.COUNT, "rows that break a rule of this severity"),
    "severity": Figure(Kind.TEXT, "of the rule"),
    "rule": Figure(Kind.TEXT, "its name"),
    "of": Figure(Kind.TEXT, "what the row is of"),
    "value": Figure(Kind.SCORE, "the figure of the row"),
    "threshold": Figure(Kind.TEXT, "what the rule compares it with"),
    "why": Figure(Kind.TEXT, "why a row says nothing"),
    "passed_over": Figure(Kind.COUNT, "so many rows"),
    # what if
    "recorded": Figure(Kind.MONEY, "what the calls did cost"),
    "what_if": Figure(Kind.MONEY, "what they would have cost, as far as they can be priced"),
    "extra": Figure(Kind.MONEY, "how much more, of the calls that have both; less is below zero"),
    "extra_share": Figure(Kind.SHARE, "of what those did cost"),
    "not_priced": Figure(Kind.COUNT, "calls without a price so: they are not in `what_if`"),
    "not_recorded": Figure(Kind.COUNT, "calls that had no cost: they are not in `recorded`"),
    # rows of single spans
    "started_at": Figure(Kind.MOMENT, "UTC"),
    "trace_id": Figure(Kind.TEXT, "32 hexadecimal digits"),
    "duration_ms": Figure(Kind.MILLISECONDS, "from start to end"),
}
"""By name. A column that isn't here is what rows are made by."""


def is_number_column(name: str) -> bool:
    """Whether a column holds numbers. One that isn't known holds what rows are made by."""
    return name in FIGURES and FIGURES[name].kind not in (Kind.TEXT, Kind.MOMENT, Kind.DAY)
