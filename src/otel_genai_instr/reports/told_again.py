"""Calls that another instrumentation tells of, too: the rules of :mod:`..same_calls`, as expressions for tables."""

from __future__ import annotations

from typing import Any, Final

import ibis
from ibis.expr.types import Table

from ..semconv import SCOPE

_SHORTEST_MS: Final = 0.001
"""Moments are whole microseconds in the tables, and durations aren't."""
_SAID: Final = (
    *("span_id", "parent_id", "scope", "started_at", "model", "answered_model"),
    *("response_id", "input_tokens", "output_tokens"),
)

NEEDED: Final = ("trace_id", "duration_ms", *_SAID)
"""The columns that tell."""
_INSIDE: Final = ("trace_id", "outer_span_id", "inner_span_id", "is_told_best", "is_inner_best")
_KEPT: Final = (*_INSIDE, "outer_started_at", "outer_ms")


def uncounted(calls: Table) -> Table:
    """Ids of calls that don't count, so that each call counts once: ``trace_id`` and ``span_id``, each once.

    Spans meet by their trace and what they have in common, a parent or a response id, and never each with each.

    Args:
        calls: With the columns :data:`NEEDED`.
    """
    found = _parents(calls).union(_matched(_pairs(calls)), distinct=True)
    inside = ibis.memtable(found.to_pyarrow())  # asked once: it is named five times
    further = inside.view()  # three instrumentations, one inside the other: what is inside of what is inside
    deeper = inside.inner_join(
        further, [inside["trace_id"] == further["trace_id"], inside["inner_span_id"] == further["outer_span_id"]]
    ).select(
        *("trace_id", "outer_span_id", "is_told_best"),
        inner_span_id=further["inner_span_id"],
        is_inner_best=further["is_inner_best"],
    )
    inside = inside.union(deeper, distinct=True)
    is_ours_inside = inside["is_inner_best"].cast("int64").max().over(group_by=["trace_id", "outer_span_id"])
    inside = inside.mutate(is_best=inside["is_told_best"] & (is_ours_inside == 0))
    outer = inside.filter(~inside["is_best"]).select("trace_id", span_id="outer_span_id")
    inner = inside.filter(inside["is_best"]).select("trace_id", span_id="inner_span_id")
    return outer.union(inner, distinct=True)


def told_by_parents(calls: Table) -> Table:
    """Of :func:`uncounted`, what the parent of a span or a child of it tells: that is cheap, and most of it."""
    pairs = _parents(calls)
    return pairs.select(
        "trace_id", span_id=pairs["is_told_best"].ifelse(pairs["inner_span_id"], pairs["outer_span_id"])
    )


def _is_best_told(calls: Table) -> Any:
    """Whether a span is ours, and knows what was used: it has the cost, the user and the feature as well."""
    knows = calls["input_tokens"].notnull() | calls["output_tokens"].notnull()
    return (calls["scope"] == SCOPE).fill_null(False) & knows


def _parents(calls: Table) -> Table:
    """Calls and those of other instrumentations that have them for a parent."""
    said = calls.mutate(is_best=_is_best_told(calls))
    outer = said.select("trace_id", outer_span_id="span_id", outer_scope="scope", is_told_best="is_best")
    inner = said.select(
        inner_trace="trace_id",
        inner_span_id="span_id",
        inner_scope="scope",
        inner_parent="parent_id",
        is_inner_best="is_best",
    )
    pairs = outer.inner_join(
        inner,
        [
            outer["trace_id"] == inner["inner_trace"],
            outer["outer_span_id"] == inner["inner_parent"],
            outer["outer_scope"] != inner["inner_scope"],
        ],
    )
    return pairs.select(*_INSIDE)


def _pairs(calls: Table) -> Table:
    """Each call with those that begin in it and have something in common with it."""
    said = calls.mutate(
        ms=calls["duration_ms"].fill_null(0),
        parent_id=calls["parent_id"].fill_null(""),
        is_best=_is_best_told(calls),
    )
    outer, inner = (_prefixed(said, side) for side in ("outer", "inner"))
    outer = outer.mutate(
        key=_keys(outer["outer_span_id"], outer["outer_parent_id"], outer["outer_response_id"]).unnest()
    )
    inner = inner.mutate(key=_keys(inner["inner_parent_id"], None, inner["inner_response_id"]).unnest())
    inner = inner.rename(inner_trace_id="trace_id", inner_key="key")
    pairs = outer.join(inner, [outer["trace_id"] == inner["inner_trace_id"], outer["key"] == inner["inner_key"]])
    late = pairs["inner_started_at"].delta(pairs["outer_started_at"], unit="microsecond") / 1000
    pairs = pairs.mutate(late=late)
    longer = pairs["outer_ms"] > pairs["inner_ms"]
    first = (pairs["outer_ms"] == pairs["inner_ms"]) & (pairs["outer_span_id"] < pairs["inner_span_id"])
    is_later = (pairs["late"] > 0) | ((pairs["late"] == 0) & (longer | first))
    pairs = pairs.filter(is_later & (pairs["late"] <= pairs["outer_ms"] + _SHORTEST_MS))
    is_by_id = pairs["key"].startswith("r")
    has_ids = pairs["outer_response_id"].notnull() & pairs["inner_response_id"].notnull()
    models = [
        (pairs[f"outer_{one}"] == pairs[f"inner_{other}"]).fill_null(False)
        for one in ("model", "answered_model")
        for other in ("model", "answered_model")
    ]
    has_model = models[0] | models[1] | models[2] | models[3]
    is_within = pairs["late"] + pairs["inner_ms"] <= pairs["outer_ms"] + _SHORTEST_MS
    may_be_equal = [
        (pairs[f"outer_{name}"] == pairs[f"inner_{name}"]).fill_null(True) for name in ("input_tokens", "output_tokens")
    ]
    is_one_scope = pairs["outer_scope"] == pairs["inner_scope"]
    return pairs.select(
        *("trace_id", "outer_span_id", "inner_span_id", "outer_scope", "inner_scope"),
        *("outer_started_at", "outer_ms"),
        is_of_one_scope=is_one_scope,
        is_same_by_id=is_by_id & has_model & ~is_one_scope,
        is_alike=~is_by_id & is_within & has_model & may_be_equal[0] & may_be_equal[1],
        has_ids=has_ids,
        is_told_best=pairs["outer_is_best"],
        is_inner_best=pairs["inner_is_best"],
    )


def _matched(pairs: Table) -> Table:
    alike = pairs.filter(pairs["is_alike"])
    told = alike.group_by("trace_id", told_in="outer_span_id", told_scope="inner_scope").aggregate(told=alike.count())
    guessed = alike.filter(~alike["is_of_one_scope"] & ~alike["has_ids"])
    for side in ("outer", "inner"):
        of_side = told.select(
            **{
                f"{side}_trace": "trace_id",
                f"{side}_in": "told_in",
                f"{side}_said": "told_scope",
                f"{side}_told": "told",
            }
        )
        guessed = guessed.left_join(
            of_side,
            [
                guessed["trace_id"] == of_side[f"{side}_trace"],
                guessed["inner_span_id"] == of_side[f"{side}_in"],
                guessed[f"{side}_scope"] == of_side[f"{side}_said"],
            ],
        )
    guessed = guessed.filter(guessed["outer_told"].fill_null(0) <= guessed["inner_told"].fill_null(0))
    inside = guessed.select(*_KEPT).union(pairs.filter(pairs["is_same_by_id"]).select(*_KEPT))
    innermost = ibis.row_number().over(
        group_by=[inside["trace_id"], inside["inner_span_id"]],
        order_by=[inside["outer_started_at"].desc(), inside["outer_ms"], inside["outer_span_id"].desc()],
    )
    inside = inside.mutate(is_nearest=(innermost == 0).cast("int64"))
    inside = inside.mutate(
        nearest=inside["is_nearest"].sum().over(group_by=[inside["trace_id"], inside["outer_span_id"]])
    )
    is_clear = ((inside["is_nearest"] == 1) & (inside["nearest"] == 1)).cast("int64")
    inside = inside.mutate(is_clear=is_clear)
    inside = inside.mutate(clear=inside["is_clear"].max().over(group_by=[inside["trace_id"], inside["inner_span_id"]]))
    others = inside["clear"].min().over(group_by=[inside["trace_id"], inside["outer_span_id"]])
    inside = inside.mutate(is_matched=(inside["is_clear"] == 1) & (others == 1))
    return inside.filter(inside["is_matched"]).select(*_INSIDE)


def _prefixed(said: Table, side: str) -> Table:
    return said.select("trace_id", **{f"{side}_{name}": name for name in (*_SAID, "ms", "is_best")})


def _keys(parent: Any, other: Any | None, response: Any) -> Any:
    """What calls meet by; NULL meets nobody."""
    keys = [ibis.literal("p") + parent, ibis.literal("r") + response]
    return ibis.array(keys if other is None else [*keys, ibis.literal("p") + other])
