"""The report ``prompts``: how long prompts are and become, which calls stand out, and which version does better."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from statistics import median
from typing import Any, Final

import ibis
from ibis.expr.types import Table

from ..asked import Asked, Window
from ..report import Cells, Report, Section, share, sorted_rows
from ..samples import LEAST_FOR_MEDIAN, LEAST_FOR_P95, TooFew, withhold
from ..tables import Tables, count, quantile, rows_of, summed
from .judged import FEEDBACK, judged
from .significance import LEAST, LEVEL, Moments, means_differ, shares_differ

COLUMNS: Final = (
    *("calls", "mean_input_tokens", "p95_input_tokens", "mean_output_tokens", "cost_per_call", "p50_ms", "p95_ms"),
    *("error_rate", "score", "feedback_score"),
)
DRIFT: Final = 0.3
"""By how much a day's mean length has to differ from that of the seven days before."""
LONG: Final = 10_000
"""Input tokens of an outlier."""
DEAR: Final = 1.0
"""Cost of an outlier, in its currency."""
_LEAST: Final = {"p50_ms": LEAST_FOR_MEDIAN, "p95_ms": LEAST_FOR_P95, "p95_input_tokens": LEAST_FOR_P95}
_SHOWN: Final = 20


def prompts(tables: Tables, asked: Asked, scores: Table | None = None) -> Report:
    """Answer how prompts do. Rows are of calls that name their prompt; outliers are of all.

    Args:
        tables: Where calls are.
        asked: The question.
        scores: What was judged in this time and around it, if somebody has asked already.
    """
    everything = asked.filtered(tables.calls)
    calls = everything.filter(everything["prompt"].notnull())
    now = asked.window.of(calls)
    scores = asked.window.of(judged(tables, asked, asked.window) if scores is None else scores)
    total = _with_scores(_rows(now, {}), _scores(scores, {}), ())
    report = Report(
        "prompts",
        asked.window,
        asked.by,
        COLUMNS,
        sorted_rows(
            _with_scores(_rows(now, asked.keys(now)), _scores(scores, asked.keys(scores)), asked.by), asked.by, "calls"
        ),
        total[0] if total else dict.fromkeys(COLUMNS),
    )
    report.sections["versions"] = _versions(now, scores)
    report.sections["length_drift"] = _length_drift(calls, asked)
    report.sections["outliers"] = _outliers(asked.window.of(everything))
    return report


def _rows(calls: Table, keys: dict[str, Any]) -> list[Cells]:
    found = summed(
        calls,
        keys,
        calls=calls.count(),
        mean_input_tokens=calls["input_tokens"].mean(),
        p95_input_tokens=quantile(calls["input_tokens"], 0.95),
        mean_output_tokens=calls["output_tokens"].mean(),
        cost_per_call=calls["cost"].mean(),
        p50_ms=quantile(calls["duration_ms"], 0.5),
        p95_ms=quantile(calls["duration_ms"], 0.95),
        errors=count(calls["failed"]),
    )
    for row in found:
        row["error_rate"] = share(row.pop("errors"), row["calls"])
        withhold(row, row["calls"], _LEAST)
    return [row for row in found if row["calls"]]


def _scores(scores: Table, keys: dict[str, Any]) -> list[Cells]:
    is_feedback = scores["evaluation"] == FEEDBACK
    return summed(
        scores,
        keys,
        score=scores["score"].mean(where=~is_feedback),
        feedback_score=scores["score"].mean(where=is_feedback),
    )


def _with_scores(rows: list[Cells], scores: list[Cells], keys: Sequence[str]) -> list[Cells]:
    found = {tuple(row[key] for key in keys): row for row in scores}
    for row in rows:
        said = found.get(tuple(row[key] for key in keys), {})
        row["score"], row["feedback_score"] = said.get("score"), said.get("feedback_score")
    return rows


def _versions(calls: Table, scores: Table) -> Section:
    """Of each prompt, the version that came last against the one before it."""
    figures = {row["key"]: row for row in _moments(calls, scores)}
    order: dict[str, list[str]] = {}
    for prompt, version in sorted(figures, key=lambda key: figures[key]["first"]):
        if version is not None:
            order.setdefault(prompt, []).append(version)
    rows: list[Cells] = []
    for prompt, versions in sorted(order.items()):
        for old, new in pairwise(versions):
            rows += _compared(prompt, old, new, figures[prompt, old], figures[prompt, new])
    return Section(
        "versions of a prompt, each against the one before it",
        ("prompt", "old_version", "new_version", "figure", "old", "new", "difference", "p", "verdict"),
        rows,
        f"p is the probability of such a difference by chance, by Welch's t-test, of rates by Fisher's exact test or"
        f" chi-squared; below {LEVEL:g} it is called one"
        if rows
        else "",
    )


_FIGURES: Final = (
    ("input_tokens", "mean_input_tokens", 0),
    ("output_tokens", "mean_output_tokens", 0),
    ("cost", "cost_per_call", -1),
    ("duration_ms", "mean_ms", -1),
)
"""Columns of calls, what their mean is called, and whether more is better (1) or worse (-1)."""


def _moments(calls: Table, scores: Table) -> list[Cells]:
    """Size, mean and deviation of every figure by prompt and version."""
    columns = [name for name, _, _ in _FIGURES]
    found = summed(
        calls,
        {"prompt": calls["prompt"], "prompt_version": calls["prompt_version"]},
        first=calls["started_at"].min(),
        calls=calls.count(),
        errors=count(calls["failed"]),
        **{f"{name}_n": calls[name].count() for name in columns},
        **{f"{name}_mean": calls[name].mean() for name in columns},
        **{f"{name}_deviation": calls[name].std(how="sample") for name in columns},
    )
    named = scores.filter(scores["prompt"].notnull() & scores["score"].notnull())
    of_scores = summed(
        named,
        {name: named[name] for name in ("prompt", "prompt_version", "evaluation")},
        n=named.count(),
        mean=named["score"].mean(),
        deviation=named["score"].std(how="sample"),
    )
    by_key: dict[tuple[Any, Any], Cells] = {
        (row["prompt"], row["prompt_version"]): {**row, "scores": {}} for row in found
    }
    for row in of_scores:
        owner = by_key.get((row["prompt"], row["prompt_version"]))
        if owner is not None:
            owner["scores"][row["evaluation"]] = Moments(row["n"], row["mean"], row["deviation"] or 0.0)
    return [{**row, "key": key} for key, row in by_key.items()]


def _compared(prompt: str, old: str, new: str, before: Cells, after: Cells) -> list[Cells]:
    rows: list[Cells] = []
    pairs = [(label, _moment(before, name), _moment(after, name), better) for name, label, better in _FIGURES]
    pairs += [
        (name, before["scores"][name], after["scores"][name], 1)
        for name in sorted(before["scores"])
        if name in after["scores"]
    ]
    for label, one, other, better in pairs:
        if one.n and other.n:
            rows.append(_row(label, one.mean, other.mean, means_differ(one, other), better, min(one.n, other.n)))
    p = shares_differ(before["errors"], before["calls"], after["errors"], after["calls"])
    rates = [side["errors"] / side["calls"] for side in (before, after)]
    rows.append(_row("error_rate", rates[0], rates[1], p, -1, min(before["calls"], after["calls"])))
    return [{"prompt": prompt, "old_version": old, "new_version": new, **row} for row in rows]


def _moment(row: Cells, name: str) -> Moments:
    return Moments(row[f"{name}_n"], row[f"{name}_mean"] or 0.0, row[f"{name}_deviation"] or 0.0)


def _row(figure: str, old: float, new: float, p: float | None, better: int, n: int) -> Cells:
    if p is None:
        verdict: Any = TooFew(n) if n < LEAST else None
    elif p >= LEVEL:
        verdict = "no difference shown"
    else:
        verdict = {0: "differs", 1: "better" if new > old else "worse", -1: "worse" if new > old else "better"}[better]
    return {
        "figure": figure,
        "old": old,
        "new": new,
        "difference": share(new - old, abs(old)),
        "p": p,
        "verdict": verdict,
    }


def _length_drift(calls: Table, asked: Asked) -> Section:
    """Days on which a prompt's calls were far longer or shorter than in the seven days before."""
    known = Window(asked.window.start - timedelta(days=8), asked.window.end)
    calls = known.of(calls)
    by_day = summed(
        calls,
        {"prompt": calls["prompt"], "day": asked.local(calls["started_at"], known).truncate("D")},
        calls=calls["input_tokens"].count(),
        mean_input_tokens=calls["input_tokens"].mean(),
    )
    series: dict[str, list[Cells]] = {}
    for row in sorted(by_day, key=lambda row: row["day"]):
        if row["calls"] >= LEAST_FOR_MEDIAN:
            series.setdefault(row["prompt"], []).append(row)
    first = asked.moment(asked.window.start).date()
    rows: list[Cells] = []
    for days in series.values():
        for row in days:
            week = [
                each["mean_input_tokens"]
                for each in days
                if timedelta() < row["day"] - each["day"] <= timedelta(days=7)
            ]
            if row["day"].date() < first or len(week) < 3:
                continue
            usual = median(week)
            drift = share(row["mean_input_tokens"] - usual, usual)
            if drift is not None and abs(drift) > DRIFT:
                rows.append({**row, "usual_input_tokens": usual, "drift": drift})
    return Section(
        f"days on which a prompt was more than {DRIFT:.0%} longer or shorter than in the seven days before",
        ("prompt", "day", "calls", "mean_input_tokens", "usual_input_tokens", "drift"),
        sorted(rows, key=lambda row: (row["day"], row["prompt"])),
    )


def _outliers(calls: Table) -> Section:
    shown = ("started_at", "trace_id", "feature", "prompt", "model", "input_tokens", "cost")
    found = calls.filter((calls["input_tokens"] > LONG) | (calls["cost"] > DEAR).fill_null(ibis.literal(False)))
    number = rows_of(found.aggregate(number=found.count()))[0]["number"]
    longest = found.order_by(found["input_tokens"].desc(), found["span_id"]).limit(_SHOWN)
    return Section(
        f"calls with more than {LONG:,} input tokens, or that cost more than {DEAR:g}",
        shown,
        rows_of(longest.select(*shown)),
        f"{number:,} of them" if number > _SHOWN else "",
    )
