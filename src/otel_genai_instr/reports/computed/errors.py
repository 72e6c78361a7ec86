"""The report ``errors``: what failed, was refused, was cut off or had to be asked again."""

from __future__ import annotations

from typing import Any, Final

import ibis
from ibis.expr.types import Table

from ..asked import Asked
from ..report import Cells, Report, Section, share, sorted_rows
from ..samples import LEAST_FOR_P95
from ..tables import Tables, count, rows_of, summed

COLUMNS: Final = (
    *("calls", "errors", "error_rate", "refusals", "refusal_rate", "cut_off"),
    *("retried_calls", "attempts", "retried_and_failed"),
)
REFUSED: Final = (
    *("content_filter", "content_filtered", "refusal", "safety", "blocklist", "prohibited_content", "recitation"),
    *("guardrail_intervened", "spii"),
)
"""Finish reasons, in small letters, by which providers say that a model refused or a filter cut off."""
REFUSED_ERRORS: Final = ("content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation")
"""Codes of errors that say the same before anything is generated."""
CUT_OFF: Final = ("length", "max_tokens", "max_output_tokens", "model_context_window_exceeded")
"""Finish reasons, in small letters, of an answer that ended at a limit."""
RISE: Final = 1.5
"""How many times the rate before the rate of errors has to be."""
_SHOWN: Final = 20


def is_refused(calls: Table) -> Any:
    """Whether a model refused or a filter cut off."""
    reason = calls["finish_reason"].lower().isin(REFUSED).fill_null(ibis.literal(False))
    return reason | calls["error"].isin(REFUSED_ERRORS).fill_null(ibis.literal(False))


def is_cut_off(calls: Table) -> Any:
    """Whether the answer ended at a limit of tokens."""
    return calls["finish_reason"].lower().isin(CUT_OFF).fill_null(ibis.literal(False))


def errors(tables: Tables, asked: Asked) -> Report:
    """Answer what went wrong."""
    calls = asked.filtered(tables.calls)
    now = asked.window.of(calls)
    total = _rows(now, {})
    return Report(
        "errors",
        asked.window,
        asked.by,
        COLUMNS,
        sorted_rows(_rows(now, asked.keys(now)), asked.by, "errors"),
        total[0] if total else dict.fromkeys(COLUMNS),
        {
            "types": _types(now),
            "rising": _rising(now, asked.window.before.of(calls)),
            "finish_reasons": _finish_reasons(now),
        },
    )


def _rows(calls: Table, keys: dict[str, Any]) -> list[Cells]:
    attempts = calls["attempts"].fill_null(1)
    found = summed(
        calls,
        keys,
        calls=calls.count(),
        errors=count(calls["failed"]),
        refusals=count(is_refused(calls)),
        cut_off=count(is_cut_off(calls)),
        retried_calls=count(attempts > 1),
        attempts=attempts.sum(),
        retried_and_failed=count((attempts > 1) & calls["failed"]),
    )
    for row in found:
        row["error_rate"] = share(row["errors"], row["calls"])
        row["refusal_rate"] = share(row["refusals"], row["calls"])
    return [row for row in found if row["calls"]]


def _types(calls: Table) -> Section:
    failed = calls.filter(calls["failed"])
    found = failed.group_by("error", "http_status", "provider", "model").aggregate(
        errors=failed.count(), first=failed["started_at"].min(), last=failed["started_at"].max()
    )
    found = found.order_by(found["errors"].desc(), found["error"], found["model"]).limit(_SHOWN)
    return Section(
        "errors by type",
        ("error", "http_status", "provider", "model", "errors", "first", "last"),
        rows_of(found),
    )


def _rising(now: Table, before: Table) -> Section:
    was = {(row["provider"], row["model"]): row for row in _by_model(before)}
    rows: list[Cells] = []
    for row in _by_model(now):
        old = was.get((row["provider"], row["model"]))
        if old is None or min(old["calls"], row["calls"]) < LEAST_FOR_P95:
            continue
        rate, old_rate = row["errors"] / row["calls"], old["errors"] / old["calls"]
        # Two errors more are an accident, whatever the rate was.
        if rate > RISE * old_rate and row["errors"] > 2 + old["errors"] * row["calls"] / old["calls"]:
            rows.append({**row, "error_rate": rate, "before_error_rate": old_rate})
    return Section(
        f"models whose error rate is over {RISE:g} times that of as long a time before",
        ("provider", "model", "calls", "errors", "before_error_rate", "error_rate"),
        sorted(rows, key=lambda row: -row["error_rate"]),
    )


def _by_model(calls: Table) -> list[Cells]:
    return rows_of(calls.group_by("provider", "model").aggregate(calls=calls.count(), errors=count(calls["failed"])))


def _finish_reasons(calls: Table) -> Section:
    ended = calls.filter(calls["finish_reason"].notnull())
    found = ended.group_by("finish_reason", "provider", "model").aggregate(calls=ended.count())
    found = found.order_by(found["calls"].desc(), found["finish_reason"], found["model"]).limit(_SHOWN)
    return Section("how answers ended", ("finish_reason", "provider", "model", "calls"), rows_of(found))
