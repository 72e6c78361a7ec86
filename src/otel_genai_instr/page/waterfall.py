"""The spans of one trace as bars below each other, each where it happened in the trace's time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from ..drawn_trace import Tree, extent, tree_of
from ..reports.columns import SPANS
from ..reports.kinds import CALL
from ..reports.traces.trace import Trace, TraceSpan
from ..reports.writing import NOTHING, cell, duration, heading
from ..trace_words import attempts_said, counted, endings_said, one_or_many, prompt_said, score_said

_DEEPEST: Final = 12
"""Steps that names are moved in at most."""
_DEEP: Final = 6
_LONG: Final = 44
"""Characters from which on a fact has a line of its own."""
_ELSEWHERE: Final = ("row_id", "line_at", "trace_id", "name", "started_at", "failed")
"""Columns that are no facts of their own: what the page says elsewhere."""
_SKEW_NS: Final = 1_000_000
"""From which on a child that begins before its parent is worth a word."""
_WHOM: Final = ("service", "user", "session")
Said = Sequence[tuple[str, str]]
"""Who said it, or what it is; and the text. Foreign."""
Find = Callable[[str, str], str | None]
"""Where traces are listed whose column has this value; ``None`` where none are."""


class Fact(NamedTuple):
    """Something that a span says."""

    name: str
    text: str
    meaning: str
    is_long: bool = False


class Bar(NamedTuple):
    """One span."""

    name: str
    kind: str
    """``call``, ``tool``, ...; empty for spans of others."""
    what: str
    """Model, tool or data source, where the name doesn't say it."""
    error: str
    notes: list[str]
    """What the waterfall in a terminal says beside the name."""
    depth: int
    left: float
    """Percent of the trace's time, as are the two others."""
    first: float
    """Where the first chunk of a stream came; where the bar begins, for what is none."""
    right: float
    duration: str
    tokens: str
    cost: str
    facts: list[Fact]
    """What it says in full."""
    said: Said


class Named(NamedTuple):
    """Whose the trace is."""

    text: str
    address: str | None
    """Where others of the same are."""


class Waterfall(NamedTuple):
    """One trace."""

    trace_id: str
    title: str
    figures: list[str]
    whom: list[Named]
    currency: str
    """Of all costs; empty where there are several, and each says its own."""
    bars: list[Bar]
    is_deep: bool
    """Whether names are moved in by less, so that there is room for them."""
    notes: list[str]
    """What is missing of it, or odd."""


def waterfall(
    trace: Trace, most: int, said: Mapping[str, Said] | None = None, find: Find = lambda _column, _value: None
) -> Waterfall:
    """Lay out a trace.

    Args:
        trace: With its scores.
        most: Bars that are drawn at most; figures are those of all spans.
        said: What was said in the spans, by their ids; ``None`` leaves that and the facts of the spans out.
        find: Where more traces of a user or a session are.
    """
    spans = trace.spans
    start, end = min(span.start_ns for span in spans), max(max(span.end_ns, span.start_ns) for span in spans)
    calls = trace.of_kind(CALL)
    currencies = {call.cells["currency"] for call in calls if call.cells["cost"] is not None}
    currency = next(iter(currencies)) or "" if len(currencies) == 1 else ""
    scores: dict[str, list[Mapping[str, Any]]] = {}
    for score in trace.scores:
        scores.setdefault(score["span_id"], []).append(score)
    tree = tree_of(spans[:most])
    bars = [
        _bar(
            span,
            depth,
            (start, end),
            currency,
            scores.get(span.span_id, ()),
            None if said is None else said.get(span.span_id, ()),
        )
        for span, depth in tree.in_order()
    ]
    figures = [*_figures(trace, calls, start, end)]
    return Waterfall(
        trace.trace_id,
        trace.root().name,
        figures,
        [*_whom(spans, find)],
        currency,
        bars,
        any(bar.depth > _DEEP for bar in bars),
        [*_notes(trace, tree, most)],
    )


def _figures(trace: Trace, calls: Sequence[TraceSpan], start: int, end: int) -> Iterator[str]:
    """What the whole trace comes to."""
    yield f"{_moment(start):%Y-%m-%d %H:%M:%S} UTC"
    yield duration((end - start) / 1e6)
    yield counted(len(trace.spans), "span")
    yield counted(len(calls), "call")
    tokens = [(_sum(calls, f"{side}_tokens"), words) for side, words in (("input", " tokens in"), ("output", " out"))]
    if any(count for count, _ in tokens):
        yield from (f"{count:,}{words}" for count, words in tokens)
    costs: dict[str, float] = {}
    for call in calls:
        if call.cells["cost"] is not None:
            currency = call.cells["currency"] or ""
            costs[currency] = costs.get(currency, 0.0) + call.cells["cost"]
    yield from (f"{cell('cost', costs[currency])} {currency}".rstrip() for currency in sorted(costs))
    unpriced = sum(call.cells["cost"] is None and call.cells["unpriced_reason"] is not None for call in calls)
    if unpriced:
        yield f"{unpriced:,} unpriced"
    errors = sum(span.failed for span in trace.spans)
    if errors:
        yield counted(errors, "error")


def _sum(calls: Iterable[TraceSpan], column: str) -> int:
    return sum(call.cells[column] or 0 for call in calls)


def _whom(spans: Sequence[TraceSpan], find: Find) -> Iterator[Named]:
    for column in _WHOM:
        said: list[str] = [span.cells[column] for span in spans if span.cells[column]]
        values = list(dict.fromkeys(said))
        if values:
            known = find(column, values[0]) if len(values) == 1 else None
            yield Named(one_or_many(column, values), known)


def _notes(trace: Trace, tree: Tree[TraceSpan], most: int) -> Iterator[str]:
    yield from trace.notes
    if len(trace.spans) > most:
        yield f"the trace has {counted(len(trace.spans) - most, 'more span')}; these are the first {most:,}"
    known = {span.span_id: span for span in trace.spans}
    lost = [top for top in tree.tops if top.parent_id is not None and top.parent_id not in known]
    if lost and len(tree.tops) > 1:
        yield f"what is around {counted(len(lost), 'span')} is not stored: each stands by itself, at the left"
    shown = {span.span_id for span in trace.spans[:most]}
    circles = [top for top in tree.tops if top.parent_id in shown]
    if circles:
        yield "some spans name each other as the one around them: the first one stands at the left"
    early = [
        span
        for span in trace.spans
        if (parent := known.get(span.parent_id or "")) is not None and span.start_ns + _SKEW_NS < parent.start_ns
    ]
    if early and not circles:
        yield f"{counted(len(early), 'span')} began before the one around: clocks of two machines differ"


def _moment(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)


def _bar(
    span: TraceSpan,
    depth: int,
    time: tuple[int, int],
    currency: str,
    scores: Sequence[Mapping[str, Any]],
    said: Said | None,
) -> Bar:
    cells = span.cells
    first_chunk = cells["first_chunk_ms"]
    place = extent(span, None if first_chunk is None else round(first_chunk * 1e6), *time)
    tokens = (cells["input_tokens"], cells["output_tokens"])
    what = cells["model"] or cells["tool"] or cells["data_source"] or ""
    cost = "" if cells["cost"] is None else cell("cost", cells["cost"])
    return Bar(
        span.name,
        span.kind or "",
        "" if what in span.name else what,
        (cells["error"] or "error") if span.failed else "",
        [*filter(None, _beside(span, scores))],
        min(depth, _DEEPEST),
        round(place.begin, 3),
        round(place.working, 3),
        round(place.end, 3),
        cell("duration_ms", cells["duration_ms"]),
        "" if tokens == (None, None) else " → ".join(cell("tokens", each) for each in tokens),
        cost if currency or not cost else f"{cost} {cells['currency'] or ''}".rstrip(),
        [*map(_score, scores), *(() if said is None else _facts(span))],
        said or (),
    )


def _beside(span: TraceSpan, scores: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """In the order and the words of the waterfall in a terminal."""
    cells = span.cells
    yield attempts_said(cells["attempts"])
    yield from endings_said([cells["finish_reason"]] if cells["finish_reason"] else [])
    if cells["http_status"] is not None and str(cells["http_status"]) != cells["error"]:
        yield str(cells["http_status"])
    yield from (score_said(score["name"] or "", score["score"], score["label"]) for score in scores)
    if span.kind == CALL:
        yield prompt_said(cells["prompt"], cells["prompt_version"])


def _score(score: Mapping[str, Any]) -> Fact:
    said = score_said(score["name"] or "", score["score"], score["label"])
    by = f", by {score['evaluator']}" if score["evaluator"] else ""
    return Fact("score", f"{said}{by}, at {score['at']:%Y-%m-%d %H:%M:%S} UTC", "what was thought of it", is_long=True)


def _facts(span: TraceSpan) -> Iterator[Fact]:
    started = _moment(span.start_ns)
    yield Fact("started at", f"{started:%Y-%m-%d %H:%M:%S}.{started.microsecond // 1000:03} UTC", "of the span")
    for column in SPANS:
        text = cell(column.name, span.cells.get(column.name))
        if column.name not in _ELSEWHERE and text != NOTHING:
            yield Fact(heading(column.name), text, column.meaning.replace("`", ""), len(text) > _LONG)
