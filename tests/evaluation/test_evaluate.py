"""``evaluate()``: the event, the histogram, and what is refused."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from otel_genai_instr import guard
from otel_genai_instr.evaluation import evaluate, feedback_token
from otel_genai_instr.settings import CaptureContent, Settings
from otel_genai_instr.telemetry import metrics

from ..support.capture import Capture
from ..support.clock import FakeClock
from .judging import Judging, SomeBlock, ids, ids_of_record

DIMENSIONS = {
    "gen_ai.evaluation.name": "relevance",
    "gen_ai.evaluation.score.label": "pass",
    "otel_genai.evaluation.evaluator": "judge",
}


def judge(subject: Any, **changes: Any) -> None:
    values: dict[str, Any] = {
        "name": "relevance",
        "score": 0.9,
        "label": "pass",
        "explanation": "on topic",
        "evaluator": "judge",
    }
    evaluate(subject, **{**values, **changes})


def test_the_event_is_tied_to_the_operation_and_the_score_is_counted(judging: Judging) -> None:
    span = judging.span()
    judging.capture.clock.advance(3600)
    judge(SomeBlock(span, "resp_1"))
    record = judging.record()
    assert record.event_name == "gen_ai.evaluation.result"
    assert ids_of_record(record) == ids(span.get_span_context())
    assert record.timestamp == judging.capture.clock.as_clock().wall_ns()
    assert judging.said() == {**DIMENSIONS, "gen_ai.evaluation.score.value": 0.9, "gen_ai.response.id": "resp_1"}
    assert judging.scores() == [{"attributes": DIMENSIONS, "count": 1, "sum": 0.9}]


def subjects(span: trace.Span, exported: ReadableSpan) -> dict[str, object]:
    return {
        "block": SomeBlock(span),
        "span": span,
        "exported span": exported,
        "span context": span.get_span_context(),
        "token": feedback_token(span),
    }


@pytest.mark.parametrize("kind", ["block", "span", "exported span", "span context", "token"])
def test_each_kind_of_subject(judging: Judging, kind: str) -> None:
    span = judging.span(**{"gen_ai.response.id": "resp_2"})
    judge(subjects(span, judging.capture.span())[kind])
    assert ids_of_record(judging.record()) == ids(span.get_span_context())
    # A span context and a token hold nothing but ids.
    known = None if kind in ("span context", "token") else "resp_2"
    assert judging.said().get("gen_ai.response.id") == known


def test_a_span_that_was_not_sampled_is_evaluated_all_the_same(clock: FakeClock) -> None:
    judging = Judging(Capture(clock, ALWAYS_OFF))
    span = judging.span()
    judge(span)
    assert not span.get_span_context().trace_flags.sampled
    assert ids_of_record(judging.record()) == ids(span.get_span_context())
    assert judging.scores()[0]["count"] == 1


def test_the_context_of_the_judge_is_left_alone_and_left_out(judging: Judging) -> None:
    tracer = judging.capture.tracer_provider.get_tracer("app")
    token = context.attach(baggage.set_baggage("user.id", "u-42"))
    try:
        with tracer.start_as_current_span("judge") as current:
            before = context.get_current()
            span = judging.span()
            judge(span)
            assert context.get_current() == before
            assert judging.record().span_id not in (None, current.get_span_context().span_id)
    finally:
        context.detach(token)
    inner = judging.record().context
    assert inner is None or not baggage.get_all(inner)


@pytest.mark.parametrize("mode", list(CaptureContent))
def test_the_explanation_is_content(judging: Judging, mode: CaptureContent) -> None:
    judging.use(Settings(capture_content=mode))
    judge(judging.span())
    wanted = None if mode is CaptureContent.NO_CONTENT else "on topic"
    assert judging.said().get("gen_ai.evaluation.explanation") == wanted


def test_what_is_not_given_is_left_out(judging: Judging) -> None:
    evaluate(judging.span(), "relevance", label="pass")
    assert judging.said() == {**DIMENSIONS, "otel_genai.evaluation.evaluator": "auto"}
    assert judging.scores() == []


@pytest.mark.parametrize(
    ("score", "recorded"), [(1, 1.0), (True, 1.0), (-2.5, -2.5), (Decimal("0.5"), 0.5), (Fraction(1, 4), 0.25)]
)
def test_a_score_is_any_finite_number(judging: Judging, score: Any, recorded: float) -> None:
    judge(judging.span(), score=score)
    value = judging.said()["gen_ai.evaluation.score.value"]
    assert (value, type(value)) == (recorded, float)


def test_a_negative_score_is_in_the_event_alone(judging: Judging, caplog: pytest.LogCaptureFixture) -> None:
    """Histograms of the SDK drop it, and log a warning for each."""
    judge(judging.span(), score=-0.5)
    assert judging.said()["gen_ai.evaluation.score.value"] == -0.5
    assert (judging.scores(), caplog.records) == ([], [])
    judge(judging.span(), score=0)
    assert judging.scores()[0]["count"] == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("score", math.nan),
        ("score", -math.inf),
        ("score", Decimal("NaN")),
        ("score", 10**400),
        ("score", "0.9"),
        ("score", 1j),
        ("score", [0.9]),
        ("name", ""),
        ("name", " \n"),
        ("name", "n" * 129),
        ("name", None),
        ("label", ""),
        ("label", "l" * 129),
        ("evaluator", ""),
        ("evaluator", None),
    ],
)
def test_wrong_values_are_refused_before_anything_is_recorded(judging: Judging, field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^{field}\b.*allowed: "):
        judge(judging.span(), **{field: value})
    assert (judging.records(), judging.scores()) == ([], [])


class _Speechless:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_names_are_text_whatever_says_them(judging: Judging) -> None:
    judge(judging.span(), name=b"relevance", label=1, evaluator=UUID(int=7), explanation=None)
    said = judging.said()
    assert said["gen_ai.evaluation.name"] == "relevance"
    assert said["gen_ai.evaluation.score.label"] == "1"
    assert said["otel_genai.evaluation.evaluator"] == "00000000-0000-0000-0000-000000000007"


def test_names_without_text_are_other_ones_or_left_out(judging: Judging) -> None:
    judge(judging.span(), name=_Speechless(), label=_Speechless(), evaluator=_Speechless())
    said = judging.said()
    assert (said["gen_ai.evaluation.name"], said["otel_genai.evaluation.evaluator"]) == ("other", "other")
    assert "gen_ai.evaluation.score.label" not in said


@pytest.mark.parametrize("subject", [None, 5, object(), b"token", SimpleNamespace(span=None)])
def test_a_subject_without_a_span_is_refused(judging: Judging, subject: object) -> None:
    with pytest.raises(ValueError, match="allowed: a block"):
        judge(subject)
    assert judging.records() == []


def test_lone_surrogates_do_not_reach_an_exporter(judging: Judging) -> None:
    judging.use(Settings(capture_content=CaptureContent.SPAN_ONLY))
    judge(judging.span(), explanation="bad \ud800", label="bad \ud800")
    assert judging.said()["gen_ai.evaluation.explanation"] == "bad ?"
    assert judging.said()["gen_ai.evaluation.score.label"] == "bad ?"


def test_labels_from_anywhere_take_bounded_memory_and_no_score_is_lost(judging: Judging) -> None:
    span = judging.span()
    many = metrics.MAX_EVALUATION_SERIES + 50
    for number in range(many):
        judge(span, label=f"label {number}")
    judge(span, label="label 0")
    scores = judging.scores()
    assert len(scores) == metrics.MAX_EVALUATION_SERIES + 1
    assert sum(point["count"] for point in scores) == many + 1
    (overflow,) = [point for point in scores if point["attributes"] == {"otel.metric.overflow": True}]
    assert overflow["count"] == 50


class BrokenLogger:
    def emit(self, *_: object) -> None:
        raise RuntimeError("broken exporter")


def test_a_fault_in_the_event_neither_reaches_the_app_nor_costs_the_metric(
    judging: Judging, monkeypatch: pytest.MonkeyPatch
) -> None:
    from otel_genai_instr.telemetry.telemetry import shared

    monkeypatch.setattr(guard, "strict", False)
    monkeypatch.setattr(shared(), "logger", BrokenLogger())
    judge(judging.span())
    assert guard.counts() == {("events.evaluation", "RuntimeError"): 1}
    assert judging.scores()[0]["count"] == 1


def test_a_fault_of_ours_does_not_reach_the_app(judging: Judging, monkeypatch: pytest.MonkeyPatch) -> None:
    from otel_genai_instr.telemetry.telemetry import shared

    monkeypatch.setattr(guard, "strict", False)
    monkeypatch.setattr(shared(), "metrics", None)
    judge(judging.span())
    assert guard.counts() == {("evaluation", "AttributeError"): 1}
    assert judging.record().event_name == "gen_ai.evaluation.result"
