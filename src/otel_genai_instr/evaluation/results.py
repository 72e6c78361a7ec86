"""The result of an evaluation: one event, tied to the operation that was judged, and one point of a histogram."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, SupportsFloat

from opentelemetry import trace
from opentelemetry.context import Context

from .. import guard
from ..semconv import attributes as names
from ..semconv import own, values
from ..settings import Tier
from ..telemetry.captured import redacted
from ..telemetry.current import current
from ..telemetry.events import emit_evaluation
from ..telemetry.scope import NO_SCOPE, scope_in
from ..telemetry.telemetry import shared
from ..text import as_text, encodable
from .subjects import Subject, Target, target_of
from .tokens import is_one, keys_of, verify

LONGEST_WORD: Final = 128
"""Characters of a name, a label or an evaluator: they are dimensions of a metric, no place for sentences."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was thought of an operation."""

    name: str
    evaluator: str
    score: float | None = None
    label: str | None = None
    explanation: str | None = None


def evaluate(
    subject: Subject | str,
    name: str,
    *,
    score: SupportsFloat | None = None,
    label: str | None = None,
    explanation: str | None = None,
    evaluator: str = "auto",
) -> None:
    """Record what an evaluator thought of an operation.

    Emits the event ``gen_ai.evaluation.result`` in the trace of the operation, however that was sampled, and
    counts the score, unless it is negative, in the histogram ``gen_ai.evaluation.score``.

    Args:
        subject: the operation: a block of this package, a span, a span context, or a feedback token, which can
            come from another process. It may be over long since.
        name: what was judged, such as ``relevance``; 1 to 128 characters.
        score: any finite number; most often between 0 and 1.
        label: the verdict in a word, such as ``pass``; 1 to 128 characters.
        explanation: why. It may quote the conversation, so it is recorded with content capture only.
        evaluator: who judged: ``auto``, ``human``, or a name of your own; 1 to 128 characters.

    Raises:
        ValueError: for a value that isn't allowed, a subject without a span, a token that is forged or expired,
            and a token where no key is set.
    """
    verdict = Verdict(
        name=_word("name", name) or values.OTHER,
        evaluator=_word("evaluator", evaluator) or values.OTHER,
        score=_finite(score),
        label=None if label is None else _word("label", label),
        explanation=None if explanation is None else as_text("explanation", explanation),
    )
    record(target_of_token(subject) if is_one(subject) else target_of(subject), verdict)


def record(target: Target, verdict: Verdict) -> None:
    """Leave the signals of ``verdict``; a fault of ours stays here."""
    guard.run("evaluation", _record, target, verdict)


def target_of_token(token: object) -> Target:
    """The operation that a feedback token was made for.

    Raises:
        ValueError: for a token that is forged or expired, and when no key is set.
    """
    telemetry = shared()
    return Target(verify(token, telemetry.clock.wall_ns() / 1e9, keys_of(telemetry.settings.feedback_key)))


def text_of(field: str, value: object) -> str:
    """``value`` as text that can be exported.

    Raises:
        ValueError: when it is no string.
    """
    if not isinstance(value, str):
        raise ValueError(f"{field} is of type {type(value).__name__}; allowed: a string")
    return encodable(value)


def _record(target: Target, verdict: Verdict) -> None:
    telemetry = shared()
    # A fresh context: the baggage of whoever judges has nothing to do with the operation that is judged.
    context = trace.set_span_in_context(trace.NonRecordingSpan(target.span_context), Context())
    scope = scope_in(current()) or NO_SCOPE
    tier, _ = telemetry.policy.at_start(scope.content, target.span_context.trace_id)
    attributes: dict[str, object] = {
        names.EVALUATION_NAME: verdict.name,
        names.EVALUATION_SCORE_VALUE: verdict.score,
        names.EVALUATION_SCORE_LABEL: verdict.label,
        names.EVALUATION_EXPLANATION: redacted(telemetry, verdict.explanation) if tier is Tier.FULL else None,
        names.RESPONSE_ID: target.response_id,
        own.EVALUATION_EVALUATOR: verdict.evaluator,
    }
    said = {name: value for name, value in attributes.items() if value is not None}
    guard.run("events.evaluation", emit_evaluation, telemetry.logger, said, telemetry.clock.wall_ns(), context)
    if verdict.score is not None and verdict.score >= 0:  # a histogram takes no others
        telemetry.metrics.record_evaluation(verdict.name, verdict.label, verdict.evaluator, verdict.score, context)


def _word(field: str, value: object) -> str | None:
    """``value`` as a word; ``None`` when it can't be said as text.

    Raises:
        ValueError: for ``None``, and for a word that is empty or too long.
    """
    if value is None:
        raise ValueError(f"{field} is None; allowed: 1 to {LONGEST_WORD} characters")
    said = as_text(field, value)
    if said is None:
        return None
    word = said.strip()
    if not 1 <= len(word) <= LONGEST_WORD:
        raise ValueError(f"{field} has {len(word)} characters; allowed: 1 to {LONGEST_WORD}")
    return word


def _finite(score: object) -> float | None:
    if score is None:
        return None
    try:
        number = float(score) if isinstance(score, SupportsFloat) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"score={score!r:.50} is not allowed; allowed: a finite number, or None")
    return number
