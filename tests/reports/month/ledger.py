"""What was planned for the month, and sums over it in plain Python: nothing of the package has a hand in them."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import numpy

from examples.month.events import Event
from examples.month.ledger import rates
from examples.month.story import FIRST_DAY
from otel_genai_instr.reports.asked import Asked, Window
from otel_genai_instr.reports.report import Report
from otel_genai_instr.reports.samples import TooFew


class Answer(Protocol):
    """Asks a report by its name."""

    def __call__(self, name: str, asked: Asked, budget: float | None = None) -> Report: ...


_Item = TypeVar("_Item")
_Key = TypeVar("_Key")
_MILLION: Final = 1_000_000
REACTIONS: Final = {"thumbs_up": 1.0, "thumbs_down": 0.0, "retry": None}
"""What a reaction counts; to ask again says nothing of how good the answer was."""
CUT_OFF: Final = ("length", "max_tokens")
REFUSED: Final = ("content_filter", "refusal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A row of the ledger."""

    trace_id: str
    span_id: str
    start: datetime
    duration_ns: int
    first_chunk_ms: float | None
    feature: str
    user: str
    prompt: str
    prompt_version: str
    provider: str
    model: str
    answered_model: str | None
    error: str | None
    finish_reason: str | None
    attempts: int
    input_tokens: int | None
    """``None`` of failures, as of all tokens: they never got an answer."""
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int | None
    cost: Decimal | None
    tool: str | None
    scores: Mapping[str, float]
    feedback: str | None

    @property
    def duration_ms(self) -> float:
        return self.duration_ns / 1e6

    @property
    def is_unpriced(self) -> bool:
        return self.cost is None and self.error is None

    @property
    def answered(self) -> datetime:
        return self.start + timedelta(microseconds=self.duration_ns // 1000)

    @property
    def parts(self) -> tuple[float, float, float, float]:
        """What fresh input, input read from a cache, input written to one, and output cost, by the list's rates."""
        if self.cost is None or self.answered_model is None:
            return (0.0, 0.0, 0.0, 0.0)
        fresh = (self.input_tokens or 0) - self.cache_read_tokens - self.cache_write_tokens
        tokens = (fresh, self.cache_read_tokens, self.cache_write_tokens, self.output_tokens or 0)
        fresh_part, read, write, output = (
            float(number * rate / _MILLION)
            for number, rate in zip(tokens, rates(self.provider, self.answered_model), strict=True)
        )
        return fresh_part, read, write, output


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a judge or a person said of a call."""

    at: datetime
    call: Call
    evaluation: str
    score: float | None
    label: str


class Ledger:
    """The month."""

    def __init__(self, folder: Path) -> None:
        with (folder / "ledger.csv").open(newline="") as file:
            self.calls: Final = [_call(row) for row in csv.DictReader(file)]
        self.scores: Final = [score for call in self.calls for score in _scores(call)]

    def of(self, window: Window) -> list[Call]:
        """The calls that began in that time."""
        return [call for call in self.calls if window.start <= call.start < window.end]

    def scores_of(self, window: Window) -> list[Score]:
        """What was said in that time."""
        return [score for score in self.scores if window.start <= score.at < window.end]


def _call(row: Mapping[str, str]) -> Call:
    def tokens(name: str) -> int | None:
        return None if row["error_type"] else int(row[name])

    scores = {name: float(row[name]) for name in ("relevance", "groundedness") if row[name]}
    return Call(
        trace_id=row["trace_id"],
        span_id=row["span_id"],
        start=moment(int(row["start_ns"])),
        duration_ns=int(row["duration_ns"]),
        first_chunk_ms=int(row["first_chunk_ns"]) / 1e6 if row["first_chunk_ns"] else None,
        feature=row["feature"],
        user=row["user"],
        prompt=row["prompt"],
        prompt_version=row["prompt_version"],
        provider=row["provider"],
        model=row["asked_model"],
        answered_model=row["answered_model"] or None,
        error=row["error_type"] or None,
        finish_reason=row["finish_reason"] or None,
        attempts=int(row["attempts"]),
        input_tokens=tokens("input_tokens"),
        cache_read_tokens=tokens("cache_read_tokens") or 0,
        cache_write_tokens=tokens("cache_write_tokens") or 0,
        output_tokens=tokens("output_tokens"),
        cost=Decimal(row["cost"]) if row["cost"] else None,
        tool=row["tool"] or None,
        scores=scores,
        feedback=row["feedback"] or None,
    )


def _scores(call: Call) -> Iterator[Score]:
    for name, score in call.scores.items():
        at = call.answered + timedelta(seconds=2)
        yield Score(at=at, call=call, evaluation=name, score=score, label="pass" if score >= 0.5 else "fail")
    if call.feedback is not None:
        at, score = call.answered + timedelta(seconds=40), REACTIONS[call.feedback]
        yield Score(at=at, call=call, evaluation="user_feedback", score=score, label=call.feedback)


def moment(nanoseconds: int) -> datetime:
    """Of UTC, without a zone, as the tables have it."""
    return datetime(1970, 1, 1) + timedelta(microseconds=nanoseconds // 1000)


def begins(event: Event) -> datetime:
    """When what is planned to go wrong does so."""
    return datetime.fromtimestamp(event.at(FIRST_DAY) / 1e9, UTC).replace(tzinfo=None)


def day_of(event: Event) -> Window:
    """The day on which it begins."""
    midnight = begins(event).replace(hour=0)
    return Window(midnight, midnight + timedelta(days=1))


def week(number: int) -> Window:
    """One of the four weeks, from 1."""
    start = datetime.combine(FIRST_DAY, datetime.min.time()) + timedelta(days=7 * (number - 1))
    return Window(start, start + timedelta(days=7))


def grouped(items: Iterable[_Item], key: Callable[[_Item], _Key]) -> dict[_Key, list[_Item]]:
    """Items by a key."""
    groups: dict[_Key, list[_Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def cost_of(calls: Iterable[Call]) -> float | None:
    """Exact, until the end."""
    known = [call.cost for call in calls if call.cost is not None]
    return float(sum(known)) if known else None


def input_of(calls: Iterable[Call]) -> int:
    return sum(call.input_tokens or 0 for call in calls)


def output_of(calls: Iterable[Call]) -> int:
    return sum(call.output_tokens or 0 for call in calls)


def percentile(values: Iterable[float | None], percent: float, least: int) -> float | TooFew | None:
    """By numpy, between two values in proportion; of fewer values than it takes, that they are too few."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return float(numpy.percentile(known, percent)) if len(known) >= least else TooFew(len(known))


def mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


def rate(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


KEYS: Final[dict[str, Callable[[Call, datetime], object]]] = {
    "hour": lambda _, local: local.replace(minute=0, second=0, microsecond=0),
    "day": lambda _, local: _midnight(local),
    "week": lambda _, local: _midnight(local) - timedelta(days=local.weekday()),
    "month": lambda _, local: _midnight(local).replace(day=1),
    "prompt_length": lambda call, _: length_of(call),
    **{
        name: lambda call, _, name=name: getattr(call, name)
        for name in ("feature", "user", "prompt", "prompt_version", "provider", "model", "answered_model", "error")
    },
}
"""What rows are made by: of a call, and the time of day where it was asked for."""
PERIODS: Final = ("hour", "day", "week", "month")


def _midnight(local: datetime) -> datetime:
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def by(calls: Iterable[Call], asked: Asked) -> dict[tuple[object, ...], list[Call]]:
    """Calls by what the question groups them by."""

    def key(call: Call) -> tuple[object, ...]:
        local = call.start.replace(tzinfo=UTC).astimezone(asked.zone).replace(tzinfo=None)
        return tuple(KEYS[name](call, local) for name in asked.by)

    return grouped(calls, key)


def in_order(rows: Iterable[dict[str, Any]], asked: Asked, figure: str) -> list[dict[str, Any]]:
    """By their period, the largest first."""
    periods = [name for name in asked.by if name in PERIODS]
    others = [name for name in asked.by if name not in PERIODS]
    return sorted(
        rows,
        key=lambda row: (*(row[name] for name in periods), -(row[figure] or 0), *(str(row[name]) for name in others)),
    )


def length_of(call: Call) -> str | None:
    """How long its prompt is."""
    tokens = call.input_tokens
    if tokens is None:
        return None
    return "<500" if tokens < 500 else "500-1k" if tokens < 1000 else "1k-2k" if tokens < 2000 else "2k+"


@dataclass(frozen=True, slots=True)
class Span:
    """A span as it stands in the file: the ledger has none but calls."""

    trace_id: str
    span_id: str
    parent_id: str
    start: datetime
    duration_ns: int
    step: str
    tool: str | None


def spans_of(folder: Path) -> list[Span]:
    """All spans of the month."""
    return [_span(span) for line in (folder / "traces.jsonl").open() for span in _in_line(json.loads(line))]


def _in_line(line: Any) -> Iterator[Any]:
    for resource in line["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            yield from scope["spans"]


def _span(span: Any) -> Span:
    said = {each["key"]: each["value"].get("stringValue") for each in span["attributes"]}
    start = int(span["startTimeUnixNano"])
    return Span(
        span["traceId"],
        span["spanId"],
        span["parentSpanId"],
        moment(start),
        int(span["endTimeUnixNano"]) - start,
        said.get("gen_ai.operation.name") or span["name"],
        said.get("gen_ai.tool.name"),
    )
