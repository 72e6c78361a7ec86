"""The report ``errors`` on the month, against the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from otel_genai_instr.reports.asked import Asked, Window

from ...support.comparing import differences
from .ledger import CUT_OFF, REFUSED, Answer, Call, Ledger, by, grouped, in_order, week

QUESTIONS: Final = {
    "last week": Asked(week(4), ("provider", "model")),
    "by day": Asked(week(3), ("day", "feature")),
    "odd": Asked(Window(datetime(2026, 11, 17, 9, 37, 12), datetime(2026, 11, 19, 14, 5)), ("error",)),
    "one": Asked(week(1)),
}
STATUS: Final = {"RateLimitError": 429, "InternalServerError": 500, "APITimeoutError": None}
each_question = pytest.mark.parametrize("asked", QUESTIONS.values(), ids=QUESTIONS)


def _row(calls: Sequence[Call]) -> dict[str, Any]:
    failed = [call for call in calls if call.error is not None]
    refused = [call for call in calls if call.finish_reason in REFUSED]
    retried = [call for call in calls if call.attempts > 1]
    return {
        "calls": len(calls),
        "errors": len(failed),
        "error_rate": len(failed) / len(calls),
        "refusals": len(refused),
        "refusal_rate": len(refused) / len(calls),
        "cut_off": sum(call.finish_reason in CUT_OFF for call in calls),
        "retried_calls": len(retried),
        "attempts": sum(call.attempts for call in calls),
        "retried_and_failed": sum(call.error is not None for call in retried),
    }


@each_question
def test_counts(ledger: Ledger, answer: Answer, asked: Asked) -> None:
    calls = ledger.of(asked.window)
    rows = [dict(zip(asked.by, key, strict=True)) | _row(each) for key, each in by(calls, asked).items()]
    report = answer("errors", asked)
    assert differences(in_order(rows, asked, "errors"), report.rows) == []
    assert differences(_row(calls), report.total) == []


@each_question
def test_types(ledger: Ledger, answer: Answer, asked: Asked) -> None:
    failed = [call for call in ledger.of(asked.window) if call.error is not None]
    expected: list[dict[str, Any]] = [
        {
            "error": error,
            "http_status": STATUS[(error or "").partition(".")[2]],
            "provider": calls[0].provider,
            "model": model,
            "errors": len(calls),
            "first": min(call.start for call in calls),
            "last": max(call.start for call in calls),
        }
        for (error, model), calls in grouped(failed, lambda call: (call.error, call.model)).items()
    ]
    expected.sort(key=lambda row: (-row["errors"], row["error"], row["model"]))
    assert differences(expected, answer("errors", asked).sections["types"].rows) == []


@each_question
def test_finish_reasons(ledger: Ledger, answer: Answer, asked: Asked) -> None:
    found = Counter((call.finish_reason, call.provider, call.model) for call in ledger.of(asked.window))
    expected: list[dict[str, Any]] = [
        {"finish_reason": reason, "provider": provider, "model": model, "calls": calls}
        for (reason, provider, model), calls in found.items()
        if reason is not None
    ]
    expected.sort(key=lambda row: (-row["calls"], row["finish_reason"], row["model"]))
    assert differences(expected, answer("errors", asked).sections["finish_reasons"].rows) == []


def test_rising(ledger: Ledger, answer: Answer) -> None:
    """Errors come at an even rate, so over weeks none rises; over hours some do by chance, by more than two."""
    assert answer("errors", Asked(week(4))).sections["rising"].rows == []
    seen = 0
    for number in range(7):
        start = week(1).start + timedelta(days=4 * number + 1)
        window = Window(start, start + timedelta(days=1))
        now, before = (grouped(ledger.of(each), lambda call: call.model) for each in (window, window.before))
        expected: list[dict[str, Any]] = []
        for model, calls in now.items():
            old = before.get(model, [])
            if min(len(calls), len(old)) < 20:
                continue
            failed, was = (sum(call.error is not None for call in side) for side in (calls, old))
            rate, old_rate = failed / len(calls), was / len(old)
            if rate > 1.5 * old_rate and failed > 2 + old_rate * len(calls):
                row = {"provider": calls[0].provider, "model": model, "calls": len(calls), "errors": failed}
                expected.append({**row, "error_rate": rate, "before_error_rate": old_rate})
        expected.sort(key=lambda row: -row["error_rate"])
        seen += len(expected)
        assert differences(expected, answer("errors", Asked(window)).sections["rising"].rows) == []
    assert seen > 0
