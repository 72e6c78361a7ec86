"""SVG from plain data: lines, stacks, heat maps, numbers; in the colours of a dashboard at night."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

Points = Sequence[tuple[float, float]]
"""Seconds since 1970 and value, in order."""

BACKGROUND, PANEL, BORDER, TEXT, FAINT, GRID = "#111217", "#181b1f", "#2c2f36", "#d5d6de", "#8e9097", "#2a2d33"
PALETTE: Final = ("#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#b877d9", "#8ab8ff", "#fa6400", "#56a64b", "#e0b400")
COLOURS: Final = {"green": "#2f7d45", "yellow": "#b58a0b", "red": "#b3273a"}
FONT: Final = 'font-family="Inter, Helvetica, Arial, sans-serif"'
_CHARACTER: Final = 6.2
"""Width of one, on average, at size 11."""
_LONG: Final = 900.0


@dataclass(frozen=True)
class Box:
    """Where something is drawn."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height


@dataclass(frozen=True)
class Line:
    """A line of a chart."""

    name: str
    points: Points


@dataclass(frozen=True)
class Axes:
    """Of a chart: what is how far up, and how far right."""

    box: Box
    start: float
    end: float
    most: float

    def x(self, at: float) -> float:
        """Of a moment."""
        return self.box.x + (at - self.start) / ((self.end - self.start) or 1) * self.box.width

    def y(self, value: float) -> float:
        """Of a value."""
        return self.box.bottom - min(value / self.most, 1.0) * self.box.height


def text(x: float, y: float, words: str, size: float = 11, colour: str = TEXT, more: str = "") -> str:
    """Words, beginning at a place."""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" {FONT} {more}>{escape(words)}</text>'


def rectangle(box: Box, fill: str, more: str = "") -> str:
    """A filled box."""
    size = f'width="{box.width:.1f}" height="{box.height:.1f}"'
    return f'<rect x="{box.x:.1f}" y="{box.y:.1f}" {size} fill="{fill}" {more}/>'


def shortened(words: str, width: float, size: float = 11) -> str:
    """Words that fit into so many pixels."""
    fits = int(width / (_CHARACTER * size / 11))
    return words if len(words) <= fits else f"{words[: fits - 1]}…"


def wrapped(words: str, width: float, size: float = 11) -> Iterator[str]:
    """The same words in several lines."""
    fits, line = int(width / (_CHARACTER * size / 11)), ""
    for word in words.split():
        if line and len(line) + len(word) + 1 > fits:
            yield line
            line = ""
        line = f"{line} {word}".strip()
    yield line


def amount(value: float, unit: str, decimals: int | None = None) -> str:
    """A value with its unit, as Grafana writes it."""
    match unit:
        case "percentunit":
            return f"{value * 100:.{1 if decimals is None else decimals}f} %"
        case "s":
            return f"{value * 1000:.0f} ms" if 0 < value < 1 else f"{value:.3g} s"
        case "bytes":
            return f"{value / 2**20:.0f} MiB"
        case _:
            suffix = {"cpm": " /min", "cps": " /s", "reqps": " /s"}.get(unit, "")
            return f"{_short(value, decimals)}{suffix}"


def _short(value: float, decimals: int | None) -> str:
    if value >= 1000:
        return f"{value / 1000:.3g} K"
    if decimals is not None:
        return f"{value:.{decimals}f}"
    return f"{value:.3g}"


def chart(
    box: Box,
    drawn: Sequence[Line],
    unit: str,
    span: tuple[float, float],
    *,
    stacked: bool = False,
    thresholds: Sequence[tuple[float, str]] = (),
    most: float | None = None,
    dots: Points = (),
) -> str:
    """Lines over a span of time, with axes and legend; ``dots`` are exemplars."""
    lines = _stacked(drawn) if stacked else list(drawn)
    every = [point for line in lines for point in line.points]
    if not every:
        return text(box.x + 8, box.y + 30, "no data", colour=FAINT)
    highest = max(value for _, value in every)
    axes = Axes(
        Box(box.x + 52, box.y + 6, box.width - 62, box.height - 46),
        *span,
        most or _round_up(highest * 1.05),
    )
    parts = [*_grid(axes, unit)]
    for value, colour in thresholds:
        if value <= axes.most:
            y = axes.y(value)
            dashes = f'stroke="{COLOURS[colour]}" stroke-dasharray="6 4"'
            parts.append(f'<line x1="{axes.box.x}" x2="{axes.box.right:.1f}" y1="{y:.1f}" y2="{y:.1f}" {dashes}/>')
    below: Points = ()
    for number, line in enumerate(lines):
        colour = PALETTE[number % len(PALETTE)]
        path = _path(axes, line.points)
        if stacked:
            floor = below or [(at, 0.0) for at, _ in line.points]
            back = "L".join(f"{axes.x(at):.1f},{axes.y(value):.1f}" for at, value in reversed(floor))
            parts.append(f'<path d="{path}L{back}Z" fill="{colour}" fill-opacity="0.35"/>')
            below = line.points
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6" stroke-linejoin="round"/>')
    for at, value in dots:
        if axes.start <= at <= axes.end and value <= axes.most:
            place = f"{axes.x(at):.1f} {axes.y(value):.1f}"
            x, y = place.split()
            parts.append(f'<rect x="{x}" y="{y}" width="4" height="4" fill="#5794f2" transform="rotate(45 {place})"/>')
    return "".join([*parts, *_legend(box, [line.name for line in drawn])])


def heat_map(box: Box, rows: Sequence[tuple[str, Points]], span: tuple[float, float], step: float) -> str:
    """Rows from the lowest to the highest, each a count over time."""
    highest = max((value for _, points in rows for _, value in points), default=0.0)
    if highest <= 0:
        return text(box.x + 8, box.y + 30, "no data", colour=FAINT)
    axes = Axes(Box(box.x + 52, box.y + 6, box.width - 62, box.height - 30), *span, 1.0)
    tall, wide = axes.box.height / len(rows), axes.x(axes.start + step) - axes.box.x
    parts: list[str] = [*_times(axes)]
    for number, (name, points) in enumerate(rows):
        y = axes.box.bottom - (number + 1) * tall
        if number % max(1, len(rows) // 8) == 0:
            parts.append(text(axes.box.x - 6, y + tall / 2 + 4, name, 10, FAINT, 'text-anchor="end"'))
        for at, value in points:
            if value > 0 and at - step >= axes.start:
                shade = 0.12 + 0.88 * math.sqrt(value / highest)
                cell = Box(axes.x(at - step), y, wide + 0.3, tall - 1)
                parts.append(rectangle(cell, "#5794f2", f'fill-opacity="{shade:.2f}"'))
    return "".join(parts)


def _path(axes: Axes, points: Points) -> str:
    """A line that ends where there was nothing for long, and begins again."""
    parts: list[str] = []
    before = -math.inf
    for at, value in points:
        parts.append(f"{'L' if at - before < _LONG else 'M'}{axes.x(at):.1f},{axes.y(value):.1f}")
        before = at
    return "".join(parts)


def _stacked(lines: Sequence[Line]) -> list[Line]:
    times = sorted({at for line in lines for at, _ in line.points})
    below = dict.fromkeys(times, 0.0)
    found: list[Line] = []
    for line in lines:
        values = dict(line.points)
        below = {at: below[at] + values.get(at, 0.0) for at in times}
        found.append(Line(line.name, [(at, below[at]) for at in times]))
    return found


def _round_up(value: float) -> float:
    """A round number above, that divides well by four."""
    if value <= 0:
        return 1.0
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10) if step * power >= value)


def _grid(axes: Axes, unit: str) -> Iterator[str]:
    for quarter in range(5):
        value = axes.most * quarter / 4
        y = axes.y(value)
        yield f'<line x1="{axes.box.x}" x2="{axes.box.right:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        yield text(axes.box.x - 6, y + 4, amount(value, unit).removesuffix(" /min"), 10, FAINT, 'text-anchor="end"')
    yield from _times(axes)


def _times(axes: Axes) -> Iterator[str]:
    length = axes.end - axes.start
    step = 3600.0 if length > 7200 else 15.0
    if step == 3600.0 and axes.box.width < 350:
        step *= 2
    at = math.ceil(axes.start / step) * step
    while at <= axes.end:
        words = time.strftime("%H:%M" if length > 7200 else "%H:%M:%S", time.gmtime(at))
        yield text(axes.x(at), axes.box.bottom + 15, words, 10, FAINT, 'text-anchor="middle"')
        at += step


def _legend(box: Box, names: Sequence[str]) -> Iterator[str]:
    x, y = box.x + 12, box.bottom - 10
    for number, name in enumerate(names):
        name = shortened(name, box.width * 0.6)
        wide = len(name) * _CHARACTER + 30
        if x + wide > box.right and number:
            yield text(x, y, f"+ {len(names) - number}", 11, FAINT)
            return
        yield rectangle(Box(x, y - 6, 12, 3), PALETTE[number % len(PALETTE)])
        yield text(x + 17, y, name, 11, FAINT)
        x += wide
