"""The report ``daily``: figures of one day and the one before, and only what has something to say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from otel_genai_instr.reports.asked import Asked, Window, window_from
from otel_genai_instr.reports.computed.daily import PARTS, daily
from otel_genai_instr.reports.names import REPORTS, YESTERDAY
from otel_genai_instr.reports.writing import cell_of

from .lines import DAY, NOON, call, document, evaluation, tables_with


def test_a_day_beside_the_one_before(tmp_path: Path) -> None:
    before = [call(at=NOON - timedelta(days=1), cost=0.01, feature="chat") for _ in range(20)]
    now = [call(cost=0.02, feature="chat", seconds=2, failed=each < 5) for each in range(40)]
    scores = [evaluation(each, "user_feedback", 1.0, at=NOON - timedelta(days=1)) for each in before]
    scores += [evaluation(each, "user_feedback", 0.5) for each in now[:4]]
    report = daily(tables_with(tmp_path, document(before + now), document(logs=scores)), Asked(DAY))
    rows = {row["figure"]: (row["now"], row["before"], row["difference"]) for row in report.rows}
    assert rows["calls"] == (40, 20, 1.0)
    cost, was, change = rows["cost"]
    assert (round(cost, 6), round(was, 6), round(change, 6)) == (0.8, 0.2, 3.0)
    assert rows["error_rate"] == (0.125, 0.0, None)
    assert rows["p95_ms"] == (2000.0, 1000.0, 1.0)
    health, health_before, _ = rows["lowest_health"]
    assert health < health_before == 100
    feedback, feedback_before, change = rows["feedback_score"]
    assert (str(feedback), feedback_before, change) == ("not enough data (n = 4)", 1.0, None)
    shown = {row["figure"]: (cell_of(row, "figure"), cell_of(row, "now")) for row in report.rows}
    assert shown["calls"] == ("calls", "40")  # each as it is written everywhere: no 40.0000
    assert shown["error_rate"] == ("error rate", "12.5%")
    assert shown["p95_ms"] == ("p95 ms", "2,000")
    assert set(report.sections) == {"change", "spikes", "regressions", "rising", "health", "most_expensive_calls"}


def test_a_day_without_anything(tmp_path: Path) -> None:
    report = daily(tables_with(tmp_path, document([call(at=NOON - timedelta(days=9))])), Asked(DAY))
    assert report.sections == {}
    assert {row["figure"]: row["now"] for row in report.rows}["calls"] == 0


def test_all_parts_are_sections_of_reports() -> None:
    assert all(part.section in REPORTS[part.report].sections for part in PARTS)


def test_yesterday_is_a_day_of_the_zone() -> None:
    now = datetime(2026, 10, 26, 6)
    zone = ZoneInfo("Europe/Berlin")
    assert window_from(None, None, None, UTC, now, YESTERDAY) == Window(datetime(2026, 10, 25), datetime(2026, 10, 26))
    # The day on which clocks are put back has 25 hours.
    long = window_from(None, None, None, zone, now, YESTERDAY)
    assert long == Window(datetime(2026, 10, 24, 22), datetime(2026, 10, 25, 23))
    assert window_from("2d", None, None, zone, now, YESTERDAY).end == now
