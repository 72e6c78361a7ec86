"""The reports ``prompts`` and ``quality`` on the month, against the ledger, numpy and scipy."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import numpy
import pytest
from scipy import stats

from examples.month.events import RUNAWAY, TEMPLATE_DOUBLES, UPDATE
from otel_genai_instr.reports.asked import Asked, Window
from otel_genai_instr.reports.samples import TooFew

from ...support.comparing import differences
from .ledger import (
    CUT_OFF,
    REFUSED,
    Answer,
    Call,
    Ledger,
    Score,
    begins,
    by,
    cost_of,
    day_of,
    grouped,
    in_order,
    mean,
    percentile,
    rate,
    week,
)

MONTH: Final = Window(week(1).start, week(4).end)
FORTNIGHT: Final = Window(week(3).start, week(4).end)
WEIGHTS: Final = {"reliability": 30, "completeness": 10, "evaluations": 25, "feedback": 20, "speed": 15}
UPDATED: Final = {"search-rag", "summarise"}
"""What asks for the model that is silently another one from a day on."""


def _prompt_row(calls: Sequence[Call], scores: Sequence[Score]) -> dict[str, Any]:
    times, inputs = [call.duration_ms for call in calls], [call.input_tokens for call in calls]
    too_few = len(calls) < 20
    return {
        "calls": len(calls),
        "mean_input_tokens": mean(inputs),
        "p95_input_tokens": TooFew(len(calls)) if too_few else percentile(inputs, 95, 1),
        "mean_output_tokens": mean(call.output_tokens for call in calls),
        "cost_per_call": rate(cost_of(calls), sum(call.cost is not None for call in calls)),
        "p50_ms": percentile(times, 50, 5),
        "p95_ms": percentile(times, 95, 20),
        "error_rate": sum(call.error is not None for call in calls) / len(calls),
        "score": mean(score.score for score in scores if score.evaluation != "user_feedback"),
        "feedback_score": mean(score.score for score in scores if score.evaluation == "user_feedback"),
    }


@pytest.mark.parametrize(
    "asked",
    [Asked(week(3), ("prompt", "prompt_version")), Asked(week(4), ("model", "feature"))],
    ids=["prompt", "model"],
)
def test_prompts(ledger: Ledger, answer: Answer, asked: Asked) -> None:
    calls, scores = ledger.of(asked.window), ledger.scores_of(asked.window)
    of_scores = grouped(scores, lambda score: tuple(getattr(score.call, name) for name in asked.by))
    rows = [
        dict(zip(asked.by, key, strict=True)) | _prompt_row(each, of_scores.get(key, []))
        for key, each in by(calls, asked).items()
    ]
    report = answer("prompts", asked)
    assert differences(in_order(rows, asked, "calls"), report.rows) == []
    assert differences(_prompt_row(calls, scores), report.total) == []


def test_versions_are_compared_by_tests_on_all_values(ledger: Ledger, answer: Answer) -> None:
    """scipy gets every value here; the report gives it their moments."""
    window = week(3)
    found = {row["figure"]: row for row in answer("prompts", Asked(window)).sections["versions"].rows}
    mine = [call for call in ledger.of(window) if call.feature == TEMPLATE_DOUBLES.feature]
    old, new = ([call for call in mine if call.prompt_version == version] for version in ("3", "4"))
    scores = [score for score in ledger.scores_of(window) if score.call.feature == TEMPLATE_DOUBLES.feature]
    values: dict[str, list[list[float]]] = {
        "mean_input_tokens": [
            [call.input_tokens for call in side if call.input_tokens is not None] for side in (old, new)
        ],
        "mean_output_tokens": [
            [call.output_tokens for call in side if call.output_tokens is not None] for side in (old, new)
        ],
        "cost_per_call": [[float(call.cost) for call in side if call.cost is not None] for side in (old, new)],
        "mean_ms": [[call.duration_ms for call in side] for side in (old, new)],
    }
    for name in ("relevance", "user_feedback"):
        values[name] = [
            [
                score.score
                for score in scores
                if score.evaluation == name and score.call.prompt_version == version and score.score is not None
            ]
            for version in ("3", "4")
        ]
    assert set(found) == {*values, "error_rate"}
    for name, (before, after) in values.items():
        row = found[name]
        assert (row["old"], row["new"]) == (pytest.approx(numpy.mean(before)), pytest.approx(numpy.mean(after))), name
        assert row["difference"] == pytest.approx(numpy.mean(after) / numpy.mean(before) - 1), name
        if min(len(before), len(after)) >= 20:
            assert row["p"] == pytest.approx(stats.ttest_ind(before, after, equal_var=False).pvalue, rel=1e-6), name
        else:
            assert row["verdict"] == TooFew(min(len(before), len(after)))
    failed = [[sum((call.error is None) is fine for call in side) for fine in (False, True)] for side in (old, new)]
    assert found["error_rate"]["p"] == pytest.approx(stats.fisher_exact(failed).pvalue)
    assert found["mean_input_tokens"]["verdict"] == "differs"
    assert found["cost_per_call"]["verdict"] == "worse"
    assert found["error_rate"]["verdict"] == "no difference shown"


def test_no_version_is_new_elsewhere(answer: Answer) -> None:
    assert {row["prompt"] for row in answer("prompts", Asked(MONTH)).sections["versions"].rows} == {"support_answer"}
    assert answer("prompts", Asked(week(2))).sections["versions"].rows == []


@pytest.mark.parametrize("window", [week(3), week(4), day_of(TEMPLATE_DOUBLES)], ids=str)
def test_length_drift(ledger: Ledger, answer: Answer, window: Window) -> None:
    expected: list[dict[str, Any]] = []
    for prompt, calls in grouped(ledger.calls, lambda call: call.prompt).items():
        days = grouped((call for call in calls if call.input_tokens is not None), lambda call: call.start.date())
        means = {
            day: statistics.fmean(call.input_tokens or 0 for call in each)
            for day, each in days.items()
            if len(each) >= 5
        }
        for day, length in means.items():
            week_before = [
                means[day - timedelta(days=each)] for each in range(1, 8) if day - timedelta(days=each) in means
            ]
            if window.start.date() <= day < window.end.date() and len(week_before) >= 3:
                usual = statistics.median(week_before)
                if abs(length / usual - 1) > 0.3:
                    row = {"prompt": prompt, "day": day, "calls": len(days[day]), "mean_input_tokens": length}
                    expected.append({**row, "usual_input_tokens": usual, "drift": length / usual - 1})
    expected.sort(key=lambda row: (row["day"], row["prompt"]))
    found = [row | {"day": row["day"].date()} for row in answer("prompts", Asked(window)).sections["length_drift"].rows]
    assert differences(expected, found) == []


def test_a_template_that_doubles_is_found_from_its_day_on(answer: Answer) -> None:
    def drifts(window: Window) -> list[tuple[str, int]]:
        rows = answer("prompts", Asked(window)).sections["length_drift"].rows
        return [(row["prompt"], row["day"].day) for row in rows]

    tuesday = begins(TEMPLATE_DOUBLES).day
    assert drifts(day_of(TEMPLATE_DOUBLES)) == [("support_answer", tuesday)]
    assert drifts(week(2)) == []
    assert drifts(day_of(RUNAWAY)) == [("research_step", begins(RUNAWAY).day)]


def test_outliers(ledger: Ledger, answer: Answer) -> None:
    large = [call for call in ledger.of(week(4)) if (call.input_tokens or 0) > 10_000 or (call.cost or 0) > 1]
    large.sort(key=lambda call: (-(call.input_tokens or 0), call.span_id))
    section = answer("prompts", Asked(week(4))).sections["outliers"]
    assert section.note == f"{len(large):,} of them"
    assert [(row["trace_id"], row["input_tokens"]) for row in section.rows] == [
        (call.trace_id, call.input_tokens) for call in large[:20]
    ]
    assert {row["trace_id"] for row in section.rows} == {large[0].trace_id}  # the runaway


def _score_row(scores: Sequence[Score]) -> dict[str, Any]:
    known = [score.score for score in scores if score.score is not None]
    return {
        "scores": len(scores),
        "score": TooFew(len(scores)) if len(scores) < 5 and known else mean(known),
        "lowest": min(known, default=None),
        "highest": max(known, default=None),
        "traces": len({score.call.trace_id for score in scores}),
    }


@pytest.mark.parametrize("window", [week(4), week(3), FORTNIGHT], ids=str)
def test_scores(ledger: Ledger, answer: Answer, window: Window) -> None:
    scores = ledger.scores_of(window)
    asked = Asked(window, ("evaluation", "feature"))
    groups = grouped(scores, lambda score: (score.evaluation, score.call.feature))
    rows = [{"evaluation": name, "feature": feature, **_score_row(each)} for (name, feature), each in groups.items()]
    report = answer("quality", asked)
    assert differences(in_order(rows, asked, "scores"), report.rows) == []
    assert report.total == {"scores": len(scores), "traces": len({score.call.trace_id for score in scores})}


@pytest.mark.parametrize("window", [week(4), week(3), FORTNIGHT], ids=str)
def test_drift(ledger: Ledger, answer: Answer, window: Window) -> None:
    now, before = (
        grouped(ledger.scores_of(each), lambda score: (score.evaluation, score.call.feature))
        for each in (window, window.before)
    )
    found = {
        (row["evaluation"], row["feature"]): row for row in answer("quality", Asked(window)).sections["drift"].rows
    }
    drifting: set[tuple[str, str]] = set()
    assert set(found) == set(now) & set(before)
    for key, row in found.items():
        new, old = ([score.score for score in side[key] if score.score is not None] for side in (now, before))
        assert (row["before"], row["now"]) == (pytest.approx(numpy.mean(old)), pytest.approx(numpy.mean(new)))
        if min(len(new), len(old)) < 20:
            assert row["verdict"] == TooFew(min(len(new), len(old)))
            continue
        assert row["z"] == pytest.approx((numpy.mean(new) - numpy.mean(old)) / numpy.std(old, ddof=1))
        p_mean = stats.ttest_ind(old, new, equal_var=False).pvalue
        p_distribution = stats.ks_2samp(old, new, method="asymp").pvalue
        p_labels = _p_of_labels(now[key], before[key])
        assert row["p_mean"] == pytest.approx(p_mean, rel=1e-6)
        assert row["p_distribution"] == pytest.approx(p_distribution, rel=1e-6)
        assert row["p_labels"] == pytest.approx(p_labels, rel=1e-6)
        drifts = min(p_mean, p_distribution, p_labels) < 0.01
        assert row["verdict"] == ("drifts" if drifts else "no difference shown")
        if drifts:
            drifting.add(key)
    updated = {("relevance", "summarise"), ("relevance", "search-rag"), ("groundedness", "search-rag")}
    assert drifting == (updated if window == week(4) else set()) or window == FORTNIGHT


def _p_of_labels(now: Sequence[Score], before: Sequence[Score]) -> float:
    sides = [Counter(score.label for score in side) for side in (before, now)]
    words = sorted({*sides[0], *sides[1]})
    table = [[side[word] for word in words] for side in sides]
    if len(words) == 1:
        return 1.0
    return float((stats.fisher_exact(table) if len(words) == 2 else stats.chi2_contingency(table)).pvalue)


@pytest.mark.parametrize("window", [week(4), week(2)], ids=str)
def test_length_stability(ledger: Ledger, answer: Answer, window: Window) -> None:
    now, before = (
        grouped((call for call in ledger.of(each) if call.output_tokens), lambda call: (call.feature, call.model))
        for each in (window, window.before)
    )
    expected: list[dict[str, Any]] = []
    for (feature, model), calls in now.items():
        new, old = ([call.output_tokens or 0 for call in side] for side in (calls, before.get((feature, model), [])))
        if min(len(new), len(old)) >= 20:
            p = float(stats.ttest_ind(old, new, equal_var=False).pvalue)
            was, is_now = statistics.fmean(old), statistics.fmean(new)
            row = {"feature": feature, "model": model, "calls": len(new), "before_output_tokens": was}
            if p < 0.01:
                expected.append({**row, "mean_output_tokens": is_now, "difference": is_now / was - 1, "p": p})
    expected.sort(key=lambda row: -abs(row["difference"]))
    found = answer("quality", Asked(window)).sections["length_stability"].rows
    assert [(row["feature"], row["model"]) for row in found] == [(row["feature"], row["model"]) for row in expected]
    for one, other in zip(expected, found, strict=True):
        assert differences(one | {"p": other["p"]}, other) == []
        assert other["p"] == pytest.approx(one["p"], rel=1e-6)
    assert {(row["feature"], row["model"]) for row in found} == (
        {(feature, UPDATE.model) for feature in UPDATED} if window == week(4) else set()
    )


@pytest.mark.parametrize("window", [week(4), FORTNIGHT], ids=str)
def test_health(ledger: Ledger, answer: Answer, window: Window) -> None:
    found = {row["feature"]: row for row in answer("quality", Asked(window)).sections["health"].rows}
    now, before = (grouped(ledger.of(each), lambda call: call.feature) for each in (window, window.before))
    said = grouped(ledger.scores_of(window), lambda score: (score.call.feature, score.evaluation == "user_feedback"))
    assert set(found) == set(now)
    for feature, calls in now.items():
        incomplete = sum(call.finish_reason in (*REFUSED, *CUT_OFF) for call in calls)
        p95, old = (float(numpy.percentile([call.duration_ms for call in side[feature]], 95)) for side in (now, before))
        parts = {
            "reliability": 1 - sum(call.error is not None for call in calls) / len(calls),
            "completeness": 1 - incomplete / len(calls),
            "evaluations": mean(score.score for score in said.get((feature, False), [])),
            "feedback": mean(score.score for score in said.get((feature, True), [])),
            "speed": max(0.0, min(1.0, 2 - p95 / old)),
        }
        known = {name: part for name, part in parts.items() if part is not None}
        whole = sum(WEIGHTS[name] * part for name, part in known.items()) / sum(WEIGHTS[name] for name in known)
        expected = {"feature": feature, "calls": len(calls), "health": 100 * whole, **parts}
        assert differences(expected, found[feature]) == []
    assert [row["health"] for row in found.values()] == sorted(row["health"] for row in found.values())


def test_satisfaction_by_latency(ledger: Ledger, answer: Answer) -> None:
    limits = ((1000, "<1s"), (2000, "1-2s"), (5000, "2-5s"), (10_000, "5-10s"))

    def waited(score: Score) -> str:
        return next((name for limit, name in limits if score.call.duration_ms < limit), ">=10s")

    said = [score for score in ledger.scores_of(FORTNIGHT) if score.evaluation == "user_feedback"]
    expected: list[dict[str, Any]] = [
        {"waited": name, "scores": len(each), "score": _score_row(each)["score"]}
        for name, each in grouped(said, waited).items()
    ]
    names = [*(name for _, name in limits), ">=10s"]
    expected.sort(key=lambda row: names.index(row["waited"]))
    assert differences(expected, answer("quality", Asked(FORTNIGHT)).sections["satisfaction_by_latency"].rows) == []


def test_agreement(ledger: Ledger, answer: Answer) -> None:
    window = FORTNIGHT
    scores = [score for score in ledger.scores_of(window) if score.score is not None]
    people = grouped((s for s in scores if s.evaluation == "user_feedback"), lambda score: score.call.trace_id)
    judges = grouped(
        (s for s in scores if s.evaluation != "user_feedback"), lambda score: (score.evaluation, score.call.trace_id)
    )
    pairs: dict[str, list[tuple[float, float]]] = {}
    for (evaluation, trace), each in judges.items():
        if trace in people:
            both = [statistics.fmean(score.score or 0.0 for score in side) for side in (each, people[trace])]
            pairs.setdefault(evaluation, []).append((both[0], both[1]))
    found = {row["evaluation"]: row for row in answer("quality", Asked(window)).sections["agreement"].rows}
    assert {name: row["scores"] for name, row in found.items()} == {name: len(each) for name, each in pairs.items()}
    assert found["groundedness"]["kappa"] == TooFew(len(pairs["groundedness"]))
    judge, human = zip(*pairs["relevance"], strict=True)
    assert found["relevance"]["correlation"] == pytest.approx(stats.spearmanr(judge, human).statistic)
    yes = numpy.array([[one >= 0.5, other >= 0.5] for one, other in pairs["relevance"]])
    agreed = float((yes[:, 0] == yes[:, 1]).mean())
    one, other = (float(share) for share in yes.mean(axis=0))
    chance = one * other + (1 - one) * (1 - other)
    expected = None if chance == 1 else (agreed - chance) / (1 - chance)
    assert found["relevance"]["kappa"] == (None if expected is None else pytest.approx(expected))
