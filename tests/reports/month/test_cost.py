"""The report ``cost`` on the month: every figure is that of the ledger."""

from __future__ import annotations

import calendar
import statistics
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from examples.month.events import CACHE_STOPS, RUNAWAY
from otel_genai_instr.reports.asked import Asked, Window, condition_from
from otel_genai_instr.reports.report import Report

from ...support.comparing import differences
from .ledger import (
    Answer,
    Call,
    Ledger,
    begins,
    by,
    cost_of,
    day_of,
    grouped,
    in_order,
    input_of,
    output_of,
    rate,
    week,
)

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
ODD: Final = Window(datetime(2026, 11, 17, 9, 37, 12), datetime(2026, 11, 19, 14, 5))
"""Begins and ends within an hour, as every time does that ends now."""
WINDOWS: Final = {"last week": week(4), "third week": week(3), "odd": ODD}
QUESTIONS: Final = {
    "as it is asked": Asked(week(4), ("day", "model")),
    "elsewhere": Asked(week(1), ("day", "feature"), (), ZoneInfo("America/New_York")),  # clocks are put back
    "hours": Asked(ODD, ("hour",)),
    "users": Asked(week(3), ("user", "prompt_version")),
    "weeks": Asked(Window(week(1).start, week(4).end), ("week", "provider", "prompt_length")),
    "months": Asked(Window(week(1).start, week(4).end), ("month",)),
    "one": Asked(week(2)),
}
each_window = pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)


def _row(calls: list[Call], spent: float | None) -> dict[str, Any]:
    unpriced = [call for call in calls if call.is_unpriced]
    own = cost_of(calls)
    return {
        "currency": "USD",
        "calls": len(calls),
        "input_tokens": input_of(calls),
        "output_tokens": output_of(calls),
        "cache_rate": rate(sum(call.cache_read_tokens for call in calls), input_of(calls)),
        "cost": own,
        "cost_per_call": rate(own, sum(call.cost is not None for call in calls)),
        "share": rate(own, spent),
        "unpriced_calls": len(unpriced),
        "unpriced_tokens": input_of(unpriced) + output_of(unpriced),
    }


@pytest.mark.parametrize("asked", QUESTIONS.values(), ids=QUESTIONS)
def test_sums(ledger: Ledger, answer: Answer, asked: Asked) -> None:
    calls = ledger.of(asked.window)
    spent = cost_of(calls)
    rows = [dict(zip(asked.by, key, strict=True)) | _row(each, spent) for key, each in by(calls, asked).items()]
    report = answer("cost", asked)
    found = in_order(report.rows, asked, "calls")  # two sums of the same amounts may differ by their noise
    assert differences(in_order(rows, asked, "calls"), found) == []
    assert (
        differences([row["cost"] for row in in_order(rows, asked, "cost")], [row["cost"] for row in report.rows]) == []
    )
    assert differences(_row(calls, spent), report.total) == []


def _section(answer: Answer, window: Window, name: str, budget: float | None = None) -> list[dict[str, Any]]:
    return answer("cost", Asked(window), budget).sections[name].rows


CAUSES: Final = ("calls", "model mix", "tokens per call", "price", "cache rate", "other charges")


@each_window
def test_causes_of_a_change_are_means_over_all_orders(ledger: Ledger, answer: Answer, window: Window) -> None:
    times = [_rates(ledger.of(each)) for each in (window.before, window)]
    expected = dict.fromkeys(CAUSES, 0.0)
    orders = list(permutations(CAUSES))
    worth: dict[frozenset[str], float] = {}
    for order in orders:
        changed: set[str] = set()
        for cause in order:
            steps = [frozenset(changed), frozenset(changed | {cause})]
            for step in steps:
                worth.setdefault(step, _cost_with(times, step))
            expected[cause] += (worth[steps[1]] - worth[steps[0]]) / len(orders)
            changed.add(cause)
    report = answer("cost", Asked(window))
    found = {row["cause"]: row["change"] for row in report.sections["change"].rows}
    was, now = (cost_of(ledger.of(each)) or 0.0 for each in (window.before, window))
    assert found.pop("all") == pytest.approx(now - was, rel=1e-9)
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert report.sections["change"].title.endswith(f"{was:.4f} USD in as long a time before, {now:.4f} USD now")
    assert report.total["cost"] == pytest.approx(now)
    shares = {row["cause"]: row["share_of_before"] for row in report.sections["change"].rows}
    assert shares["all"] == pytest.approx((now - was) / was)


def _rates(calls: Iterable[Call]) -> dict[str, dict[str, float]]:
    """Of each model: calls, tokens a call, prices by the list, and what its cache left."""
    rates: dict[str, dict[str, float]] = {}
    for model, each in grouped((call for call in calls if call.cost is not None), lambda call: call.model).items():
        fresh, read, write, output = map(sum, zip(*(call.parts for call in each), strict=True))
        plain = input_of(each) - sum(call.cache_read_tokens + call.cache_write_tokens for call in each)
        rates[model] = {
            "calls": len(each),
            "input": input_of(each) / len(each),
            "output": output_of(each) / len(each),
            "input price": fresh / plain,
            "output price": output / output_of(each),
            "left": (fresh + read + write) / (fresh / plain * input_of(each)),
        }
    return rates


def _cost_with(times: list[dict[str, dict[str, float]]], changed: frozenset[str]) -> float:
    def of(cause: str, model: str, name: str) -> float:
        return times[cause in changed][model][name]

    calls, mix = ((sum(each["calls"] for each in times[cause in changed].values())) for cause in ("calls", "model mix"))
    return sum(
        calls
        * (of("model mix", model, "calls") / mix)
        * (
            of("tokens per call", model, "input") * of("price", model, "input price") * of("cache rate", model, "left")
            + of("tokens per call", model, "output") * of("price", model, "output price")
        )
        for model in times[0]
    )


@each_window
def test_spikes_are_hours_dearer_than_the_week_and_than_the_time_of_day(
    ledger: Ledger, answer: Answer, window: Window
) -> None:
    spent: dict[datetime, float] = {
        hour: cost_of(calls) or 0.0
        for hour, calls in grouped(
            ledger.calls, lambda call: call.start.replace(minute=0, second=0, microsecond=0)
        ).items()
    }
    expected: list[dict[str, Any]] = []
    for hour, amount in spent.items():
        if window.start <= hour < window.end:
            amount = cost_of(call for call in ledger.of(window) if hour <= call.start < hour + HOUR) or 0.0
            week = [spent.get(hour - HOUR * each, 0.0) for each in range(1, 7 * 24 + 1)]
            usual = max(statistics.fmean(week), statistics.fmean(week[23::24]))
            if amount > 3 * usual:
                expected.append({"hour": hour, "cost": amount, "usual": usual, "times": amount / usual})
    expected.sort(key=lambda row: -row["cost"])
    assert differences(expected, _section(answer, window, "spikes")) == []


@each_window
def test_anomalies_are_days_far_from_those_before(ledger: Ledger, answer: Answer, window: Window) -> None:
    first = week(1).start
    expected: list[dict[str, Any]] = []
    for feature, calls in grouped(ledger.calls, lambda call: call.feature).items():
        days = [
            cost_of(call for call in calls if call.start.date() == (first + DAY * each).date()) or 0.0
            for each in range(28)
        ]
        for place, amount in enumerate(days):
            day = first + DAY * place
            if place < 7 or day.date() < window.start.date() or day + DAY > window.end:
                continue
            known = days[place % 7 : place]  # whole weeks
            usual, spread = statistics.fmean(known), statistics.stdev(known)
            z = (amount - usual) / max(spread, 0.01 * usual)
            if abs(z) > 2:
                level = "critical" if abs(z) > 3 else "warning"
                row = {"day": day.date(), "feature": feature, "level": level, "z": z, "cost": amount, "usual": usual}
                expected.append(row)
    expected.sort(key=lambda row: -abs(row["z"]))
    assert differences(expected[:10], _section(answer, window, "anomalies")) == []


@each_window
def test_caches_saved_the_difference_of_two_prices(ledger: Ledger, answer: Answer, window: Window) -> None:
    expected: list[dict[str, Any]] = []
    for model, calls in grouped(ledger.of(window), lambda call: call.model).items():
        cached = sum(call.cache_read_tokens for call in calls if call.cost is not None)
        if cached:
            known = _rates(calls)[model]
            paid = sum(call.parts[1] for call in calls)
            tokens = input_of(call for call in calls if call.cost is not None)
            saved = cached * known["input price"] - paid
            expected.append(
                {"model": model, "cache_read_tokens": cached, "cache_rate": cached / tokens, "saved": saved}
            )
    expected.sort(key=lambda row: -row["saved"])
    assert expected
    assert differences(expected, _section(answer, window, "cache_savings")) == []


@each_window
def test_the_month_goes_on_as_the_last_seven_days(ledger: Ledger, answer: Answer, window: Window) -> None:
    begin = datetime(2026, 11, 1)
    so_far = cost_of(ledger.of(Window(begin, window.end))) or 0.0
    whole_hours = (window.end - 7 * DAY).replace(minute=0)
    a_day = (cost_of(ledger.of(Window(whole_hours, window.end))) or 0.0) / ((window.end - whole_hours) / DAY)
    left = (begin + DAY * calendar.monthrange(2026, 11)[1] - window.end) / DAY
    expected = {"month": "2026-11", "so_far": so_far, "a_day": a_day, "projected": so_far + a_day * left}
    assert differences([expected], _section(answer, window, "projection")) == []


def test_days_over_a_budget(ledger: Ledger, answer: Answer) -> None:
    window = week(4)
    days = grouped(ledger.of(window), lambda call: call.start.date())
    budget = 1.01 * statistics.median(cost_of(calls) or 0.0 for calls in days.values())
    expected = [
        {"day": day, "cost": cost_of(calls), "budget": budget, "over": (cost_of(calls) or 0.0) - budget}
        for day, calls in sorted(days.items())
        if (cost_of(calls) or 0.0) > budget
    ]
    assert len(expected) == 3
    assert differences(expected, _section(answer, window, "over_budget", budget)) == []


@each_window
def test_calls_without_a_cost(ledger: Ledger, answer: Answer, window: Window) -> None:
    unpriced = [call for call in ledger.of(window) if call.is_unpriced]
    (model,) = {call.model for call in unpriced}
    tokens = input_of(unpriced) + output_of(unpriced)
    expected = {"unpriced_reason": "unknown_seller", "provider": "openai", "model": model}
    assert _section(answer, window, "unpriced") == [{**expected, "calls": len(unpriced), "tokens": tokens}]


@each_window
def test_the_most_expensive(ledger: Ledger, answer: Answer, window: Window) -> None:
    priced = [call for call in ledger.of(window) if call.cost is not None]
    calls = sorted(priced, key=lambda call: (-(call.cost or 0), call.span_id))[:10]
    expected = [
        {
            **{name: getattr(call, name) for name in ("trace_id", "feature", "model", "user")},
            "started_at": call.start,
            "input_tokens": call.input_tokens,
            "output_tokens": call.output_tokens,
            "cost": float(call.cost or 0),
        }
        for call in calls
    ]
    found = answer("cost", Asked(window)).sections
    assert differences(_by_name(expected), _by_name(found["most_expensive_calls"].rows)) == []
    users = grouped(priced, lambda call: call.user)
    spenders: list[dict[str, Any]] = [
        {"user": user, "calls": len(each), "cost": cost_of(each)} for user, each in users.items()
    ]
    spenders.sort(key=lambda row: (-row["cost"], row["user"]))
    assert differences(spenders[:10], found["most_expensive_users"].rows) == []


def _by_name(rows: list[dict[str, Any]]) -> list[list[tuple[str, Any]]]:
    return [sorted(row.items()) for row in rows]


def _stands_out(report: Report) -> tuple[set[datetime], set[tuple[date, str]]]:
    spikes, anomalies = (report.sections[name].rows for name in ("spikes", "anomalies"))
    return {row["hour"] for row in spikes}, {(row["day"], row["feature"]) for row in anomalies}


def test_a_runaway_is_a_spike_and_an_anomaly(answer: Answer) -> None:
    hours, days = _stands_out(answer("cost", Asked(day_of(RUNAWAY))))
    assert hours == {begins(RUNAWAY)}
    assert days == {(begins(RUNAWAY).date(), RUNAWAY.feature)}
    report = answer("cost", Asked(day_of(RUNAWAY)))
    assert f"u-{RUNAWAY.user:05d}" == report.sections["most_expensive_users"].rows[0]["user"]


def test_a_cache_that_is_hit_no_more_is_a_cause(ledger: Ledger, answer: Answer) -> None:
    """Of that feature, and of no other."""

    def worth(feature: str) -> float:
        asked = Asked(week(4), (), (condition_from(f"feature={feature}"),))
        rows = {row["cause"]: row["share_of_before"] for row in answer("cost", asked).sections["change"].rows}
        return rows["cache rate"]

    assert worth(CACHE_STOPS.feature) > 0.2
    assert abs(worth("support-chat")) < 0.05
    assert worth("search-rag") == pytest.approx(0, abs=1e-9)


def test_nothing_stands_out_while_all_is_well(answer: Answer) -> None:
    """In the second week a provider is slow, which costs nothing."""
    hours, days = _stands_out(answer("cost", Asked(week(2))))
    assert (hours, days) == (set(), set())
