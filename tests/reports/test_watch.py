"""What stands out, at the edges that the month doesn't have."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from otel_genai_instr.reports.asked import Asked, Window
from otel_genai_instr.reports.computed.cost import cost
from otel_genai_instr.reports.computed.spending import Hour, Spent
from otel_genai_instr.reports.computed.watch import anomalies, spikes

from .lines import call, document, tables_with

MONDAY = datetime(2026, 11, 2)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _hour(start: datetime, amount: float) -> Hour:
    return Hour(start, "chat", "openai", "gpt-4o", "USD", Spent(calls=1, cost=amount))


def _busy_at_noon(days: int) -> list[Hour]:
    return [_hour(MONDAY + HOUR * each, 10.0 if each % 24 == 12 else 0.1) for each in range(24 * days)]


def test_an_hour_that_is_always_busy_is_no_spike() -> None:
    assert spikes(_busy_at_noon(9), MONDAY + 2 * DAY) == []


@pytest.mark.parametrize(("hour", "amount"), [(12, 31.0), (3, 5.0)])
def test_one_that_is_far_busier_is_one(hour: int, amount: float) -> None:
    start = MONDAY + 8 * DAY + hour * HOUR
    found = [each for each in _busy_at_noon(9) if each.start != start]
    (row,) = spikes([*found, _hour(start, amount)], MONDAY + 8 * DAY)
    assert (row["hour"], row["cost"]) == (start, amount)
    assert row["usual"] == pytest.approx(10.0 if hour == 12 else (10.0 + 23 * 0.1) / 24)


def test_a_weekend_is_no_anomaly() -> None:
    amounts = [3.0 if each % 7 >= 5 else 10.0 + each % 3 / 10 for each in range(20)]
    found = [_hour(MONDAY + DAY * each, amount) for each, amount in enumerate(amounts)]
    assert anomalies(found, MONDAY, MONDAY + 20 * DAY) == []
    found[14] = _hour(MONDAY + 14 * DAY, 30.0)
    assert [row["day"].day for row in anomalies(found, MONDAY + 14 * DAY, MONDAY + 20 * DAY)] == [16]


def test_the_whole_month_is_known_on_its_last_evening(tmp_path: Path) -> None:
    first, end = datetime(2026, 10, 1, 0, 30), datetime(2026, 10, 31, 23)
    spans = [call(at=moment, cost=1.0) for moment in (first, end - 8 * DAY, end - DAY, end - HOUR / 2)]
    report = cost(tables_with(tmp_path, document(spans)), Asked(Window(end - HOUR, end)), None)
    (row,) = report.sections["projection"].rows
    assert (row["month"], row["so_far"], row["a_day"]) == ("2026-10", 4.0, pytest.approx(2 / 7))


def test_a_moment_has_the_offset_that_it_has() -> None:
    """On the day on which clocks are put back, an hour after they were."""
    asked = Asked(Window(MONDAY, MONDAY + DAY), zone=ZoneInfo("Europe/Berlin"))
    assert asked.moment(datetime(2026, 10, 25, 0, 30)) == datetime(2026, 10, 25, 2, 30)
    assert asked.moment(datetime(2026, 10, 25, 1, 30)) == datetime(2026, 10, 25, 2, 30)
    assert asked.moment(datetime(2026, 10, 25, 2, 30)) == datetime(2026, 10, 25, 3, 30)
