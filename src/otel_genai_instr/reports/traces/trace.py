"""A whole trace, and how one is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from ...same_calls import uncounted
from ...semconv import attributes as names
from ...semconv.types import NOT_TEXT
from ..asked import Window
from ..columns import SPANS, TOO_LARGE, Type
from ..kinds import CALL
from ..tables import Tables, rows_of

_CONTENT: Final = (
    names.TOOL_DEFINITIONS,
    names.SYSTEM_INSTRUCTIONS,
    names.INPUT_MESSAGES,
    names.OUTPUT_MESSAGES,
    names.TOOL_CALL_ARGUMENTS,
    names.TOOL_CALL_RESULT,
    names.RETRIEVAL_QUERY_TEXT,
    names.RETRIEVAL_DOCUMENTS,
    names.MEMORY_QUERY_TEXT,
    names.MEMORY_RECORDS,
)
_TEXTS: Final = (names.RETRIEVAL_QUERY_TEXT, names.MEMORY_QUERY_TEXT)
_MOST_SCORES: Final = 1000
"""Of one trace, on average."""
_PLACES: Final = ("row_id", "line_at")


@dataclass(slots=True)
class SpanEvent:
    """Something that happened within a span."""

    name: str
    at_ns: int | None
    attributes: dict[str, Any]


@dataclass(slots=True)
class TraceSpan:
    """One span."""

    cells: dict[str, Any]
    """What it says, by the columns of the table ``spans``."""
    start_ns: int
    """Nanoseconds since 1970."""
    end_ns: int
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    """All of them, as they were stored; empty where only the table is left."""
    events: list[SpanEvent] = field(default_factory=list[SpanEvent])
    status_message: str = ""
    parent_is_remote: bool = False
    is_whole: bool = True
    """Whether its attributes and events are there, and not the cells alone."""

    @property
    def span_id(self) -> str:
        """16 hexadecimal digits."""
        return self.cells["span_id"]

    @property
    def parent_id(self) -> str | None:
        """Of the span around it."""
        return self.cells["parent_id"]

    @property
    def name(self) -> str:
        """Its name."""
        return self.cells["name"]

    @property
    def kind(self) -> str | None:
        """``call``, ``tool``, ``retrieval``, ...; ``None`` for spans of others."""
        return self.cells["kind"]

    @property
    def scope(self) -> str:
        """Name of the instrumentation that made it."""
        return self.cells["scope"] or ""

    @property
    def models(self) -> frozenset[str]:
        """The model asked for, and the one that answered."""
        return frozenset(filter(None, (self.cells["model"], self.cells["answered_model"])))

    @property
    def response_id(self) -> str | None:
        """The provider's."""
        return self.cells["response_id"]

    @property
    def input_tokens(self) -> int | None:
        """Cached ones included."""
        return self.cells["input_tokens"]

    @property
    def output_tokens(self) -> int | None:
        """Reasoning included."""
        return self.cells["output_tokens"]

    @property
    def failed(self) -> bool:
        """Whether its status is an error."""
        return bool(self.cells["failed"])

    @property
    def started_at(self) -> datetime:
        """In UTC, without a zone, as the tables have it."""
        return datetime.fromtimestamp(self.start_ns / 1e9, UTC).replace(tzinfo=None)

    def said(self, name: str) -> Any:
        """The value of an attribute; that of a content attribute as the data that it holds."""
        value = self.attributes.get(name)
        return parsed(value) if name in _CONTENT and name not in _TEXTS else value

    @property
    def content(self) -> dict[str, Any]:
        """What was said in it, by the names of the content attributes."""
        variables = tuple(name for name in self.attributes if name.startswith(f"{names.PROMPT_VARIABLE}."))
        return {name: self.said(name) for name in (*_CONTENT, *variables) if name in self.attributes}

    @property
    def facts(self) -> dict[str, Any]:
        """Its attributes by today's names, whatever the instrumentation calls them; content as well."""
        known: dict[str, Any] = {}
        for column in SPANS:
            value = self.cells.get(column.name)
            if column.attributes and value is not None:
                known[column.attributes[0]] = value if column.factor == 1 else value / column.factor
        lists: dict[str, Any] = {name: value for name, value in self.attributes.items() if isinstance(value, list)}
        said = {name: value for name, value in self.attributes.items() if not _is_damaged(name, value)}
        return {**said, **known, **lists}


@dataclass(slots=True)
class Trace:
    """Spans that belong together, in the order in which they began."""

    trace_id: str
    spans: list[TraceSpan]
    notes: list[str] = field(default_factory=list[str])
    """What is missing of it."""
    scores: Sequence[Mapping[str, Any]] = ()
    """What was thought of its spans, by the columns of the table ``scores``, the oldest first."""

    def __post_init__(self) -> None:
        self.spans.sort(key=lambda span: (span.start_ns, -span.end_ns, span.span_id))

    def of_kind(self, kind: str) -> list[TraceSpan]:
        """Its retrievals, its tools, ...; its calls, each once: see ``same_calls.uncounted``."""
        found = [span for span in self.spans if span.kind == kind]
        if kind != CALL:
            return found
        again = uncounted(found)
        return [span for span in found if span.span_id not in again]

    def root(self) -> TraceSpan:
        """The first span that has no parent here."""
        known = {span.span_id for span in self.spans}
        return next((span for span in self.spans if span.parent_id not in known), self.spans[0])


@dataclass(frozen=True)
class Wanted:
    """Which traces are looked for; what isn't said doesn't matter."""

    window: Window
    session: str | None = None
    users: tuple[str, ...] = ()
    """A user id, and the pseudonyms that may stand for it."""
    only_failed: bool = False
    """Those in which a step failed that has to do with models."""


class TraceSource(Protocol):
    """A place where traces are stored."""

    def read(self, trace_id: str) -> Trace:
        """Read a trace.

        Raises:
            NotFound: if there is none.
            Unanswered: if that can't be told.
        """
        ...

    def find(self, wanted: Wanted, most: int) -> list[str]:
        """Find traces, and return the ids of the newest ones, the newest first.

        Raises:
            Unanswered: if that can't be told.
        """
        ...


def skeleton(row: Mapping[str, Any]) -> TraceSpan:
    """The span that a row of the table ``spans`` tells of, without what only the span said."""
    start = round((row["started_at"].replace(tzinfo=UTC) - _EPOCH).total_seconds() * 1e6) * 1_000
    cells = {name: cell for name, cell in row.items() if name not in _PLACES}
    return TraceSpan(cells, start, start + round((row["duration_ms"] or 0) * 1e6), is_whole=False)


def scores_of(tables: Tables, trace_ids: Sequence[str]) -> list[dict[str, Any]]:
    """What was thought of the spans of traces, the oldest first."""
    scores = tables.scores.filter(tables.scores["trace_id"].isin(trace_ids), tables.scores["span_id"].notnull())
    return rows_of(scores.drop("row_id").order_by("at", "name").limit(_MOST_SCORES * len(trace_ids)))


def typed(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a span with numbers, flags and lists as what they are, where a store made text of them."""
    return {name: parsed(value) if name in NOT_TEXT else value for name, value in attributes.items()}


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


_LEAST: Final = {
    column.attributes[0]: column.least
    for column in SPANS
    if column.attributes and column.type in (Type.COUNT, Type.NUMBER)
}


def _is_damaged(name: str, value: Any) -> bool:
    """Whether a number is none that the tables would take."""
    is_number = name in _LEAST and isinstance(value, int | float)
    return is_number and not _LEAST[name] <= value < TOO_LARGE


def parsed(value: Any) -> Any:
    """Text that is JSON as the data that it holds; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
