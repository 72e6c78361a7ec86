"""Evaluations and feedback beside what they are of: the call, or the run around it."""

from __future__ import annotations

from typing import Any, Final

import ibis
from ibis.expr.types import Table

from .asked import Asked
from .columns import SPANS
from .tables import Tables

FEEDBACK: Final = "user_feedback"
"""The name of what people say."""
_KEPT: Final = ("trace_id", "span_id", "parent_id", "started_at", "row_id", "line_at", "name", "response_id")
"""Columns that are not taken from the judged span."""
_OF_THE_TRACE: Final = (
    *("model", "answered_model", "provider", "feature", "tenant", "user", "session"),
    *("prompt", "prompt_version", "service", "environment"),
)
"""What a run around calls doesn't say is taken from its calls, where they agree."""


def judged(tables: Tables, asked: Asked) -> Table:
    """Every score with the columns of what was judged; ``started_at`` is when it was judged.

    Of a score that names the response alone, the call is found by that. One whose call isn't there has no columns of
    it.
    """
    # As views: ibis joins what is joined already in one step, in which it can't tell the columns apart.
    scores = _with_subject(tables).view()
    dimensions = [column.name for column in SPANS if column.name not in _KEPT]
    subjects = tables.spans.select(
        subject_trace="trace_id", subject_span="span_id", **{name: name for name in dimensions}
    )
    joined = scores.left_join(subjects, [("trace_id", "subject_trace"), ("span_id", "subject_span")])
    calls = tables.calls
    agreed = {f"all_{name}": _agreed(calls[name]) for name in _OF_THE_TRACE}
    of_trace = calls.group_by(calls_trace=calls["trace_id"]).aggregate(**agreed)
    joined = joined.view().left_join(of_trace, [("trace_id", "calls_trace")])
    filled: dict[str, Any] = {
        name: ibis.coalesce(joined[name], joined[f"all_{name}"]) if name in _OF_THE_TRACE else joined[name]
        for name in dimensions
    }
    kept = ("trace_id", "span_id", "started_at", "evaluation", "score", "label", "evaluator")
    return asked.filtered(joined.select(**{name: joined[name] for name in kept}, **filled))


def _with_subject(tables: Tables) -> Table:
    scores, calls = tables.scores, tables.calls
    answered = calls.filter(calls["response_id"].notnull())
    answered = answered.group_by(answer="response_id").aggregate(
        answer_trace=answered["trace_id"].min(), answer_span=answered["span_id"].min()
    )
    sought = scores["span_id"].isnull().ifelse(scores["response_id"], ibis.null("string"))
    scores = scores.mutate(sought=sought)
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
