"""What a summary of a piece of code shows: the tree of its spans, and sums that were made while it ran."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

from opentelemetry.sdk.trace import ReadableSpan

from ..trace_words import counted
from .columns import Tone
from .figures import milliseconds, money
from .html import page_of, sums_line
from .layout import Style, draw_tree, sum_lines
from .reading import read_span
from .streams import style_for
from .traces import Mark, Piece


class Sums(NamedTuple):
    """What happened, recorded or not."""

    spans: int
    inference_calls: int
    tool_calls: int
    input_tokens: int
    output_tokens: int
    costs: Mapping[str, float]
    """By currency."""
    unpriced_calls: int
    errors: int
    models: Mapping[str, int]
    """Calls of each."""
    nanoseconds: int

    def parts(self) -> list[tuple[str, Tone]]:
        """In words, one by one."""
        parts = [
            (f"{milliseconds(self.nanoseconds)} ms", Tone.PLAIN),
            (counted(self.spans, "span"), Tone.PLAIN),
            (counted(self.inference_calls, "inference call"), Tone.PLAIN),
            (counted(self.tool_calls, "tool call"), Tone.PLAIN),
            (f"{self.input_tokens:,} tokens in", Tone.PLAIN),
            (f"{self.output_tokens:,} out", Tone.PLAIN),
        ]
        parts.extend((money(self.costs[code], code), Tone.PRICE) for code in sorted(self.costs))
        if not self.costs:
            parts.append(("no cost", Tone.PLAIN))
        if self.unpriced_calls:
            parts.append((f"{counted(self.unpriced_calls, 'call')} without a price", Tone.WARNING))
        parts.append((counted(self.errors, "error"), Tone.ERROR if self.errors else Tone.PLAIN))
        parts.extend((f"{model} x{count}", Tone.PLAIN) for model, count in sorted(self.models.items()))
        return parts


def as_text(spans: Iterable[object], sums: Sums) -> str:
    """For ``print``: as wide as the terminal, in characters that it can show, without colour."""
    out = cast("object", sys.stdout)  # a window of pythonw has none
    style = Style() if out is None else style_for(sys.stdout, color=False)
    piece = _piece_of(spans)
    return ("" if piece is None else draw_tree(piece, style)) + sum_lines(sums.parts(), style).rstrip("\n")


def as_html(spans: Iterable[object], sums: Sums) -> str:
    """For a notebook."""
    piece = _piece_of(spans)
    return sums_line(sums.parts()) if piece is None else page_of(piece, Style(), sums.parts())


def _piece_of(spans: Iterable[object]) -> Piece | None:
    """Those that an SDK recorded; others have nothing to show."""
    records = [record for span in spans if isinstance(span, ReadableSpan) and (record := read_span(span))]
    if not records:
        return None
    traces = {record.trace_id for record in records}
    title = "" if len(traces) == 1 else f"{len(traces)} traces"
    begin = min(record.start_ns for record in records)
    end = max(record.end_ns for record in records)
    return Piece(records[0].trace_id, records, Mark.WHOLE, begin, end, title=title)
