"""How people are shown a report: which columns, in which order, and each cell as text. The same in every format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from .figures import FIGURES, Kind

if TYPE_CHECKING:  # what loads the engine, while a command line needs the words only
    from .report import Report

NOTHING: Final = "-"
_NARROW: Final = (Kind.TEXT, Kind.MOMENT, Kind.DAY)
"""Kinds that are set flush left."""
_COMPARED: Final = ("before", "now", "old", "new", "value")
"""Columns of rows that compare a figure, which another column names."""
_FIGURES_OF_REPORTS: Final = (
    *("calls", "cost", "cost_per_call", "error_rate", "p95_ms", "mean_ms", "mean_input_tokens", "mean_output_tokens"),
    *("lowest_health", "feedback_score"),
)
"""Figures that reports compare. An evaluation, which may have any name, is on a scale of its own."""


def headline(report: Report) -> str:
    """Which report it is, and of which time."""
    start, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in (report.window.start, report.window.end))
    return f"{report.name}, {start} to {end} UTC"


def heading(name: str) -> str:
    """The name of a column."""
    return name.replace("_", " ")


def shown_columns(report: Report) -> tuple[str, ...]:
    """The keys, then the figures that any row has."""
    shown = [name for name in report.columns if any(row.get(name) is not None for row in (*report.rows, report.total))]
    return (*report.keys, *shown)


def texts_first(columns: Sequence[str], keys: int) -> tuple[list[str], list[str]]:
    """Columns of text and of numbers; the order is kept in each. The first ``keys`` columns are text."""
    texts = [name for place, name in enumerate(columns) if is_text(name) or place < keys]
    return texts, [name for name in columns if name not in texts]


def kind_of(name: str) -> Kind:
    """How a column is written."""
    figure = FIGURES.get(name)
    return Kind.TEXT if figure is None else figure.kind


def is_text(name: str) -> bool:
    """Whether a column is set flush left."""
    return kind_of(name) in _NARROW


def cell(name: str, value: Any) -> str:
    """A cell of the column as text. It may be anybody's: whoever shows it makes it harmless."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        if name in ("day", "week"):
            return f"{value:%Y-%m-%d}"
        return f"{value:%Y-%m}" if name == "month" else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date | str):
        return str(value)
    if not isinstance(value, int | float):
        return str(value)  # a sample that is too small says so
    match kind_of(name):
        case Kind.MONEY:
            return _money(value)
        case Kind.SHARE:
            return _without_sign(f"{value:,.1%}")
        case Kind.MILLISECONDS:
            return f"{value:,.0f}"
        case Kind.SCORE:
            return f"{value:,}" if isinstance(value, int) else _score(value)
        case Kind.PROBABILITY:
            return "<0.0001" if value < 0.0001 else f"{value:.4f}"
        case Kind.NUMBER:
            return f"{value:,.1f}"
        case _:
            return f"{value:,}"


def cell_of(row: Mapping[str, Any], name: str) -> str:
    """A cell of a row. A row that compares one figure has it in its cells, written as that figure is everywhere."""
    value, figure = row.get(name), row.get("figure")
    known = FIGURES if "rule" in row else _FIGURES_OF_REPORTS
    if not isinstance(figure, str) or figure not in known:
        return cell(name, value)
    if name == "figure":
        return heading(figure)
    return cell(figure if name in _COMPARED else name, value)


def duration(milliseconds: float | None) -> str:
    """A duration by itself, with its unit."""
    if milliseconds is None:
        return NOTHING
    for most, divisor, unit in ((1000, 1, "ms"), (120_000, 1000, "s")):
        if milliseconds < most:
            return f"{milliseconds / divisor:,.{0 if divisor == 1 else 1}f} {unit}"
    return f"{milliseconds / 60_000:,.1f} min"


def _score(value: float) -> str:
    """A figure of any size, to four digits."""
    text = f"{value:,.4f}" if abs(value) < 100 else f"{value:,.1f}"
    return "<0.0001" if value and text in ("0.0000", "-0.0000") else text


def _money(amount: float) -> str:
    """An amount as exact as it is interesting: cents where there are dollars."""
    return f"{amount:,.2f}" if abs(amount) >= 100 else _without_sign(f"{amount:,.4f}")


def _without_sign(text: str) -> str:
    """Nothing is neither more nor less than nothing."""
    return text if text.strip("-0.%") else text.lstrip("-")
