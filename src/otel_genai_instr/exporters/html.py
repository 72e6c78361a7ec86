"""A piece of a trace as HTML that stands alone: inline styles, no script, readable on light and dark pages. Pure.

Rules of this file
- Nothing of a span is markup: every text passes :func:`_safe`.
- Text has the page's own colour, paler where it is secondary. Colours are in the middle between black and white.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from ..drawn_trace import extent
from .cells import clean
from .columns import COLUMNS, Tone
from .layout import UNICODE, Style
from .totals import totals_of
from .traces import Piece
from .tree import Row, arrange
from .wording import note_of, title_of, total_parts

_DEEPEST: Final = 60
"""Characters that the tree takes at most."""

_GREY, _BLUE, _RED = "#888888", "#1a8fb4", "#d9403a"
_CSS: Final[Mapping[Tone, str]] = {
    Tone.PLAIN: "",
    Tone.DIM: "opacity:.65;",
    Tone.PRICE: "color:#2f9e58;",
    Tone.WARNING: "color:#b98100;",
    Tone.ERROR: f"color:{_RED};",
}
# Notebooks have styles of their own for tables: everything that matters is said again.
_FRAME: Final = "overflow-x:auto;margin:.5em 0;font:12px/1.5 ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
_SUMS: Final = "margin-top:.3em;font:12px/1.5 ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
_TABLE: Final = "border-collapse:collapse;border:0;margin:0;width:auto;table-layout:auto;font:inherit;color:inherit;"
_ROW: Final = "background:transparent;border:0;"
_CELL: Final = (
    "border:0;padding:0 0 0 1.2em;background-color:transparent;font:inherit;white-space:pre;vertical-align:middle;"
)
_FIGURE: Final = f"{_CELL}text-align:right;"
_NAME: Final = f"{_CELL}padding-left:0;text-align:left;max-width:60em;overflow:hidden;text-overflow:ellipsis;"
_WINDOW: Final = f"{_CELL}min-width:16em;width:26em;text-align:left;"


Sums = Sequence[tuple[str, Tone]]


def page_of(piece: Piece, style: Style, sums: Sums | None = None) -> str:
    """The whole piece in one ``div``; ``sums`` stand in place of those of its spans."""
    rows = arrange(piece.spans, UNICODE.branches, _DEEPEST, UNICODE.ellipsis, folds=not style.http_messages)
    texts = [column.cells(rows, piece) for column in COLUMNS]
    shown = [number for number, cells in enumerate(texts) if any(cells)]
    headings = "".join(_heading(COLUMNS[number].heading, COLUMNS[number].unit) for number in shown)
    lines: list[str] = []
    for at, row in enumerate(rows):
        figures = (
            f'<td style="{_FIGURE}{_CSS[COLUMNS[number].tone_of(row.span)]}">{_safe(texts[number][at])}</td>'
            for number in shown
        )
        lines.append(f'<tr style="{_ROW}">{_name(row)}{_bar(row, piece)}{"".join(figures)}</tr>')
    title = UNICODE.separator.join(map(_safe, title_of(piece)))
    return (
        f'<div style="{_FRAME}"><div style="opacity:.65;">{title}</div><table style="{_TABLE}"><thead>'
        f'<tr style="{_ROW}"><th style="{_NAME}"></th><th style="{_WINDOW}"></th>{headings}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table>"
        f"{sums_line(total_parts(piece, totals_of(piece.spans)) if sums is None else sums)}</div>"
    )


def sums_line(sums: Sums) -> str:
    """The last line of a piece, or all that there is."""
    said = UNICODE.separator.join(f'<span style="{_CSS[tone]}">{_safe(text)}</span>' for text, tone in sums)
    return f'<div style="{_SUMS}"><b>total</b>&ensp;{said}</div>'


def line_of(parts: Sequence[str]) -> str:
    """What stands alone."""
    return f'<div style="{_SUMS}">{UNICODE.separator.join(map(_safe, parts))}</div>'


def _heading(heading: str, unit: str) -> str:
    said = f"{heading} {unit}" if unit else heading
    return f'<th style="{_FIGURE}font-weight:normal;opacity:.65;">{_safe(said)}</th>'


def _name(row: Row) -> str:
    span = row.span
    weight = "font-weight:bold;" if span.operation or span.local_root else ""
    color = _CSS[Tone.ERROR] if span.error else ""
    error = f'&ensp;<span style="{_CSS[Tone.ERROR]}">{_safe(span.error)}</span>' if span.error else ""
    note = note_of(row, UNICODE.times)
    said = f'&ensp;<span style="{_CSS[Tone.DIM]}">{_safe(note)}</span>' if note else ""
    return (
        f'<td style="{_NAME}" title="{_safe(span.name)}"><span style="opacity:.5;">{_safe(row.prefix)}</span>'
        f'<span style="{weight}{color}">{_safe(span.name)}</span>{error}{said}</td>'
    )


def _bar(row: Row, piece: Piece) -> str:
    """One gradient: a cell that needs no element of its own inside, so no style of the page can push it about."""
    span = row.span
    color = _RED if span.error else _BLUE if span.operation else _GREY
    pale = f"{color}66"
    stops: list[str] = ["transparent 0"]
    for each in sorted(row.spans, key=lambda each: each.start_ns):
        begin, working, end = extent(each, each.first_chunk_ns, piece.start_ns, piece.end_ns)
        for paint, left, right in (("transparent", None, begin), (pale, begin, working), (color, working, end)):
            stops += [] if left is None else [f"{paint} {left:.2f}%"]
            stops.append(f"{paint} {right:.2f}%")
        stops.append(f"transparent {end:.2f}%")
    drawn = f"linear-gradient(to right,{','.join(stops)})"
    return (
        f'<td style="{_WINDOW}"><div style="height:.8em;background-image:{drawn};'
        'background-repeat:no-repeat;"></div></td>'
    )


def _safe(text: str) -> str:
    """Foreign text that is neither markup nor anything that changes how the rest of the line looks."""
    return escape(clean(text))
