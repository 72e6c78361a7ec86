"""``feedback_token()`` and ``feedback()`` in one process."""

from __future__ import annotations

import math
from typing import Any

import pytest
from opentelemetry import trace

from otel_genai_instr import log
from otel_genai_instr.evaluation import evaluate, feedback, feedback_token
from otel_genai_instr.evaluation.reactions import ACTIONS
from otel_genai_instr.settings import CaptureContent, Settings

from .judging import KEY, Judging, SomeBlock, ids, ids_of_record

SCORES = {"thumbs_up": 1.0, "thumbs_down": 0.0, "retry": None, "edit": None, "abandon": None}


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action(judging: Judging, action: Any) -> None:
    span = judging.span()
    feedback(feedback_token(SomeBlock(span, "resp_1")), action)
    assert judging.record().event_name == "gen_ai.evaluation.result"
    assert ids_of_record(judging.record()) == ids(span.get_span_context())
    dimensions = {
        "gen_ai.evaluation.name": "user_feedback",
        "gen_ai.evaluation.score.label": action,
        "otel_genai.evaluation.evaluator": "human",
    }
    score = SCORES[action]
    assert judging.said() == dimensions | ({} if score is None else {"gen_ai.evaluation.score.value": score})
    points = [] if score is None else [{"attributes": dimensions, "count": 1, "sum": score}]
    assert judging.scores() == points


def test_every_action_is_in_the_table() -> None:
    assert set(ACTIONS) == set(SCORES)


@pytest.mark.parametrize("mode", list(CaptureContent))
def test_what_they_wrote_is_content(judging: Judging, mode: CaptureContent) -> None:
    judging.use(Settings(feedback_key=KEY, capture_content=mode))
    feedback(feedback_token(judging.span()), "thumbs_up", text="thanks")
    wanted = None if mode is CaptureContent.NO_CONTENT else "thanks"
    assert judging.said().get("gen_ai.evaluation.explanation") == wanted


def test_empty_text_is_no_text(judging: Judging) -> None:
    judging.use(Settings(feedback_key=KEY, capture_content=CaptureContent.SPAN_ONLY))
    feedback(feedback_token(judging.span()), "thumbs_up", text="")
    assert "gen_ai.evaluation.explanation" not in judging.said()


def test_a_token_lives_seven_days(judging: Judging) -> None:
    token = feedback_token(judging.span())
    judging.capture.clock.advance(7 * 24 * 3600)
    feedback(token, "thumbs_up")
    judging.capture.clock.advance(1.5)
    with pytest.raises(ValueError, match="expired"):
        feedback(token, "thumbs_up")
    assert len(judging.records()) == 1


@pytest.mark.parametrize("seconds", [1, 0.2, 90.0])
def test_a_token_lives_as_long_as_told(judging: Judging, seconds: float) -> None:
    token = feedback_token(judging.span(), expires_in=seconds)
    judging.capture.clock.advance(seconds)
    feedback(token, "retry")
    judging.capture.clock.advance(1)
    with pytest.raises(ValueError, match="expired"):
        feedback(token, "retry")


@pytest.mark.parametrize("seconds", [0, -1, math.nan, math.inf, 1e12, "60", None])
def test_a_life_that_is_not_allowed(judging: Judging, seconds: Any) -> None:
    with pytest.raises(ValueError, match=r"^expires_in=.*allowed: seconds"):
        feedback_token(judging.span(), expires_in=seconds)


@pytest.mark.parametrize("action", ["", "love", "THUMBS_UP", None, 1, ["thumbs_up"]])
def test_an_action_that_does_not_exist(judging: Judging, action: Any) -> None:
    with pytest.raises(ValueError, match="allowed: thumbs_up, thumbs_down, retry, edit, abandon"):
        feedback(feedback_token(judging.span()), action)
    assert (judging.records(), judging.scores()) == ([], [])


def test_text_that_is_no_text(judging: Judging) -> None:
    text: Any = 5
    with pytest.raises(ValueError, match=r"^text is of type int"):
        feedback(feedback_token(judging.span()), "edit", text=text)


@pytest.mark.parametrize("forged", ["", "x" * 84, "é", None])
def test_a_forged_token_leaves_nothing(judging: Judging, forged: Any) -> None:
    with pytest.raises(ValueError, match="token is not valid"):
        feedback(forged, "thumbs_up")
    assert (judging.records(), judging.scores()) == ([], [])


@pytest.mark.parametrize("key", [None, "", "too short"])
def test_without_a_key_the_variable_is_named(judging: Judging, key: str | None) -> None:
    token = feedback_token(judging.span())
    judging.use(Settings(feedback_key=key))
    with pytest.raises(ValueError, match="OTEL_GENAI_FEEDBACK_KEY"):
        feedback_token(judging.span())
    with pytest.raises(ValueError, match="OTEL_GENAI_FEEDBACK_KEY"):
        feedback(token, "thumbs_up")


@pytest.mark.parametrize("subject", [None, "chatcmpl-123", object()])
def test_what_is_passed_is_told_of_before_what_is_set(judging: Judging, subject: Any) -> None:
    judging.use(Settings(feedback_key=None))
    with pytest.raises(ValueError, match=rf"^subject of type {type(subject).__name__} "):
        feedback_token(subject)
    with pytest.raises(ValueError, match=rf"^subject of type {type(subject).__name__} "):
        evaluate(subject, "relevance", score=1)
    with pytest.raises(ValueError, match=rf"not valid: type {type(subject).__name__}; .*feedback_token"):
        feedback(subject, "thumbs_up")


def test_feedback_on_nothing_is_not_recorded_which_is_said_where_it_comes_back(
    judging: Judging, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "_said", {})
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    token = feedback_token(trace.INVALID_SPAN)  # of another process
    feedback(token, "thumbs_up")
    assert caplog.messages == []
    monkeypatch.delenv("OTEL_SDK_DISABLED")
    for _ in range(2):
        feedback(token, "thumbs_up")
    (said,) = caplog.messages
    assert "not recorded" in said
    assert "opentelemetry-instrument" in said
    assert (judging.records(), judging.scores()) == ([], [])
    feedback(feedback_token(judging.span()), "thumbs_up")
    assert len(judging.records()) == 1


def test_a_token_is_no_subject_of_a_further_token(judging: Judging) -> None:
    """Or whoever holds one could be given another life by mistake."""
    token: Any = feedback_token(judging.span())
    with pytest.raises(ValueError, match="type str"):
        feedback_token(token)


def test_instrument_puts_the_key_in_force(judging: Judging) -> None:
    capture = judging.capture
    capture.instrument(feedback_key="another-key-than-theirs")
    span = judging.span()
    token = feedback_token(span)
    feedback(token, "thumbs_up")
    assert judging.record().span_id == span.get_span_context().span_id
    judging.use(Settings(feedback_key=KEY))
    with pytest.raises(ValueError, match="not valid"):
        feedback(token, "thumbs_up")


def test_the_key_comes_from_the_environment(judging: Judging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_GENAI_FEEDBACK_KEY", KEY)
    judging.capture.instrument()
    feedback(feedback_token(judging.span()), "abandon")
    assert judging.said()["gen_ai.evaluation.score.label"] == "abandon"
