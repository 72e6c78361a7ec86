"""The report ``quality``: what judges and people say, whether it drifts, and one number of health with its parts."""

from __future__ import annotations

from typing import Any, Final

import ibis
import numpy
from ibis.expr.types import Table

from ..asked import Asked
from ..report import Cells, Report, Section, share, sorted_rows
from ..samples import LEAST_FOR_MEDIAN, TooFew, withhold
from ..tables import Tables, rows_of, summed
from . import health
from .judged import FEEDBACK, judged
from .significance import LEAST, LEVEL, Moments, correlation, counts_differ, distributions_differ, kappa, means_differ

COLUMNS: Final = ("scores", "score", "lowest", "highest", "traces")
_LATENCIES: Final = ((1000, "<1s"), (2000, "1-2s"), (5000, "2-5s"), (10_000, "5-10s"))
_LONGEST: Final = ">=10s"
_PASS: Final = 0.5
"""From here on a score on a scale from 0 to 1 is a yes, where a judge is compared with people."""
_HUMAN: Final = "human"
_SHOWN: Final = 50


def quality(tables: Tables, asked: Asked, scores: Table | None = None) -> Report:
    """Answer how good answers were.

    Args:
        tables: Where calls are.
        asked: The question.
        scores: What was judged in this time and in the one before, if somebody has asked already.
    """
    scores = judged(tables, asked, asked.window.and_before) if scores is None else scores
    now, before = asked.window.of(scores), asked.window.before.of(scores)
    calls = asked.filtered(tables.calls)
    total = _rows(now, {})
    return Report(
        "quality",
        asked.window,
        asked.by,
        COLUMNS,
        sorted_rows(_rows(now, asked.keys(now)), asked.by, "scores"),
        # Means of different evaluations have no mean: the total says how many there are.
        {"scores": total[0]["scores"], "traces": total[0]["traces"]} if total else dict.fromkeys(COLUMNS),
        {
            "health": health.section(asked.window.of(calls), asked.window.before.of(calls), now),
            "drift": _drift(now, before),
            "length_stability": _length_stability(asked.window.of(calls), asked.window.before.of(calls)),
            "satisfaction_by_latency": _satisfaction(now),
            "agreement": _agreement(now),
        },
    )


def _rows(scores: Table, keys: dict[str, Any]) -> list[Cells]:
    found = summed(
        scores,
        keys,
        scores=scores.count(),
        score=scores["score"].mean(),
        lowest=scores["score"].min(),
        highest=scores["score"].max(),
        traces=scores["trace_id"].nunique(),
    )
    for row in found:
        withhold(row, row["scores"], {"score": LEAST_FOR_MEDIAN})
    return [row for row in found if row["scores"]]


def _drift(now: Table, before: Table) -> Section:
    """Evaluations that differ from those of as long a time before: their mean, their spread, their labels."""
    values, old_values = _values(now), _values(before)
    labels, old_labels = _labels(now), _labels(before)
    rows: list[Cells] = []
    for key in sorted(set(values) & set(old_values), key=str):
        new, old = values[key], old_values[key]
        was, is_now = _moments(old), _moments(new)
        row: Cells = {"evaluation": key[0], "feature": key[1], "before": was.mean, "now": is_now.mean}
        if min(len(new), len(old)) < LEAST:
            rows.append({**row, "verdict": TooFew(min(len(new), len(old)))})
            continue
        row["z"] = (is_now.mean - was.mean) / was.deviation if was.deviation else None
        row["p_mean"] = means_differ(was, is_now)
        row["p_distribution"] = distributions_differ(old, new)
        row["p_labels"] = counts_differ(old_labels.get(key, {}), labels.get(key, {}))
        drifts = any(p is not None and p < LEVEL for p in (row["p_mean"], row["p_distribution"], row["p_labels"]))
        row["verdict"] = "drifts" if drifts else "no difference shown"
        rows.append(row)
    return Section(
        "evaluations, against as long a time before",
        ("evaluation", "feature", "before", "now", "z", "p_mean", "p_distribution", "p_labels", "verdict"),
        rows[:_SHOWN],
        f"z is in standard deviations of the time before; p by Welch's t-test, Kolmogorov-Smirnov and chi-squared:"
        f" below {LEVEL:g} it is called a drift"
        if rows
        else "not enough data: no evaluation has scores in both times",
    )


def _values(scores: Table) -> dict[tuple[Any, ...], list[float]]:
    """Every score, by evaluation and feature. Equal ones come once, with their number."""
    known = scores.filter(scores["score"].notnull())
    found = known.group_by("evaluation", "feature", value=known["score"].round(4)).aggregate(n=known.count())
    values: dict[tuple[Any, ...], list[float]] = {}
    for row in rows_of(found):
        values.setdefault((row["evaluation"], row["feature"]), []).extend([row["value"]] * row["n"])
    return {key: sorted(each) for key, each in values.items()}


def _labels(scores: Table) -> dict[tuple[Any, ...], dict[str, int]]:
    named = scores.filter(scores["label"].notnull())
    found = named.group_by("evaluation", "feature", "label").aggregate(n=named.count())
    labels: dict[tuple[Any, ...], dict[str, int]] = {}
    for row in rows_of(found):
        labels.setdefault((row["evaluation"], row["feature"]), {})[row["label"]] = row["n"]
    return labels


def _moments(values: list[float]) -> Moments:
    # numpy's, since the exact fractions of ``statistics`` take a second for a hundred thousand scores.
    return Moments(len(values), float(numpy.mean(values)), float(numpy.std(values, ddof=1)) if len(values) > 1 else 0.0)


def _length_stability(now: Table, before: Table) -> Section:
    """How long answers are, against as long a time before: a model that was changed silently shows there early."""
    was = {(row["feature"], row["model"]): row for row in _lengths(before)}
    rows: list[Cells] = []
    for row in _lengths(now):
        old = was.get((row["feature"], row["model"]))
        if old is None:
            continue
        p = means_differ(_length_moments(old), _length_moments(row))
        if p is not None and p < LEVEL:
            change = share(row["mean_output_tokens"] - old["mean_output_tokens"], old["mean_output_tokens"])
            rows.append(
                {
                    "feature": row["feature"],
                    "model": row["model"],
                    "calls": row["calls"],
                    "before_output_tokens": old["mean_output_tokens"],
                    "mean_output_tokens": row["mean_output_tokens"],
                    "difference": change,
                    "p": p,
                }
            )
    return Section(
        "answers that are longer or shorter than in as long a time before",
        ("feature", "model", "calls", "before_output_tokens", "mean_output_tokens", "difference", "p"),
        sorted(rows, key=lambda row: -abs(row["difference"] or 0.0))[:_SHOWN],
    )


def _lengths(calls: Table) -> list[Cells]:
    answered = calls.filter(calls["output_tokens"] > 0)
    return rows_of(
        answered.group_by("feature", "model").aggregate(
            calls=answered.count(),
            mean_output_tokens=answered["output_tokens"].mean(),
            deviation=answered["output_tokens"].std(how="sample"),
        )
    )


def _length_moments(row: Cells) -> Moments:
    return Moments(row["calls"], row["mean_output_tokens"], row["deviation"] or 0.0)


def _satisfaction(scores: Table) -> Section:
    """What people say, by how long they waited."""
    feedback = scores.filter((scores["evaluation"] == FEEDBACK) & scores["duration_ms"].notnull())
    duration = feedback["duration_ms"]
    waited = ibis.cases(*((duration < limit, name) for limit, name in _LATENCIES), else_=_LONGEST)
    found = {
        row["waited"]: row
        for row in summed(feedback, {"waited": waited}, scores=feedback.count(), score=feedback["score"].mean())
    }
    rows = [found[name] for name in (*(name for _, name in _LATENCIES), _LONGEST) if name in found]
    for row in rows:
        withhold(row, row["scores"], {"score": LEAST_FOR_MEDIAN})
    return Section("what people say, by how long the answer took", ("waited", "scores", "score"), rows)


def _agreement(scores: Table) -> Section:
    """Whether judges say what people say, where both said something of the same answer or run."""
    known = scores.filter(scores["score"].notnull())
    people = known.filter((known["evaluation"] == FEEDBACK) | (known["evaluator"] == _HUMAN))
    people = people.group_by(of_trace=people["trace_id"]).aggregate(human=people["score"].mean())
    judges = known.filter(
        (known["evaluation"] != FEEDBACK) & (known["evaluator"] != _HUMAN).fill_null(ibis.literal(True))
    )
    judges = judges.group_by("trace_id", "evaluation", "evaluator").aggregate(judge=judges["score"].mean())
    pairs = judges.join(people, [("trace_id", "of_trace")])
    by_judge: dict[tuple[Any, ...], list[tuple[float, float]]] = {}
    for row in rows_of(pairs.select("evaluation", "evaluator", "judge", "human")):
        by_judge.setdefault((row["evaluation"], row["evaluator"]), []).append((row["judge"], row["human"]))
    rows = [_agreed(key, each) for key, each in sorted(by_judge.items(), key=lambda item: str(item[0]))]
    return Section(
        "judges against people, where both scored the same run",
        ("evaluation", "evaluator", "scores", "kappa", "correlation"),
        rows,
        f"kappa (Cohen) of yes and no, a score from {_PASS:g} on being a yes; correlation of the scores (Spearman)"
        if rows
        else "not enough data: no run has the score of a judge and that of a person",
    )


def _agreed(key: tuple[Any, ...], pairs: list[tuple[float, float]]) -> Cells:
    cells = [(judge >= _PASS, human >= _PASS) for judge, human in pairs]
    both, only_judge = cells.count((True, True)), cells.count((True, False))
    only_human, neither = cells.count((False, True)), cells.count((False, False))
    too_few = TooFew(len(pairs)) if len(pairs) < LEAST else None
    return {
        "evaluation": key[0],
        "evaluator": key[1],
        "scores": len(pairs),
        "kappa": too_few or kappa(both, only_judge, only_human, neither),
        "correlation": too_few or correlation([judge for judge, _ in pairs], [human for _, human in pairs]),
    }
