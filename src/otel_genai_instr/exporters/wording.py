"""What a waterfall says in words: its title, the notes beside the names, the sums below."""

from __future__ import annotations

from ..trace_words import counted, one_or_many
from . import figures
from .columns import Tone
from .totals import Totals
from .traces import Mark, Piece
from .tree import Row


def title_of(piece: Piece) -> list[str]:
    """What the piece is, of which services, and for whom."""
    services = dict.fromkeys(span.service for span in piece.spans if span.service)
    known = [service for service in services if not service.startswith("unknown_service")]
    mark = f"{counted(len(piece.spans), 'span')} {piece.mark.value}" if piece.mark is Mark.LATE else piece.mark.value
    whom = [one_or_many("user", [span.user for span in piece.spans])]
    whom.append(one_or_many("session", [span.session for span in piece.spans]))
    return [part for part in (piece.title or f"trace {piece.trace_id:032x}", mark, *known, *whom) if part]


def note_of(row: Row, times: str) -> str:
    """What is said of a row besides its name and its error."""
    many = f"{times}{len(row.spans)}" if len(row.spans) > 1 else ""
    folded = f"(+{row.folded} http receive/send)" if row.folded else ""
    return " ".join(filter(None, (many, row.span.detail, ", ".join(row.span.scores), row.span.prompt, folded)))


def total_parts(piece: Piece, totals: Totals) -> list[tuple[str, Tone]]:
    """The sums, one by one."""
    parts = [
        (f"{figures.milliseconds(piece.end_ns - piece.start_ns)} ms", Tone.PLAIN),
        (counted(totals.spans, "span"), Tone.PLAIN),
    ]
    if piece.omitted:
        parts.append((f"{counted(piece.omitted, 'more span')} omitted", Tone.WARNING))
    if totals.calls:
        parts.append((counted(totals.calls, "call"), Tone.PLAIN))
    if totals.input_tokens or totals.output_tokens:
        inside = {"cached": totals.cache_read_tokens, "written": totals.cache_write_tokens}
        parts.append((f"{totals.input_tokens:,} tokens in{_inside(inside)}", Tone.PLAIN))
        parts.append((f"{totals.output_tokens:,} out{_inside({'reasoning': totals.reasoning_tokens})}", Tone.PLAIN))
    parts.extend((figures.money(totals.cost[code], code[:8]), Tone.PRICE) for code in sorted(totals.cost))
    if totals.unpriced:
        parts.append((f"{totals.unpriced} unpriced", Tone.WARNING))
    if totals.errors:
        parts.append((counted(totals.errors, "error"), Tone.ERROR))
    return parts


def _inside(parts: dict[str, int]) -> str:
    said = ", ".join(f"{count:,} {name}" for name, count in parts.items() if count)
    return f" ({said})" if said else ""
