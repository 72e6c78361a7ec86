"""The report ``cost``: what was spent, on what, why it changed, and what stands out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import ibis
from ibis.expr.types import Table

from ..asked import Asked
from ..columns import NOT_RECORDED
from ..report import Cells, Report, Section, share, sorted_rows
from ..tables import Tables, count, rows_of, summed
from . import change, spending, watch
from .spending import Hour, OfModel, hours, main_currency, now_and_before

COLUMNS: Final = (
    *("calls", "input_tokens", "output_tokens", "cache_rate", "cost", "currency", "share", "cost_per_call"),
    *("unpriced_calls", "unpriced_tokens"),
)
_SHOWN: Final = 10
_NOT_PRICED_HERE: Final = (
    f"{NOT_RECORDED}: calls of other instrumentations came to ClickHouse with tokens and no cost. "
    "A report on ClickHouse has no prices for them; one on files of the same spans does"
)


def cost(tables: Tables, asked: Asked, daily_budget: float | None) -> Report:
    """Answer what was spent."""
    calls = asked.filtered(tables.calls)
    window = asked.window
    found = hours(tables.calls, asked, window.reaching_back(watch.LOOK_BACK))
    models = now_and_before(tables.calls, asked)
    currency = main_currency(each for each in models if each.is_now) or main_currency(found)
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
        models = [each for each in models if each.currency == currency]
        report.sections["change"] = _change(models, currency)
        _add_watched(report, [hour for hour in found if hour.currency == currency], asked, currency, daily_budget)
        report.sections["cache_savings"] = _cache_savings(models)
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


def _add_watched(report: Report, found: list[Hour], asked: Asked, currency: str, daily_budget: float | None) -> None:
    start, end = asked.moment(asked.window.start), asked.moment(asked.window.end)
    report.sections["spikes"] = Section(
        f"hours over {watch.SPIKE:g} times the average of the seven days before, and of this hour on these days",
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
    projected = watch.projection(found, end)
    report.sections["projection"] = Section(
        "the month, if it goes on as in the last seven days",
        ("month", "so_far", "a_day", "projected"),
        [projected] if projected else [],
        "" if projected else "not enough data: less than seven days are known",
    )


def _change(models: list[OfModel], currency: str) -> Section:
    before, now = ([each for each in models if each.is_now is is_now] for is_now in (False, True))
    was, costs = (sum(each.spent.cost for each in side) for side in (before, now))
    title = f"why the cost changed: {was:.4f} {currency} in as long a time before, {costs:.4f} {currency} now"
    columns = ("cause", "change", "share_of_before")
    if not before or not now:
        return Section(title, columns, [], "not enough data: there are no calls with a cost in one of the two times")
    by_model = (spending.summed(side, "provider", "model") for side in (before, now))
    effects = change.causes(*by_model)
    rows: list[Cells] = [
        {"cause": cause, "change": effect, "share_of_before": share(effect, was)} for cause, effect in effects.items()
    ]
    rows.append({"cause": "all", "change": costs - was, "share_of_before": share(costs - was, was)})
    return Section(title, columns, rows)


def _cache_savings(models: list[OfModel]) -> Section:
    rows: list[Cells] = [
        {
            "model": model,
            "cache_read_tokens": spent.cache_read_tokens,
            "cache_rate": share(spent.cache_read_tokens, spent.input_tokens),
            "saved": spent.saved_by_cache,
        }
        for (model,), spent in spending.summed((each for each in models if each.is_now), "model").items()
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
    rows = rows_of(unpriced)
    report.sections["unpriced"] = Section(
        "calls without a cost",
        ("unpriced_reason", "provider", "model", "calls", "tokens"),
        rows,
        _NOT_PRICED_HERE if any(row["unpriced_reason"] == NOT_RECORDED for row in rows) else "",
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
