"""The spans of one trace as bars below each other, each where it happened in the trace's time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from ..reports.columns import SPANS
from ..reports.report import Cells
from ..reports.writing import cell, duration, heading

_DEEPEST: Final = 12
"""Steps that names are moved in at most."""
_NARROWEST: Final = 0.4
"""Percent of the trace's time that a bar takes at least, so that it is seen."""
_PLACES: Final = ("row_id", "line_at")
Said = Sequence[tuple[str, str]]
"""Who said it, or what it is; and the text. Foreign."""


class Bar(NamedTuple):
    """One span."""

    name: str
    kind: str
    """``call``, ``tool``, ...; empty for spans of others."""
    what: str
    """Model, tool or data source, where the name doesn't say it."""
    error: str
    depth: int
    left: float
    """Percent of the trace's time, as are the two others."""
    first: float
    """Where the first chunk of a stream came; where the bar begins, for what is none."""
    right: float
    duration: str
    tokens: str
    cost: str
    facts: list[tuple[str, str, str]]
    """Columns that say something: name, text, meaning."""
    said: Said


class Waterfall(NamedTuple):
    """One trace."""

    trace_id: str
    title: str
    figures: list[str]
    bars: list[Bar]
    left_out: bool
    """Whether there are more spans than bars."""


def waterfall(trace_id: str, spans: Sequence[Cells], most: int, said: Mapping[str, Said] | None = None) -> Waterfall:
    """Lay out a trace.

    Args:
        trace_id: Which one.
        spans: Rows of the table ``spans``, in the order in which they began; one more than ``most`` says that some are
            left out.
        most: Bars that are drawn at most.
        said: What was said in the spans, by their ids; ``None`` leaves that and the facts of the spans out.
    """
    shown = spans[:most]
    start = min(span["started_at"] for span in shown)
    whole = max((_end(span, start) for span in shown), default=0.0) or 1.0
    bars = [_bar(span, depth, start, whole, said) for span, depth in _in_order(shown)]
    return Waterfall(trace_id, bars[0].name, _figures(shown, start, whole), bars, len(spans) > most)


def _figures(spans: Sequence[Cells], start: object, whole: float) -> list[str]:
    """What the whole trace comes to. Where two instrumentations saw a call, the inner one's counts."""
    scopes = {(span["parent_id"], span["scope"]) for span in spans if span["kind"] == "call"}
    outer = {parent for parent, _ in scopes}
    calls = [
        span
        for span in spans
        if span["kind"] == "call"
        and not (span["span_id"] in outer and any(p == span["span_id"] and s != span["scope"] for p, s in scopes))
    ]
    costs: dict[str, float] = {}
    for span in calls:
        if span["cost"] is not None:
            costs[span["currency"]] = costs.get(span["currency"], 0.0) + span["cost"]
    found = [f"{cell('started_at', start)} UTC", duration(whole)]
    found.append(f"{len(calls):,} {'call' if len(calls) == 1 else 'calls'}")
    found += [f"{cell('cost', cost)} {currency}" for currency, cost in costs.items()]
    return found


def _in_order(spans: Sequence[Cells]) -> list[tuple[Cells, int]]:
    """Each span below the one around it; one whose parent isn't here stands for itself, as does one in a circle."""
    here = {span["span_id"] for span in spans}
    inside: dict[str | None, list[Cells]] = {}
    for span in spans:
        inside.setdefault(span["parent_id"] if span["parent_id"] in here else None, []).append(span)
    found: list[tuple[Cells, int]] = []
    seen: set[str] = set()
    for first in (*inside.get(None, ()), *spans):
        waiting = [(first, 0)]
        while waiting:
            span, depth = waiting.pop()
            if span["span_id"] in seen:
                continue
            seen.add(span["span_id"])
            found.append((span, depth))
            waiting += [(each, depth + 1) for each in reversed(inside.get(span["span_id"], ()))]
    return found


def _end(span: Cells, start: object) -> float:
    return _after(span, start) + (span["duration_ms"] or 0.0)


def _after(span: Cells, start: object) -> float:
    """Milliseconds after the beginning of the trace."""
    return (span["started_at"] - start) / timedelta(milliseconds=1)


def _bar(span: Cells, depth: int, start: object, whole: float, said: Mapping[str, Said] | None) -> Bar:
    begin = _after(span, start)
    left = min(100 * begin / whole, 100 - _NARROWEST)
    right = min(max(100 * _end(span, start) / whole, left + _NARROWEST), 100.0)
    first = min(max(100 * (begin + (span["first_chunk_ms"] or 0.0)) / whole, left), right)
    tokens = (span["input_tokens"], span["output_tokens"])
    what = span["model"] or span["tool"] or span["data_source"] or ""
    return Bar(
        span["name"],
        span["kind"] or "",
        "" if what in span["name"] else what,
        (span["error"] or "error") if span["failed"] else "",
        min(depth, _DEEPEST),
        round(left, 3),
        round(first, 3),
        round(right, 3),
        cell("duration_ms", span["duration_ms"]),
        "" if tokens == (None, None) else " → ".join(cell("tokens", each) for each in tokens),
        "" if span["cost"] is None else cell("cost", span["cost"]),
        [] if said is None else _facts(span),
        () if said is None else said.get(span["span_id"], ()),
    )


def _facts(span: Cells) -> list[tuple[str, str, str]]:
    return [
        (heading(column.name), cell(column.name, span[column.name]), column.meaning.replace("`", ""))
        for column in SPANS
        if column.name not in _PLACES and span.get(column.name) is not None
    ]
