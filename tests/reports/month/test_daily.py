"""The report ``daily`` on the days of the month on which something begins, and on one on which nothing does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import numpy
import pytest

from examples.month.events import RUNAWAY, SLOWDOWN, TEMPLATE_DOUBLES, UPDATE
from otel_genai_instr.reports.asked import Asked, Window

from .ledger import Answer, Ledger, cost_of, day_of, mean

TROUBLE: Final = ("spikes", "anomalies", "regressions", "length_drift", "drift", "length_stability")
QUIET: Final = Window(datetime(2026, 11, 3), datetime(2026, 11, 4))
DAYS: Final[dict[str, tuple[Window, dict[str, Any]]]] = {
    "slow": (day_of(SLOWDOWN), {"regressions": {"claude-haiku-4-5"}}),
    "doubled": (day_of(TEMPLATE_DOUBLES), {"length_drift": {"support_answer"}}),
    "updated": (day_of(UPDATE), {"length_stability": {"search-rag"}}),
    "runaway": (
        day_of(RUNAWAY),
        {"spikes": {None}, "anomalies": {RUNAWAY.feature}, "length_drift": {"research_step"}},
    ),
    "quiet": (QUIET, {}),
}


@pytest.mark.parametrize("name", DAYS)
def test_what_a_day_says(ledger: Ledger, answer: Answer, name: str) -> None:
    window, expected = DAYS[name]
    report = answer("daily", Asked(window))
    rows = {row["figure"]: row for row in report.rows}
    for side, time in (("now", window), ("before", window.before)):
        calls = ledger.of(time)
        ended = [call.duration_ms for call in calls if call.error is None]
        assert rows["calls"][side] == len(calls)
        assert rows["cost"][side] == pytest.approx(cost_of(calls), rel=1e-9)
        assert rows["error_rate"][side] == pytest.approx(1 - len(ended) / len(calls))
        assert rows["p95_ms"][side] == pytest.approx(float(numpy.percentile(ended, 95)))
        said = [score for score in ledger.scores_of(time) if score.evaluation == "user_feedback"]
        assert rows["feedback_score"][side] == pytest.approx(mean(score.score for score in said))
    for section, of in expected.items():
        keys = ("feature", "model", "prompt")
        found = {next((row[key] for key in keys if key in row), None) for row in report.sections[section].rows}
        assert found >= of, section
    if name == "quiet":
        assert not set(TROUBLE) & set(report.sections)
    assert window.length == timedelta(days=1)
