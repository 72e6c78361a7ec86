"""One number of how a feature does, from 0 to 100, and the parts that it is made of, with their weights."""

from __future__ import annotations

from typing import Any, Final

import ibis
from ibis.expr.types import Table

from ..report import Cells, Section
from ..samples import LEAST_FOR_P95, TooFew
from ..tables import count, quantile, rows_of, summed
from .errors import is_cut_off, is_refused
from .judged import FEEDBACK

WEIGHTS: Final = {"reliability": 30, "completeness": 10, "evaluations": 25, "feedback": 20, "speed": 15}
"""What each part counts. A part of which nothing is known is left out, and the others count for it."""


def section(calls: Table, before: Table, scores: Table) -> Section:
    """The health of every feature."""
    said = _scores(scores)
    was = {row["feature"]: row["p95_ms"] for row in _calls(before) if row["calls"] >= LEAST_FOR_P95}
    rows: list[Cells] = []
    for row in _calls(calls):
        feature = row["feature"]
        if row["calls"] < LEAST_FOR_P95:
            rows.append({"feature": feature, "calls": row["calls"], "health": TooFew(row["calls"])})
            continue
        evaluations, feedback = said.get(feature, (None, None))
        old = was.get(feature)
        parts: dict[str, float | None] = {
            "reliability": 1 - row["failed"] / row["calls"],
            "completeness": 1 - row["incomplete"] / row["calls"],
            "evaluations": evaluations,
            "feedback": feedback,
            # As fast as before is all of it; twice as slow is none.
            "speed": None if old is None or not old else max(0.0, min(1.0, 2 - row["p95_ms"] / old)),
        }
        rows.append({"feature": feature, "calls": row["calls"], "health": _health(parts), **parts})
    weights = ", ".join(f"{name} {weight} %" for name, weight in WEIGHTS.items())
    return Section(
        "health of each feature, from 0 to 100",
        ("feature", "calls", "health", *WEIGHTS),
        sorted(rows, key=lambda row: (not isinstance(row["health"], float), row["health"], str(row["feature"]))),
        f"weights: {weights}; a part that nothing is known of is left out, and the others count for it" if rows else "",
    )


def _health(parts: dict[str, float | None]) -> float:
    known = {name: part for name, part in parts.items() if part is not None}
    return 100 * sum(WEIGHTS[name] * part for name, part in known.items()) / sum(WEIGHTS[name] for name in known)


def _calls(calls: Table) -> list[Cells]:
    return summed(
        calls,
        {"feature": calls["feature"]},
        calls=calls.count(),
        failed=count(calls["failed"]),
        incomplete=count(is_refused(calls) | is_cut_off(calls)),
        p95_ms=quantile(calls["duration_ms"], 0.95),
    )


def _scores(scores: Table) -> dict[Any, tuple[float | None, float | None]]:
    """The mean of evaluations and of feedback by feature, each on a scale from 0 to 1.

    An evaluation's scale is the smallest common one that its scores fit in: 0 to 1, -1 to 1, 1 to 5, 0 to 10, 0 to 100.
    """
    known = scores.filter(scores["score"].notnull())
    is_feedback = (known["evaluation"] == FEEDBACK).fill_null(ibis.literal(False))
    found = rows_of(
        known.group_by("feature", "evaluation", feedback=is_feedback).aggregate(
            n=known.count(), mean=known["score"].mean()
        )
    )
    ranges = {
        row["evaluation"]: (row["lowest"], row["highest"])
        for row in rows_of(
            known.group_by("evaluation").aggregate(lowest=known["score"].min(), highest=known["score"].max())
        )
    }
    sums: dict[tuple[Any, bool], tuple[float, int]] = {}
    for row in found:
        scale = scale_of(*ranges[row["evaluation"]])
        if scale is None:
            continue
        part = (row["mean"] - scale[0]) / (scale[1] - scale[0])
        total, n = sums.get((row["feature"], row["feedback"]), (0.0, 0))
        sums[row["feature"], row["feedback"]] = total + part * row["n"], n + row["n"]
    return {
        feature: (_mean(sums.get((feature, False))), _mean(sums.get((feature, True))))
        for feature in {feature for feature, _ in sums}
    }


def _mean(summed_up: tuple[float, int] | None) -> float | None:
    return None if summed_up is None else summed_up[0] / summed_up[1]


def scale_of(lowest: float, highest: float) -> tuple[float, float] | None:
    """The smallest common scale that scores fit in; ``None`` where they fit in none."""
    for scale in ((0.0, 1.0), (-1.0, 1.0), (1.0, 5.0), (0.0, 10.0), (0.0, 100.0)):
        if scale[0] <= lowest and highest <= scale[1]:
            return scale
    return None
