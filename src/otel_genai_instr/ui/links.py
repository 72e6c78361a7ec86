"""From a row of a report, or a name in a trace, to the traces behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from ..reports.asked import where_length
from ..reports.columns import SPANS, Type
from ..reports.names import PERIODS, PROMPT_LENGTH
from .questions import FILTERS, Question

_BESIDE: Final = ("level", "verdict")
"""Columns of rows that are no part of what the row is of."""
_ONLY: Final = {"latency": "failed=false"}
"""What else holds of the calls of a report."""
_COLUMNS: Final = {column.name for column in SPANS if column.type in (Type.TEXT, Type.COUNT)}
_LENGTHS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}


def trace_address(trace_id: str) -> str:
    """Where a trace is shown."""
    return f"/traces/{trace_id}"


class Links:
    """Addresses that go on from one page."""

    def __init__(self, question: Question, report: str = "") -> None:
        self._question = question
        self._only = _ONLY.get(report, "")

    def trace(self, trace_id: str) -> str:
        """Where a trace is shown."""
        return trace_address(trace_id)

    def row(self, keys: Sequence[str], row: Mapping[str, Any]) -> str | None:
        """Where the traces of a row are listed; ``None`` where its keys are no question about traces."""
        asked = self._question.asked
        said = {"by": "", **self._times()}
        where = [text for text in (self._question.said.get("where", ""), self._only) if text]
        for key in keys:
            value = row.get(key)
            if key in _BESIDE:
                continue
            if key in PERIODS and isinstance(value, date):
                value = value if isinstance(value, datetime) else datetime.combine(value, time())
                first, end = asked.moment(asked.window.start), asked.moment(asked.window.end)
                said["since"] = _written(max(value, first))
                said["until"] = _written(min(_next(key, value), end))
                said["last"] = ""
            elif key == PROMPT_LENGTH and isinstance(value, str):
                where.append(where_length(value))
            elif value is None and key in _COLUMNS:
                where.append(f"{key}=")
            elif (text := str(value)) != text.strip() or not text:
                return None  # addresses and conditions begin and end with no space
            elif key in FILTERS:
                said[key] = text
            elif key in _COLUMNS and "," not in text:
                where.append(f"{key}={text}")
            else:
                return None
        said["where"] = ",".join(where)
        return self._question.address("/traces", **said)

    def _times(self) -> dict[str, str]:
        """A report on a day of its own says which, so that the list is about that day, too."""
        asked = self._question.asked
        if not self._question.is_of_a_day:
            return {}
        return {
            "since": _written(asked.moment(asked.window.start)),
            "until": _written(asked.moment(asked.window.end)),
            "last": "",
        }


def _next(period: str, moment: datetime) -> datetime:
    if period in _LENGTHS:
        return moment + _LENGTHS[period]
    return (moment.replace(day=1) + timedelta(days=32)).replace(day=1)


def _written(moment: datetime) -> str:
    """As short as it can be said."""
    if not (moment.hour or moment.minute or moment.second or moment.microsecond):
        return f"{moment:%Y-%m-%d}"
    return moment.isoformat(timespec="auto" if moment.microsecond else "seconds" if moment.second else "minutes")
