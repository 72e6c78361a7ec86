"""What stands out in what was spent: hours, days of a feature, budgets, and where the month goes. Pure arithmetic."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from statistics import fmean, stdev
from typing import Final

from ..report import Cells
from .spending import Hour, days_of, summed

SPIKE: Final = 3.0
"""An hour is a spike if it cost more than this many times the usual hour of the seven days before."""
_WEEK: Final = timedelta(days=7)
WARNING, CRITICAL = 2.0, 3.0
"""Standard deviations of the days before, by which a day of a feature stands out."""
_BASE_DAYS: Final = 28
_LEAST_DAYS: Final = 7
LOOK_BACK: Final = timedelta(days=32)
"""How much before the time that is asked about has to be known: whole days, and the month that it ends in."""
_LEAST_SPREAD: Final = 0.01
"""Of the mean. Days that are all alike would make anything stand out."""


def spikes(found: Sequence[Hour], start: datetime) -> list[Cells]:
    """Hours that cost far more than is usual in the seven days before them, the dearest first.

    Usual is the average hour of these days, or the average of the same hour on each of them, whichever is more: a noon
    that is always busy is no spike, nor is a night hour with one call instead of none.
    """
    if not found:
        return []
    by_hour = {hour: spent.cost for (hour,), spent in summed(found, "start").items()}
    first = min(by_hour)
    rows: list[Cells] = []
    for hour, cost in by_hour.items():
        before = int((hour - max(first, hour - _WEEK)) / timedelta(hours=1))
        if hour < start or before < 24:  # less than a day says nothing of the usual hour
            continue
        week = [by_hour.get(hour - timedelta(hours=each), 0.0) for each in range(1, before + 1)]
        usual = max(fmean(week), fmean(week[23::24]))
        if usual > 0 and cost > SPIKE * usual:
            rows.append({"hour": hour, "cost": cost, "usual": usual, "times": cost / usual})
    return sorted(rows, key=lambda row: -row["cost"])


def anomalies(found: Sequence[Hour], start: datetime, end: datetime) -> list[Cells]:
    """Days on which a feature cost far from what it did in up to four weeks before; the farthest first.

    Only whole days are looked at, and only where seven days before them are known. Of those whole weeks count:
    else a Saturday would be held against more working days than a week has.
    """
    days = days_of(found)
    costs = {key: spent.cost for key, spent in summed(found, "feature", "day").items()}
    began: dict[str | None, date] = {}
    for feature, day in costs:
        began[feature] = min(began.get(feature, day), day)
    rows: list[Cells] = []
    for place, day in enumerate(days):
        if day < start.date() or datetime.combine(day, datetime.min.time()) + timedelta(days=1) > end:
            continue
        for feature, first in began.items():
            base = [
                costs.get((feature, each), 0.0) for each in days[max(0, place - _BASE_DAYS) : place] if each >= first
            ]
            if len(base) < _LEAST_DAYS:
                continue
            base = base[len(base) % 7 :]
            usual = fmean(base)
            spread = max(stdev(base), _LEAST_SPREAD * usual)
            cost = costs.get((feature, day), 0.0)
            score = (cost - usual) / spread if spread else 0.0
            if abs(score) > WARNING:
                level = "critical" if abs(score) > CRITICAL else "warning"
                rows.append({"day": day, "feature": feature, "level": level, "z": score, "cost": cost, "usual": usual})
    return sorted(rows, key=lambda row: -abs(row["z"]))


def over_budget(found: Sequence[Hour], start: datetime, budget: float) -> list[Cells]:
    """Days that cost more than the budget of a day."""
    return [
        {"day": day, "cost": spent.cost, "budget": budget, "over": spent.cost - budget}
        for (day,), spent in sorted(summed(found, "day").items())
        if spent.cost > budget and day >= start.date()
    ]


def projection(found: Sequence[Hour], end: datetime) -> Cells | None:
    """What the month in which the time ends will have cost, if it goes on as in the last seven days.

    ``None`` where less than seven days are known.
    """
    if not found:
        return None
    month = end.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = (month + timedelta(days=calendar.monthrange(month.year, month.month)[1])).replace(day=1)
    week = (end - _WEEK).replace(minute=0, second=0, microsecond=0)  # what is known are whole hours
    if min(hour.start for hour in found) > week + timedelta(hours=1):
        return None
    so_far = sum(hour.spent.cost for hour in found if hour.start >= month)
    recent = sum(hour.spent.cost for hour in found if hour.start >= week)
    daily = recent / ((end - week) / timedelta(days=1))
    return {
        "month": f"{month:%Y-%m}",
        "so_far": so_far,
        "a_day": daily,
        "projected": so_far + daily * ((after - end) / timedelta(days=1)),
    }
