"""The columns of figures beside the bars: what stands in them, in which unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from . import figures
from .traces import Piece, SpanRecord
from .tree import Row


class Tone(Enum):
    """How a text is meant; a terminal and a page have their own colours for it."""

    PLAIN = "plain"
    DIM = "dim"
    PRICE = "price"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Column:
    """Figures of one kind."""

    heading: str
    unit: str
    """What a number in it counts; nothing where the cells say it themselves."""
    cell: Callable[[Row, Piece], str]
    tone: Tone = Tone.PLAIN

    def tone_of(self, span: SpanRecord) -> Tone:
        """What stands in place of a price is a warning."""
        return Tone.WARNING if self.tone is Tone.PRICE and span.cost is None else self.tone

    def cells(self, rows: Sequence[Row], piece: Piece) -> list[str]:
        """One for each row; amounts of money stand point below point."""
        texts = [self.cell(row, piece) for row in rows]
        if self.tone is not Tone.PRICE:
            return texts
        tails = [
            len(text) - _point(text) if row.span.cost is not None else 0 for row, text in zip(rows, texts, strict=True)
        ]
        longest = max(tails, default=0)
        return [
            text + " " * (longest - tail) if row.span.cost is not None else text
            for row, text, tail in zip(rows, texts, tails, strict=True)
        ]


def _point(text: str) -> int:
    """Where the fraction begins, or would."""
    at = text.find(".")
    return len(text) if at < 0 else at


def _price(span: SpanRecord) -> str:
    if span.cost is not None:
        return figures.money(span.cost, span.currency[:8])
    return (span.unpriced_reason or "").replace("_", " ")[:16]


COLUMNS: Final = (
    Column("ms", "", lambda row, _: figures.milliseconds(row.duration_ns)),
    Column("%", "", lambda row, piece: figures.share(row.duration_ns, piece.end_ns - piece.start_ns), Tone.DIM),
    Column("in", "tok", lambda row, _: figures.short_count(row.span.input_tokens)),
    Column("cached", "tok", lambda row, _: figures.short_count(row.span.cache_read_tokens or None), Tone.DIM),
    Column("written", "tok", lambda row, _: figures.short_count(row.span.cache_write_tokens or None), Tone.DIM),
    Column("out", "tok", lambda row, _: figures.short_count(row.span.output_tokens)),
    Column("reason", "tok", lambda row, _: figures.short_count(row.span.reasoning_tokens or None), Tone.DIM),
    Column(
        "first", "ms", lambda row, _: "" if (first := row.span.first_chunk_ns) is None else figures.milliseconds(first)
    ),
    Column("cost", "", lambda row, _: _price(row.span), Tone.PRICE),
)
