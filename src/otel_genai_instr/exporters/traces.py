"""Which spans belong together, and when a trace is ready to be shown. Pure data: no SDK object, no clock, no I/O.

Rules of this file
- Children arrive before their parents. A group of spans is ready when its top is a local root (a span without parent
  or with a parent in another process), or when its top's parent has been shown already: then the group is *late*.
- A parent that was thought to be elsewhere may turn up: two services in one process. Then the whole tree is shown
  *again*, in one piece. Spans below a real root cannot be adopted any more: of those only the ids are kept.
- A group whose parent is still open is not shown with the root: where it belongs is not known yet (below another root
  of the same trace, maybe), and once the parent ends, all of it is one late piece.
- Nothing is lost: what is pushed out by a bound, or still waits at the end, is handed out as *orphan*, or as *cut off*
  where a local root of its trace has been shown.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum


@dataclass(slots=True)
class SpanRecord:
    """What is shown of one finished span. ``None`` means "not said"."""

    trace_id: int
    span_id: int
    parent_id: int | None
    local_root: bool
    """It has no parent, or one in another process."""
    name: str
    start_ns: int
    end_ns: int
    service: str | None = None
    scope: str = ""
    """Name of the instrumentation that made it."""
    operation: str | None = None
    """Value of ``gen_ai.operation.name``: such a span is a GenAI span."""
    is_call: bool = False
    """It is one request to a model, not an agent or a tool around it."""
    models: frozenset[str] = frozenset()
    """The model asked for, and the one that answered."""
    response_id: str | None = None
    is_http_message: bool = False
    """It is one message between an ASGI server and the app, not a piece of work."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    first_chunk_ns: int | None = None
    """From the start of the span."""
    cost: float | None = None
    currency: str = "USD"
    unpriced_reason: str | None = None
    error: str | None = None
    """The kind of error; ``None`` for a span that did not fail."""
    detail: str = ""
    """A few words about anything else: attempts, HTTP status, database."""
    user: str | None = None
    session: str | None = None
    """Or the conversation, where no session is named."""
    prompt: str = ""
    """Of a call: the name of its template, with the version behind an @."""
    scores: tuple[str, ...] = ()
    """What was thought of it, in a few words each."""
    usage_not_asked: bool = False
    """It is a stream that came to its end without usage, as it does where nobody asks for that."""

    @property
    def duration_ns(self) -> int:
        """Never negative, also when the clock was set back."""
        return max(self.end_ns - self.start_ns, 0)


class Mark(Enum):
    """How a piece came to be shown."""

    WHOLE = ""
    LATE = "late"
    AGAIN = "again, now with its parents"
    ORPHAN = "orphan: its root never came"
    CUT_OFF = "orphan: its parent never came"


@dataclass(slots=True)
class Piece:
    """Spans of one trace that are shown together."""

    trace_id: int
    spans: list[SpanRecord]
    mark: Mark
    start_ns: int
    """The window that bars are drawn in; for a late or cut off piece that of the whole trace as known so far."""
    end_ns: int
    omitted: int = 0
    """Spans beyond the bound: counted, not kept."""
    title: str = ""
    """What it is called; else by its trace."""


@dataclass(slots=True)
class _Trace:
    waiting: dict[int, SpanRecord] = field(default_factory=dict[int, SpanRecord])
    awaited: set[int] = field(default_factory=set[int])
    """Parents of waiting spans."""
    shown: dict[int, SpanRecord | None] = field(default_factory=dict[int, "SpanRecord | None"])
    """The record while a parent may still turn up, else ``None``."""
    start_ns: int | None = None
    end_ns: int = 0
    omitted: int = 0

    @property
    def size(self) -> int:
        return len(self.waiting) + len(self.shown)

    @property
    def rooted(self) -> bool:
        """Whether a local root has been shown."""
        return any(span is None or span.local_root for span in self.shown.values())


class TraceStore:
    """Collects spans and hands out the pieces that are ready. Not thread-safe.

    ``max_traces`` bounds the open traces and, apart from them, the remembered ones; ``max_spans_per_trace`` what one
    open trace keeps (GenAI spans and the parents of kept spans may double it: a streamed answer of a thousand pieces
    must not push out the call that made it); ``max_spans`` everything together.
    """

    def __init__(self, max_traces: int = 500, max_spans_per_trace: int = 1000, max_spans: int = 50_000) -> None:
        self._max_traces = max_traces
        self._max_spans_per_trace = max_spans_per_trace
        self._max_spans = max_spans
        self._size = 0
        # Both from the longest untouched to the last touched.
        self._open: OrderedDict[int, _Trace] = OrderedDict()
        self._shown: OrderedDict[int, _Trace] = OrderedDict()

    def add(self, batch: Iterable[SpanRecord]) -> list[Piece]:
        """Take in the whole batch, then say what is ready."""
        candidates: dict[int, None] = {}
        for span in batch:
            if self._take_in(span):
                candidates[span.trace_id] = None
        pieces = [piece for trace_id in candidates if (piece := self._finish(trace_id))]
        return pieces + self._evict()

    def flush(self) -> list[Piece]:
        """Everything that still waits, as orphans."""
        return [self._orphans(trace_id) for trace_id in list(self._open)]

    def _take_in(self, span: SpanRecord) -> bool:
        """Whether a group may have become ready by this span."""
        trace = self._open.pop(span.trace_id, None) or self._shown.pop(span.trace_id, None) or _Trace()
        self._open[span.trace_id] = trace
        ready = span.local_root or span.parent_id in trace.shown
        if span.span_id in trace.shown or span.span_id in trace.waiting:
            self._settle(span.trace_id)
            return False
        trace.start_ns = span.start_ns if trace.start_ns is None else min(trace.start_ns, span.start_ns)
        trace.end_ns = max(trace.end_ns, span.end_ns)
        needed = span.operation is not None or span.span_id in trace.awaited
        bound = self._max_spans_per_trace * (2 if needed else 1)
        # A root is always kept: without it the trace would never be shown.
        if len(trace.waiting) >= bound and not ready:
            trace.omitted += 1
            return False
        trace.waiting[span.span_id] = span
        trace.awaited.discard(span.span_id)
        if span.parent_id is not None and span.parent_id not in trace.waiting:
            trace.awaited.add(span.parent_id)
        self._size += 1
        return ready

    def _finish(self, trace_id: int) -> Piece | None:
        trace = self._open[trace_id]
        tops = [span for span in trace.waiting.values() if span.parent_id not in trace.waiting]
        ready = [span for span in tops if span.local_root or span.parent_id in trace.shown]
        if not ready:
            return None
        if trace.omitted:
            ready = tops  # their parents may be among the omitted
        chosen = _with_descendants(ready, trace)
        if any(span.span_id in trace.shown for span in chosen):
            mark = Mark.AGAIN
        elif all(span.parent_id in trace.shown for span in ready):
            mark = Mark.LATE
        else:
            mark = Mark.WHOLE
        adoptable = not any(span.parent_id is None for span in ready)
        return self._hand_out(trace_id, chosen, mark, adoptable)

    def _orphans(self, trace_id: int) -> Piece:
        trace = self._open[trace_id]
        mark = Mark.CUT_OFF if trace.rooted else Mark.ORPHAN
        return self._hand_out(trace_id, list(trace.waiting.values()), mark, adoptable=True)

    def _hand_out(self, trace_id: int, spans: list[SpanRecord], mark: Mark, adoptable: bool) -> Piece:
        trace = self._open[trace_id]
        before = trace.size
        for span in spans:
            trace.waiting.pop(span.span_id, None)
            trace.shown[span.span_id] = span if adoptable else None
        self._size += trace.size - before
        omitted, trace.omitted = trace.omitted, 0
        start_ns = min(span.start_ns for span in spans)
        end_ns = max(max(span.end_ns, span.start_ns) for span in spans)
        if mark in (Mark.LATE, Mark.CUT_OFF) and trace.start_ns is not None:
            start_ns, end_ns = trace.start_ns, max(trace.end_ns, end_ns)
        self._settle(trace_id)
        return Piece(trace_id, spans, mark, start_ns, end_ns, omitted)

    def _settle(self, trace_id: int) -> None:
        """Move a trace in which nothing waits any more to the remembered ones."""
        trace = self._open[trace_id]
        if not trace.waiting:
            trace.awaited.clear()
            self._shown[trace_id] = self._open.pop(trace_id)

    def _evict(self) -> list[Piece]:
        pieces: list[Piece] = []
        while len(self._open) > self._max_traces:
            pieces.append(self._orphans(next(iter(self._open))))
        while len(self._shown) > self._max_traces or (self._size > self._max_spans and self._shown):
            self._size -= self._shown.popitem(last=False)[1].size
        while self._size > self._max_spans:
            pieces.append(self._orphans(next(iter(self._open))))
            self._size -= self._shown.popitem(last=False)[1].size
        return pieces


def _with_descendants(tops: list[SpanRecord], trace: _Trace) -> list[SpanRecord]:
    """The tops and everything below them, spans that were shown before their parents included."""
    children: dict[int, list[SpanRecord]] = {}
    for span in [*trace.waiting.values(), *trace.shown.values()]:
        if span is not None and span.parent_id is not None:
            children.setdefault(span.parent_id, []).append(span)
    chosen: list[SpanRecord] = []
    seen: set[int] = set()
    stack = list(tops)
    while stack:
        span = stack.pop()
        if span.span_id not in seen:
            seen.add(span.span_id)
            chosen.append(span)
            stack.extend(children.get(span.span_id, ()))
    return chosen
