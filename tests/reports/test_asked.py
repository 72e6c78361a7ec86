"""What is asked is understood as it is meant, or said to be none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from otel_genai_instr.reports.asked import (
    Asked,
    Condition,
    Window,
    condition_from,
    groups_from,
    window_from,
    zone_from,
)
from otel_genai_instr.reports.computed.cost import cost
from otel_genai_instr.reports.exceptions import NotUnderstood
from otel_genai_instr.reports.tables import rows_of

from .lines import NOON, call, document, tables_with

NOW = datetime(2026, 11, 23, 10, 30)


@pytest.mark.parametrize(
    ("last", "since", "until", "start", "end"),
    [
        (None, None, None, NOW - timedelta(days=7), NOW),
        ("24h", None, None, NOW - timedelta(hours=24), NOW),
        ("4w", None, "2026-11-01", datetime(2026, 10, 4), datetime(2026, 11, 1)),
        (None, "2026-11-01T08:00", None, datetime(2026, 11, 1, 8), NOW),
        (None, "2026-11-01T08:00+02:00", "2026-11-02", datetime(2026, 11, 1, 6), datetime(2026, 11, 2)),
    ],
)
def test_a_time(last: str | None, since: str | None, until: str | None, start: datetime, end: datetime) -> None:
    assert window_from(last, since, until, UTC, NOW) == Window(start, end)


def test_a_day_begins_where_one_lives() -> None:
    window = window_from(None, "2026-11-01", "2026-11-02", ZoneInfo("Europe/Berlin"), NOW)
    assert window.start == datetime(2026, 10, 31, 23)


@pytest.mark.parametrize(
    ("last", "since", "until", "says"),
    [
        ("7", None, None, "such as 24h, 30d or 4w"),
        ("0d", None, None, "such as 24h, 30d or 4w"),
        ("-3d", None, None, "such as 24h, 30d or 4w"),
        ("7d", "2026-11-01", None, "exclude each other"),
        (None, "yesterday", None, "--since: 'yesterday' is no time"),
        (None, None, "2026-13-01", "--until: '2026-13-01' is no time"),
        (None, "2026-11-02", "2026-11-01", "is empty"),
    ],
)
def test_a_time_that_is_none(last: str | None, since: str | None, until: str | None, says: str) -> None:
    with pytest.raises(NotUnderstood, match=says):
        window_from(last, since, until, UTC, NOW)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("model=gpt-4o", Condition("model", "=", "gpt-4o")),
        ("cost>=0.1", Condition("cost", ">=", 0.1)),
        ("user = a=b", Condition("user", "=", "a=b")),
        ("user=", Condition("user", "=", None)),
        ("failed=TRUE", Condition("failed", "=", True)),
    ],
)
def test_a_condition(text: str, condition: Condition) -> None:
    assert condition_from(text) == condition


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("model", "is no condition"),
        ("colour=red", "there is no column 'colour'; trace_id, "),
        ("cots>1", r"there is no column 'cots'; is it cost\? allowed: trace_id, "),
        ("model>gpt", "compared by =, != or ~"),
        ("cost=much", "cost is a number, not 'much'"),
        ("failed=maybe", "true or false"),
        ("started_at>2026-11-01", "--since"),
    ],
)
def test_a_condition_that_is_none(text: str, says: str) -> None:
    with pytest.raises(NotUnderstood, match=says):
        condition_from(text)


def test_what_rows_can_not_be_made_by() -> None:
    with pytest.raises(NotUnderstood, match=r"'Modell' is not allowed; is it model\? allowed: hour, day, "):
        groups_from("day,Modell")
    with pytest.raises(NotUnderstood, match="'colour' is not allowed; hour, day, "):
        groups_from("day,colour")
    with pytest.raises(NotUnderstood, match="Europe/Berlin"):
        zone_from("Middle/Earth")


@pytest.mark.parametrize(
    ("where", "users"),
    [
        ("user=a'b", {"a'b"}),
        ("user!=a'b", {"abc", None}),
        ("user~b", {"a'b", "abc"}),
        ("user=", {None}),
        ("user!=", {"a'b", "abc"}),
        ("user=x' OR '1'='1", set[str | None]()),
        ("input_tokens>100", {"abc"}),
    ],
)
def test_conditions_choose_calls(tmp_path: Path, where: str, users: set[str | None]) -> None:
    tables = tables_with(tmp_path, document([call(user="a'b"), call(user="abc", tokens=(101, 1)), call(tokens=(1, 1))]))
    asked = Asked(Window(NOON, NOW), where=(condition_from(where),))
    assert {row["user"] for row in rows_of(asked.filtered(tables.calls))} == users


def test_days_change_their_clock_where_the_zone_does(tmp_path: Path) -> None:
    """In Berlin, on 2026-10-25 at 03:00 the clock goes back to 02:00: the day has 25 hours."""
    began = datetime(2026, 10, 24, 22)
    calls = [call(at=began + timedelta(hours=each, minutes=30)) for each in range(-1, 26)]
    tables = tables_with(tmp_path, document(calls))
    zone = ZoneInfo("Europe/Berlin")
    window = window_from(None, "2026-10-20", "2026-10-30", zone, NOW)
    rows = cost(tables, Asked(window, ("day",), zone=zone), None).rows
    assert [(row["day"].day, row["calls"]) for row in rows] == [(24, 1), (25, 25), (26, 1)]
    hours = cost(tables, Asked(window, ("hour",), zone=zone), None).rows
    assert [row["calls"] for row in hours if row["hour"] == datetime(2026, 10, 25, 2)] == [2]
