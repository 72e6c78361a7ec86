"""Compares our spans and metrics with the server's ledger, and the app with the app without us."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from .prices import dollars

Row = Mapping[str, Any]
"""What ``program`` wrote of a form, a span, or an answer of the server."""

_TOKENS: Final = "gen_ai.client.inference.usage."
_COST: Final = "gen_ai.client.operation.cost"
COMPARED: Final = ("operation", "model", "streamed", "input", "output", "cached", "written")
"""What a span says just as the ledger does."""


@dataclass(frozen=True)
class Problem:
    """Something is not as it should be."""

    form: str
    part: Literal["app", "telemetry"]
    what: str

    def __str__(self) -> str:
        return f"{self.form}: {self.what}"


def problems(forms: Mapping[str, Row], alone: Mapping[str, Row]) -> Iterator[Problem]:
    """Everything that is wrong with a process."""
    for name, row in forms.items():
        yield from (Problem(name, "app", what) for what in _app(row, alone[name]))
        yield from (Problem(name, "telemetry", what) for what in [*_spans(row), *_metrics(row)])


def _app(row: Row, alone: Row) -> Iterator[str]:
    """The app prints and sends what it does without us; and it does what the form says."""
    for part in ("printed", "sent"):
        if row[part] != alone[part]:
            yield f"{part} {row[part]!r}, without us {alone[part]!r}"
    if len(row["answered"]) != row["form"]["calls"]:
        yield f"{len(row['answered'])} requests were answered, not {row['form']['calls']}: {row['printed'][-600:]!r}"
    refused = len(row["sent"]) - len(row["answered"])
    if refused != row["form"]["refused"]:
        yield f"{refused} requests were refused: {row['printed'][-600:]!r}"


def _spans(row: Row) -> Iterator[str]:
    """One span for each answer, which says what the answer did; and one for each failure that the framework saw."""
    spans: Sequence[Row] = row["spans"]
    failed = [span for span in spans if span["status"] == "ERROR" and not _is_cancelled(span, row)]
    if len(failed) != row["form"]["errors"]:
        yield f"{len(failed)} spans failed, not {row['form']['errors']}: {[span['error'] for span in failed]}"
    ended = [span for span in spans if span not in failed]
    if len(ended) != len(row["answered"]):
        yield f"{len(ended)} spans for {len(row['answered'])} requests that were answered"
        return
    attempts = sum(span["attempts"] for span in spans)
    if attempts != len(row["sent"]):
        yield f"{attempts} attempts of {len(row['sent'])} requests"
    if row["form"]["cancelled"] and not all(_is_cancelled(span, row) for span in spans):
        yield "a span doesn't say that it was cancelled"
    if not all(span["in trace"] for span in spans):
        yield "a span is not in the app's trace"
    owed = sorted((_owed(answer, row) for answer in row["answered"]), key=_key)
    for expected, span in zip(owed, sorted(ended, key=_key), strict=True):
        for field, value in expected.items():
            if not _same(value, span[field]):
                yield f"{field} is {span[field]!r}, not {value!r}"


def _is_cancelled(span: Row, row: Row) -> bool:
    return row["form"]["cancelled"] and span["error"] == "asyncio.exceptions.CancelledError"


def _owed(answer: Row, row: Row) -> dict[str, Any]:
    """The span that we owe for an answer."""
    said = {field: answer[field] for field in COMPARED}
    if _is_told(answer, row):
        return {**said, "dollars": _dollars(answer), "currency": "USD", "unpriced": None}
    return {**said, "input": None, "output": 0, "cached": 0, "written": 0, "dollars": None, "unpriced": "no_usage"}


def _metrics(row: Row) -> Iterator[str]:
    """Sums and numbers of values; the conventions have no token metric for embeddings."""
    told = [answer for answer in row["answered"] if _is_told(answer, row)]
    chats = [answer for answer in told if answer["operation"] == "chat"]
    owed: dict[str, float] = {
        f"{_TOKENS}input_tokens": sum(answer["input"] for answer in chats),
        f"{_TOKENS}output_tokens": sum(answer["output"] for answer in chats),
        f"{_TOKENS}cache_read.input_tokens": sum(answer["cached"] for answer in chats),
        f"{_TOKENS}cache_write.input_tokens": sum(answer["written"] for answer in chats),
        _COST: sum(map(_dollars, told)),
        f"{_COST} count": len(told),
        "gen_ai.client.inference.duration count": row["form"]["errors"]
        + sum(answer["operation"] == "chat" for answer in row["answered"]),
        "otel_genai.internal_errors": 0,
    }
    for name, expected in owed.items():
        if not _same(expected, row["totals"].get(name, 0)):
            yield f"{name} grew by {row['totals'].get(name, 0)}, not by {expected}"


def _is_told(answer: Row, row: Row) -> bool:
    """Whether the app read the tokens of an answer."""
    return answer["told"] and not (row["form"]["left"] and answer["streamed"])


def _dollars(answer: Row) -> float:
    return dollars(answer["model"], answer["input"], answer["cached"], answer["output"], answer["written"])


def _key(span: Mapping[str, Any]) -> tuple[Any, ...]:
    return str(span["operation"]), str(span["model"]), span["input"] or 0, span["output"], span["cached"]


def _same(expected: Any, actual: Any) -> bool:
    if isinstance(expected, float) and isinstance(actual, int | float):
        return math.isclose(expected, actual, rel_tol=1e-9, abs_tol=1e-12)
    return expected == actual
