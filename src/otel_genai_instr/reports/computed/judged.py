"""Evaluations and feedback beside what they are of: the call, or the run around it."""

from __future__ import annotations

from typing import Any, Final

import ibis
from ibis.expr.types import Table

from ..asked import Asked, Window
from ..columns import SPANS
from ..names import PROMPT_LENGTH
from ..tables import Tables, in_memory

FEEDBACK: Final = "user_feedback"
"""The name of what people say."""
_OF_THE_SCORE: Final = ("trace_id", "span_id", "started_at", "evaluation", "score", "label", "evaluator")
"""Columns that are not taken from the judged span."""
_USED: Final = ("feature", "prompt", "prompt_version", "duration_ms")
"""Columns of the judged span that reports on scores use by themselves."""
_OF_THE_TRACE: Final = (
    *("model", "answered_model", "provider", "feature", "tenant", "user", "session"),
    *("prompt", "prompt_version", "service", "environment"),
)
"""What a run around calls doesn't say is taken from its calls, where they agree."""


def judged(tables: Tables, asked: Asked, window: Window) -> Table:
    """Every score of a time with the columns of what was judged; ``started_at`` is when it was judged.

    Of a score that names the response alone, the call is found by that. One whose call isn't there has no columns of
    it. The answer is in memory, in the columns that reports on scores use and those that the question names: it is
    small beside the spans that it is found among, and is asked many things.
    """
    # As views: ibis joins what is joined already in one step, in which it can't tell the columns apart.
    scores = _with_subject(window.of(tables.scores, "at"), tables.calls).view()
    traces = scores.select(scored_trace="trace_id").distinct()
    used = {*_USED, *asked.by, *(condition.column for condition in asked.where)}
    if PROMPT_LENGTH in used:
        used.add("input_tokens")
    dimensions = [column.name for column in SPANS if column.name in used.difference(_OF_THE_SCORE)]
    # What is joined has the columns that are used, and no other: engines plan for each that is named.
    subjects = tables.spans.select(
        subject_trace="trace_id", subject_span="span_id", **{name: name for name in dimensions}
    )
    subjects = subjects.semi_join(traces, [subjects["subject_trace"] == traces["scored_trace"]])
    joined = scores.left_join(subjects, [("trace_id", "subject_trace"), ("span_id", "subject_span")])
    of_trace = [name for name in _OF_THE_TRACE if name in dimensions]
    calls = tables.calls.select("trace_id", *of_trace)
    calls = calls.semi_join(traces, [calls["trace_id"] == traces["scored_trace"]])
    agreed = calls.group_by(calls_trace=calls["trace_id"]).aggregate(
        **{f"all_{name}": _agreed(calls[name]) for name in of_trace}
    )
    joined = joined.view().left_join(agreed, [("trace_id", "calls_trace")])
    filled: dict[str, Any] = {
        name: ibis.coalesce(joined[name], joined[f"all_{name}"]) if name in of_trace else joined[name]
        for name in dimensions
    }
    return in_memory(asked.filtered(joined.select(*_OF_THE_SCORE, **filled)))


def _with_subject(scores: Table, calls: Table) -> Table:
    sought = scores["span_id"].isnull().ifelse(scores["response_id"], ibis.null("string"))
    scores = scores.mutate(sought=sought)
    wanted = scores.filter(scores["sought"].notnull()).select(wanted="sought").distinct()
    answered = calls.select("trace_id", "span_id", "response_id")
    answered = answered.semi_join(wanted, [answered["response_id"] == wanted["wanted"]])
    answered = answered.group_by(answer="response_id").aggregate(
        answer_trace=answered["trace_id"].min(), answer_span=answered["span_id"].min()
    )
    scores = scores.left_join(answered, [("sought", "answer")])
    return scores.select(
        trace_id=ibis.coalesce(scores["answer_trace"], scores["trace_id"]),
        span_id=ibis.coalesce(scores["span_id"], scores["answer_span"]),
        started_at=scores["at"],
        evaluation=scores["name"],
        score=scores["score"],
        label=scores["label"],
        evaluator=scores["evaluator"],
    )


def _agreed(column: Any) -> Any:
    return (column.min() == column.max()).ifelse(column.min(), ibis.null("string"))
