"""A piece of a trace as lines of text: names at the left, bars, then columns of numbers. Pure: no stream, no SDK."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..exporters import figures
from .cells import cell_width, clean, clip
from .totals import Totals, totals_of
from .traces import Mark, Piece, SpanRecord
from .tree import Branches, Row, arrange

_NARROWEST: Final = 20
_NAME: Final = 15
"""Cells of the narrowest column of names."""
_BAR: Final = range(8, 41)

_BOLD, _DIM, _RED, _GREEN, _YELLOW, _CYAN = "1", "2", "31", "32", "33", "36"


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

    def paint(self, text: str, *codes: str) -> str:
        """``text`` in colour where colour is on."""
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self.color and codes and text.strip() else text


@dataclass(frozen=True, slots=True)
class _Column:
    heading: str
    cell: Callable[[Row, Piece], str]
    color: str | None = None


_COLUMNS: Final = (
    _Column("ms", lambda row, _: figures.milliseconds(row.duration_ns)),
    _Column("%", lambda row, piece: figures.share(row.duration_ns, piece.end_ns - piece.start_ns), _DIM),
    _Column("in", lambda row, _: figures.short_count(row.span.input_tokens)),
    _Column("cached", lambda row, _: figures.short_count(row.span.cache_read_tokens or None), _DIM),
    _Column("written", lambda row, _: figures.short_count(row.span.cache_write_tokens or None), _DIM),
    _Column("out", lambda row, _: figures.short_count(row.span.output_tokens)),
    _Column("reason", lambda row, _: figures.short_count(row.span.reasoning_tokens or None), _DIM),
    _Column("first", lambda row, _: "" if (first := row.span.first_chunk_ns) is None else figures.milliseconds(first)),
    _Column("cost", lambda row, _: _price(row.span), _GREEN),
)
_GIVEN_UP: Final = ("written", "reason", "cached", "%", "first", "out", "in", "bar", "cost", "ms")
"""Where the line is too narrow for all columns, the first of these goes first."""


def render(piece: Piece, style: Style) -> str:
    """The whole piece, with a last newline. No line is wider than ``style.width``."""
    width = max(style.width, _NARROWEST)
    deepest = max(width // 4, 9)
    rows = arrange(piece.spans, style.glyphs.branches, deepest, style.glyphs.ellipsis)
    labels = [_Label.of(row, style) for row in rows]
    grid = _Grid.fitting(piece, rows, labels, width, style)
    lines = grid.title(_title(piece, style), width)
    lines.extend(grid.line(row, label) for row, label in zip(rows, labels, strict=True))
    lines.extend(_total_lines(piece, totals_of(piece.spans), width, style))
    return "".join(line.rstrip() + "\n" for line in lines)


@dataclass(slots=True)
class _Label:
    prefix: str
    name: str
    error: str
    detail: str

    @classmethod
    def of(cls, row: Row, style: Style) -> _Label:
        span, many = row.span, len(row.spans)
        name, error, detail = (clean(text, style.encoding) for text in (span.name, span.error or "", span.detail))
        if many > 1:
            detail = f"{style.glyphs.times}{many} {detail}".rstrip()
        return cls(row.prefix, name, error, detail)

    @property
    def note(self) -> str:
        return " ".join(filter(None, (self.error, self.detail)))

    @property
    def width(self) -> int:
        return cell_width(self.prefix + self.name) + (2 + cell_width(self.note) if self.note else 0)

    def draw(self, width: int, style: Style, *name_codes: str) -> str:
        """Exactly ``width`` cells. When it is tight, the note gets at most half of what the tree leaves."""
        free = width - cell_width(self.prefix)
        ellipsis = style.glyphs.ellipsis
        room_for_note = free - cell_width(self.name) - 2
        if self.width > width:
            room_for_note = max(free // 2 - 2, room_for_note)
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
    style: Style
    gap: str
    name_width: int
    bar_width: int
    columns: list[tuple[_Column, int]]

    @classmethod
    def fitting(cls, piece: Piece, rows: list[Row], labels: list[_Label], width: int, style: Style) -> _Grid:
        gap = "  " if width >= 80 else " "
        widths: dict[str, int] = {"bar": _BAR.start}
        for column in _COLUMNS:
            longest = max(len(clean(column.cell(row, piece), style.encoding)) for row in rows)
            if longest:
                widths[column.heading] = max(longest, len(column.heading))
        needed = max(min(width * 3 // 10, max(label.width for label in labels)), _NAME)
        for heading in _GIVEN_UP:
            if width - sum(widths.values()) - len(gap) * len(widths) >= needed:
                break
            widths.pop(heading, None)
        columns = [(column, widths[column.heading]) for column in _COLUMNS if column.heading in widths]
        free = width - sum(cells + len(gap) for _, cells in columns)
        if "bar" not in widths:
            return cls(piece, style, gap, free, 0, columns)
        wanted = max(max(label.width for label in labels), _NAME)
        bar = min(max(free - len(gap) - wanted, _BAR.start + 2), _BAR[-1])
        bar = min(bar, free - len(gap) - _NAME)
        return cls(piece, style, gap, min(free - len(gap) - bar, wanted), bar, columns)

    def title(self, text: str, width: int) -> list[str]:
        """What the piece is, and the headings where its columns are: one line where both fit, else two."""
        room = self.name_width + (self.bar_width + len(self.gap) if self.bar_width else 0)
        painted = self.style.paint(clip(text, width, self.style.glyphs.ellipsis), _DIM)
        headings = [self.style.paint(column.heading.rjust(cells), _DIM) for column, cells in self.columns]
        if cell_width(text) <= room:
            return [self.gap.join([painted + " " * (room - cell_width(text)), *headings])]
        return [painted, self.gap.join([" " * room, *headings])]

    def line(self, row: Row, label: _Label) -> str:
        """One row."""
        span, style = row.span, self.style
        accent = (_RED,) if span.error else (_CYAN,) if span.operation else ()
        name_codes = (_RED,) if span.error else (_BOLD,) if span.operation or span.local_root else ()
        cells = [label.draw(self.name_width, style, *name_codes)]
        if self.bar_width:
            cells.append(style.paint(_bar(row, self.piece, self.bar_width, style.glyphs.bar), *(accent or (_DIM,))))
        for column, width in self.columns:
            text = clean(column.cell(row, self.piece), style.encoding).rjust(width)
            color = _YELLOW if column.heading == "cost" and span.cost is None else column.color
            cells.append(style.paint(text, color) if color else text)
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


def _price(span: SpanRecord) -> str:
    if span.cost is not None:
        return figures.money(span.cost, span.currency[:8])
    return (span.unpriced_reason or "").replace("_", " ")[:16]


def _title(piece: Piece, style: Style) -> str:
    services = dict.fromkeys(span.service for span in piece.spans if span.service)
    known = [clean(service, style.encoding) for service in services if not service.startswith("unknown_service")]
    mark = f"{_counted(len(piece.spans), 'span')} {piece.mark.value}" if piece.mark is Mark.LATE else piece.mark.value
    return style.glyphs.separator.join(filter(None, [f"trace {piece.trace_id:032x}", mark, *known]))


def _total_lines(piece: Piece, totals: Totals, width: int, style: Style) -> list[str]:
    """The sums, broken where a line is full."""
    separator = style.glyphs.separator
    lines: list[str] = []
    line, used = style.paint("total", _BOLD), len("total")
    between = "  "
    for text, codes in _total_parts(piece, totals):
        text = clip(clean(text, style.encoding), width - 7, style.glyphs.ellipsis)
        if used + len(between) + cell_width(text) > width:
            lines.append(line)
            line, used, between = "", 5, "  "
            line = " " * used
        line += style.paint(between, _DIM) + style.paint(text, *codes)
        used += len(between) + cell_width(text)
        between = separator
    return [*lines, line]


def _total_parts(piece: Piece, totals: Totals) -> list[tuple[str, tuple[str, ...]]]:
    parts: list[tuple[str, tuple[str, ...]]] = [
        (f"{figures.milliseconds(piece.end_ns - piece.start_ns)} ms", (_BOLD,)),
        (_counted(totals.spans, "span"), (_BOLD,)),
    ]
    if piece.omitted:
        parts.append((f"{_counted(piece.omitted, 'more span')} omitted", (_YELLOW,)))
    if totals.calls:
        parts.append((_counted(totals.calls, "call"), (_BOLD,)))
    if totals.input_tokens or totals.output_tokens:
        inside = {"cached": totals.cache_read_tokens, "written": totals.cache_write_tokens}
        parts.append((f"{totals.input_tokens:,} in{_inside(inside)}", (_BOLD,)))
        parts.append((f"{totals.output_tokens:,} out{_inside({'reasoning': totals.reasoning_tokens})}", (_BOLD,)))
    parts.extend((figures.money(totals.cost[code], code[:8]), (_BOLD, _GREEN)) for code in sorted(totals.cost))
    if totals.unpriced:
        parts.append((f"{totals.unpriced} unpriced", (_BOLD, _YELLOW)))
    if totals.errors:
        parts.append((_counted(totals.errors, "error"), (_BOLD, _RED)))
    return parts


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _inside(parts: dict[str, int]) -> str:
    said = ", ".join(f"{count:,} {name}" for name, count in parts.items() if count)
    return f" ({said})" if said else ""
