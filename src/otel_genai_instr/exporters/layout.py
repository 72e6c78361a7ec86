"""A piece of a trace as lines of text: names at the left, bars, then columns of numbers. Pure: no stream, no SDK."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .cells import cell_width, clean, clip
from .columns import COLUMNS, Column, Tone
from .totals import totals_of
from .traces import Piece
from .tree import Branches, Row, arrange
from .wording import note_of, title_of, total_parts

_NARROWEST: Final = 20
_NAME: Final = 15
"""Cells of the narrowest column of names."""
_BAR: Final = range(10, 41)
_SHORTEST_BAR: Final = 6
"""Where there is no room for more."""

_BOLD, _DIM, _RED, _CYAN = "1", "2", "31", "36"
_CODES: Final[Mapping[Tone, tuple[str, ...]]] = {
    Tone.PLAIN: (),
    Tone.DIM: (_DIM,),
    Tone.PRICE: ("32",),
    Tone.WARNING: ("33",),
    Tone.ERROR: (_RED,),
}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters of the drawing."""

    branches: Branches
    bar: str
    """Three by three half cells: left empty, waiting, working; within each the same for the right half."""
    ellipsis: str
    separator: str
    times: str

    @property
    def characters(self) -> str:
        """All of them, to ask an encoding whether it can carry them."""
        drawn = self.branches
        return drawn.child + drawn.last_child + drawn.passing + self.bar + self.ellipsis + self.separator + self.times


UNICODE: Final = Glyphs(Branches("├─ ", "└─ ", "│  ", "   "), " ╶╺╴─╼╸╾━", "…", " · ", "×")
ASCII: Final = Glyphs(Branches("|- ", "`- ", "|  ", "   "), " -=--====", "~", ", ", "x")


@dataclass(frozen=True, slots=True)
class Style:
    """How to draw."""

    width: int = 100
    """Cells of a line, at least 20."""
    color: bool = False
    glyphs: Glyphs = UNICODE
    encoding: str | None = None
    """What foreign text must fit in; ``None`` for anything."""
    http_messages: bool = False
    """Whether messages of an ASGI server have rows of their own."""

    def paint(self, text: str, *codes: str) -> str:
        """``text`` in colour where colour is on."""
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self.color and codes and text.strip() else text


_KEPT: Final = ("ms", "cost", "bar", "in", "out", "first", "%", "cached", "reason", "written")
"""Where the line is too narrow for all columns, the first of these stay."""


def render(piece: Piece, style: Style) -> str:
    """The whole piece, with a last newline. No line is wider than ``style.width``."""
    return draw_tree(piece, style) + sum_lines(total_parts(piece, totals_of(piece.spans)), style)


def draw_tree(piece: Piece, style: Style) -> str:
    """The same without the sums."""
    width = max(style.width, _NARROWEST)
    deepest = max(width // 4, 9)
    rows = arrange(piece.spans, style.glyphs.branches, deepest, style.glyphs.ellipsis, folds=not style.http_messages)
    labels = [_Label.of(row, style) for row in rows]
    grid = _Grid.fitting(piece, rows, labels, width, style)
    title = style.glyphs.separator.join(clean(part, style.encoding) for part in title_of(piece))
    lines = [style.paint(clip(title, width, style.glyphs.ellipsis), _DIM), *grid.headings()]
    lines.extend(grid.line(number, label) for number, label in enumerate(labels))
    return "".join(line.rstrip() + "\n" for line in lines)


@dataclass(slots=True)
class _Label:
    prefix: str
    name: str
    error: str
    detail: str

    @classmethod
    def of(cls, row: Row, style: Style) -> _Label:
        texts = (row.span.name, row.span.error or "", note_of(row, style.glyphs.times))
        return cls(row.prefix, *(clean(text, style.encoding) for text in texts))

    @property
    def note(self) -> str:
        return " ".join(filter(None, (self.error, self.detail)))

    @property
    def width(self) -> int:
        return self.name_width + (2 + cell_width(self.note) if self.note else 0)

    @property
    def name_width(self) -> int:
        """Without the note."""
        return cell_width(self.prefix + self.name)

    def draw(self, width: int, style: Style, *name_codes: str) -> str:
        """Exactly ``width`` cells. The note gets what the name leaves; an error up to half of what the tree leaves."""
        free = width - cell_width(self.prefix)
        ellipsis = style.glyphs.ellipsis
        room_for_note = free - cell_width(self.name) - 2
        if self.error:
            room_for_note = max(min(cell_width(self.error), free // 2 - 2), room_for_note)
        note = clip(self.note, room_for_note, ellipsis) if room_for_note >= min(cell_width(self.note), 3) else ""
        used = cell_width(note) + 2 if note else 0
        name = clip(self.name, free - used, ellipsis)
        padding = " " * (free - cell_width(name) - used)
        error, detail = note[: len(self.error)], note[len(self.error) :]
        painted = f"  {style.paint(error, _RED)}{style.paint(detail, _DIM)}" if note else ""
        return style.paint(self.prefix, _DIM) + style.paint(name, *name_codes) + painted + padding


@dataclass(slots=True)
class _Grid:
    """The columns of one piece, with their widths."""

    piece: Piece
    rows: list[Row]
    style: Style
    gap: str
    name_width: int
    bar_width: int
    columns: list[tuple[Column, list[str], int]]
    """Each with its cells and its width."""

    @classmethod
    def fitting(cls, piece: Piece, rows: list[Row], labels: list[_Label], width: int, style: Style) -> _Grid:
        """As many columns as there is room for; names of models come first."""
        gap = "  " if width >= 80 else " "
        cells = {
            column.heading: [clean(cell, style.encoding) for cell in column.cells(rows, piece)] for column in COLUMNS
        }
        widths = {heading: max(map(len, texts)) for heading, texts in cells.items()}
        wanted = max(_NAME, *(label.width for label in labels))
        models = max(
            (label.name_width for row, label in zip(rows, labels, strict=True) if row.span.operation), default=0
        )
        needed = max(_NAME, min(wanted, width * 3 // 10), min(models, width * 6 // 10))
        free = width - needed
        bar = 0
        columns: dict[str, int] = {}
        for heading in _KEPT:
            if heading == "bar":
                bar = next((bar for bar in (_BAR.start, _SHORTEST_BAR) if bar + len(gap) <= free), 0)
                free -= bar + len(gap) if bar else 0
            elif widths[heading] and (cell := max(widths[heading], len(heading))) + len(gap) <= free:
                columns[heading] = cell
                free -= cell + len(gap)
        name = min(needed + free, wanted)
        if bar:
            bar = min(bar + free - (name - needed), _BAR[-1])
        else:
            name = needed + free
        shown = [
            (column, cells[column.heading], columns[column.heading]) for column in COLUMNS if column.heading in columns
        ]
        return cls(piece, rows, style, gap, name, bar, shown)

    def headings(self) -> list[str]:
        """The headings, and below them the units where there are any."""
        room = " " * (self.name_width + (self.bar_width + len(self.gap) if self.bar_width else 0))
        lines = [
            [room, *(heading.rjust(width) for heading, width in words)]
            for words in (
                [(column.heading, width) for column, _, width in self.columns],
                [(column.unit, width) for column, _, width in self.columns],
            )
        ]
        return [self.style.paint(self.gap.join(line).rstrip(), _DIM) for line in lines if "".join(line).strip()]

    def line(self, number: int, label: _Label) -> str:
        """One row."""
        row, style = self.rows[number], self.style
        span = row.span
        accent = (_RED,) if span.error else (_CYAN,) if span.operation else ()
        name_codes = (_RED,) if span.error else (_BOLD,) if span.operation or span.local_root else ()
        cells = [label.draw(self.name_width, style, *name_codes)]
        if self.bar_width:
            cells.append(style.paint(_bar(row, self.piece, self.bar_width, style.glyphs.bar), *(accent or (_DIM,))))
        for column, texts, width in self.columns:
            cells.append(style.paint(texts[number].rjust(width), *_CODES[column.tone_of(span)]))
        return self.gap.join(cells)


def _bar(row: Row, piece: Piece, width: int, glyphs: str) -> str:
    """Where the spans lie in the window, in half cells; thin while one waited for its first chunk."""
    halves = 2 * width
    window = piece.end_ns - piece.start_ns

    def position(moment: int) -> int:
        return round(halves * (moment - piece.start_ns) / window) if window > 0 else 0

    level = [0] * halves
    for span in row.spans:
        begin = min(max(position(span.start_ns), 0), halves - 1)
        end = min(max(position(span.end_ns), begin + 1), halves)
        working = begin
        if span.first_chunk_ns is not None:
            # The last half cell is always thick: something came.
            working = min(max(position(span.start_ns + span.first_chunk_ns), begin), end - 1)
        level[begin:end] = [1] * (working - begin) + [2] * (end - working)
    return "".join(glyphs[3 * level[cell] + level[cell + 1]] for cell in range(0, halves, 2))


def sum_lines(parts: Sequence[tuple[str, Tone]], style: Style) -> str:
    """The sums, broken where a line is full."""
    width = max(style.width, _NARROWEST)
    separator = style.glyphs.separator
    lines: list[str] = []
    line, used = style.paint("total", _BOLD), len("total")
    between = "  "
    for text, tone in parts:
        text = clip(clean(text, style.encoding), width - 7, style.glyphs.ellipsis)
        if used + len(between) + cell_width(text) > width:
            lines.append(line)
            line, used, between = "", 5, "  "
            line = " " * used
        line += style.paint(between, _DIM) + style.paint(text, _BOLD, *_CODES[tone])
        used += len(between) + cell_width(text)
        between = separator
    return "".join(line.rstrip() + "\n" for line in [*lines, line])
