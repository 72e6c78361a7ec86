"""The report ``cost``: what was spent, on what, why it changed, and what stands out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import ibis
from ibis.expr.types import Table

from . import change, spending, watch
from .asked import Asked
from .report import Cells, Report, Section, share, sorted_rows
from .spending import Hour, Spent, hours, main_currency
from .tables import Tables, count, rows_of, summed

COLUMNS: Final = (
    *("calls", "input_tokens", "output_tokens", "cache_rate", "cost", "currency", "share", "cost_per_call"),
    *("unpriced_calls", "unpriced_tokens"),
)
_SHOWN: Final = 10


def cost(tables: Tables, asked: Asked, daily_budget: float | None) -> Report:
    """Answer what was spent."""
    calls = asked.filtered(tables.calls)
    window = asked.window
    found = hours(tables.calls, asked, window.reaching_back(watch.LOOK_BACK))
    currency = main_currency(hour for hour in found if hour.start >= _local(asked, window.start)) or main_currency(
        found
    )
    rows = _rows(window.of(calls), asked, currency)
    spent: dict[str, float] = {}
    for row in rows:
        spent[row["currency"]] = spent.get(row["currency"], 0.0) + (row["cost"] or 0.0)
    for row in rows:
        row["share"] = share(row["cost"], spent[row["currency"]])
    report = Report(
        "cost",
        window,
        asked.by,
        COLUMNS,
        sorted_rows(rows, asked.by, "cost"),
        _total(_rows(window.of(calls), Asked(window, (), asked.where, asked.zone), currency)),
    )
    if currency is not None:
        _add_sections(report, [hour for hour in found if hour.currency == currency], asked, currency, daily_budget)
    _add_calls(report, window.of(calls), currency)
    return report


def _rows(calls: Table, asked: Asked, currency: str | None) -> list[Cells]:
    """Sums by the groups. A call without a cost is counted beside those of the main currency."""
    is_unpriced = _is_unpriced(calls)
    tokens = _tokens(calls)
    groups = {**asked.keys(calls), "currency": ibis.coalesce(calls["currency"], currency or "-")}
    found = summed(
        calls,
        groups,
        calls=calls.count(),
        input_tokens=calls["input_tokens"].sum().fill_null(0),
        output_tokens=calls["output_tokens"].sum().fill_null(0),
        cache_read=calls["cache_read_tokens"].sum().fill_null(0),
        cost=calls["cost"].sum(),
        priced=calls["cost"].count(),
        unpriced_calls=count(is_unpriced),
        unpriced_tokens=tokens.sum(where=is_unpriced).fill_null(0),
    )
    return [_with_rates(row) for row in found]


def _is_unpriced(calls: Table) -> Any:
    """Whether a call used a model and has no cost. One that failed before it used any owes none."""
    return calls["cost"].isnull() & calls["unpriced_reason"].notnull() & (~calls["failed"] | (_tokens(calls) > 0))


def _tokens(calls: Table) -> Any:
    return calls["input_tokens"].fill_null(0) + calls["output_tokens"].fill_null(0)


def _with_rates(row: Cells) -> Cells:
    row["cache_rate"] = share(row.pop("cache_read"), row["input_tokens"])
    row["cost_per_call"] = share(row["cost"], row.pop("priced"))
    return row


def _total(rows: Sequence[Cells]) -> Cells:
    """Everything. The cost only where there is one currency; where there are more, each by its name."""
    if len(rows) == 1:
        return {**rows[0], "share": 1.0 if rows[0]["cost"] else None}
    total: Cells = dict.fromkeys(COLUMNS)
    for name in ("calls", "input_tokens", "output_tokens", "unpriced_calls", "unpriced_tokens"):
        total[name] = sum(row[name] for row in rows)
    if rows:
        total["costs"] = {row["currency"]: row["cost"] for row in rows}
    return total


def _local(asked: Asked, moment: Any) -> Any:
    offset = asked.zone.utcoffset(moment.replace(tzinfo=asked.zone)) or timedelta()
    return moment + offset


def _add_sections(report: Report, found: list[Hour], asked: Asked, currency: str, daily_budget: float | None) -> None:
    start, end = _local(asked, asked.window.start), _local(asked, asked.window.end)
    now = [hour for hour in found if hour.start >= start]
    before = [hour for hour in found if start - asked.window.length <= hour.start < start]
    report.sections["change"] = _change(before, now, report, currency)
    report.sections["spikes"] = Section(
        f"hours over {watch.SPIKE:g} times the average of the seven days before",
        ("hour", "cost", "usual", "times"),
        watch.spikes(found, start)[:_SHOWN],
    )
    report.sections["anomalies"] = Section(
        f"days of a feature that stand out (|z| over {watch.WARNING:g}, over {watch.CRITICAL:g} is critical)",
        ("day", "feature", "level", "z", "cost", "usual"),
        watch.anomalies(found, start, end)[:_SHOWN],
    )
    if daily_budget is not None:
        report.sections["over_budget"] = Section(
            f"days over the budget of {daily_budget:g} {currency}",
            ("day", "cost", "budget", "over"),
            watch.over_budget(found, start, daily_budget),
        )
    report.sections["cache_savings"] = _cache_savings(now)
    projected = watch.projection(found, end)
    report.sections["projection"] = Section(
        "the month, if it goes on as in the last seven days",
        ("month", "so_far", "a_day", "projected"),
        [projected] if projected else [],
        "" if projected else "not enough data: less than seven days are known",
    )


def _change(before: list[Hour], now: list[Hour], report: Report, currency: str) -> Section:
    was = sum(hour.spent.cost for hour in before)
    costs = sum(hour.spent.cost for hour in now)
    title = f"why the cost changed: {was:.4f} {currency} in as long a time before, {costs:.4f} {currency} now"
    columns = ("cause", "change", "share_of_before")
    if not before or not now:
        return Section(title, columns, [], "not enough data: there are no calls with a cost in one of the two times")
    effects = change.causes(_by_model(before), _by_model(now))
    rows: list[Cells] = [
        {"cause": cause, "change": effect, "share_of_before": share(effect, was)} for cause, effect in effects.items()
    ]
    rows.append({"cause": "all", "change": costs - was, "share_of_before": share(costs - was, was)})
    return Section(title, columns, rows)


def _by_model(found: list[Hour]) -> dict[tuple[Any, ...], Spent]:
    return spending.summed(found, "provider", "model")


def _cache_savings(now: list[Hour]) -> Section:
    rows: list[Cells] = [
        {
            "model": model,
            "cache_read_tokens": spent.cache_read_tokens,
            "cache_rate": share(spent.cache_read_tokens, spent.input_tokens),
            "saved": spent.saved_by_cache,
        }
        for (model,), spent in spending.summed(now, "model").items()
        if spent.cache_read_tokens
    ]
    return Section(
        "what caches saved, against the price of other input",
        ("model", "cache_read_tokens", "cache_rate", "saved"),
        sorted(rows, key=lambda row: -row["saved"])[:_SHOWN],
    )


def _add_calls(report: Report, calls: Table, currency: str | None) -> None:
    reasons = calls.filter(_is_unpriced(calls))
    unpriced = reasons.group_by("unpriced_reason", "provider", "model").aggregate(
        calls=reasons.count(), tokens=_tokens(reasons).sum()
    )
    unpriced = unpriced.order_by(unpriced["calls"].desc(), unpriced["model"]).limit(_SHOWN)
    report.sections["unpriced"] = Section(
        "calls without a cost",
        ("unpriced_reason", "provider", "model", "calls", "tokens"),
        rows_of(unpriced),
    )
    priced = calls.filter(calls["currency"] == (currency or "-"))
    dearest = priced.order_by(priced["cost"].desc(), priced["span_id"]).limit(_SHOWN)
    shown = ("started_at", "trace_id", "feature", "model", "user", "input_tokens", "output_tokens", "cost")
    report.sections["most_expensive_calls"] = Section(
        "the most expensive calls", shown, rows_of(dearest.select(*shown))
    )
    named = priced.filter(priced["user"].notnull())
    users = named.group_by("user").aggregate(calls=named.count(), cost=named["cost"].sum())
    users = users.order_by(users["cost"].desc(), users["user"]).limit(_SHOWN)
    report.sections["most_expensive_users"] = Section(
        "the most expensive users", ("user", "calls", "cost"), rows_of(users)
    )
