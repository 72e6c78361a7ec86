"""A chart over time, as SVG: drawn by Vega-Lite when the page is made, so that the page needs no script for it.

Colours are the page's own variables: one drawing is right in the light, in the dark and on paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import vl_convert

from ..reports.asked import Asked, Window
from ..reports.figures import Kind
from ..reports.report import Report
from ..reports.writing import cell, heading, kind_of
from .hints import CHARTS, Chart

_WIDTH: Final = 1000
_HEIGHT: Final = 220
_SERIES: Final = 7
"""That have colours of their own; the others are one."""
_FEWEST: Final = 6
"""Bars that share the whole width: of fewer none is broader."""
_OTHERS: Final = "others"
_NOT_SAID: Final = "not said"
_AXES: Final = {Kind.COUNT: ",d", Kind.SHARE: ".0%"}
_PERIODS: Final = (("hour", timedelta(days=3)), ("day", timedelta(days=120)), ("week", timedelta(days=800)))
"""What a bar is of a time that is at most so long."""


class Drawing(NamedTuple):
    """A chart, ready for a page."""

    title: str
    svg: str
    legend: dict[str, int]
    """The names of the series, and which of the page's colours each has."""


def period_of(window: Window) -> str:
    """What a chart of this time has a bar for."""
    return next((name for name, longest in _PERIODS if window.length <= longest), "month")


def with_chart(asked: Asked, report: str) -> Asked:
    """The same question, with rows for a chart. A report without a chart is asked as it was.

    Args:
        asked: The question; what its rows are made by splits the chart, where it is split.
        report: Which report is asked.
    """
    chart = CHARTS.get(report)
    if chart is None:
        return asked
    split = next((name for name in asked.by if name not in ("hour", "day", "week", "month")), chart.split)
    by = (period_of(asked.window), *([split] if chart.split and split else []))
    return Asked(asked.window, by, asked.where, asked.zone)


def draw(report: Report, known: Mapping[str, int] | None = None) -> Drawing | None:
    """Draw a report that was asked by :func:`with_chart`; nothing where there is nothing to see.

    Args:
        report: The answer.
        known: Colours that names have on this page already.
    """
    chart = CHARTS.get(report.name)
    if chart is None:
        return None
    period = report.keys[0]
    split = report.keys[1] if len(report.keys) > 1 else None
    points = list(_points(report, chart, period, split))
    if not points:
        return None
    is_stacked = len(chart.figures) == 1
    names = _largest(points) if is_stacked else [heading(name) for name in chart.figures]
    colours = _colours(names, known or {})
    sums: dict[tuple[str, datetime], float] = {}
    for name, moment, value in points:
        name = name if name in names else _OTHERS
        sums[name, moment] = sums.get((name, moment), 0.0) + value
    periods = _periods(period, [moment for _, moment in sums])
    values = [
        {
            "at": _label(period, moment),
            "series": colours[name],
            "value": value,
            "said": f"{cell(period, moment)}, {name}: {cell(chart.figures[0], value)}",
        }
        for (name, moment), value in sorted(sums.items())
    ]
    labels = [_label(period, moment) for moment in periods]
    svg = vl_convert.vegalite_to_svg(_specification(values, chart, labels))
    unit = report.total.get("currency") if kind_of(chart.figures[0]) is Kind.MONEY else None
    return Drawing(f"{chart.title}, {unit}" if unit else chart.title, svg, colours)


def _points(report: Report, chart: Chart, period: str, split: str | None) -> Iterator[tuple[str, datetime, float]]:
    main = report.total.get("currency")
    for row in report.rows:
        if main is not None and row.get("currency", main) != main:
            continue  # currencies are never added up
        for figure in chart.figures:
            if isinstance(value := row.get(figure), int | float):
                name = heading(figure) if split is None else str(row[split] if row[split] is not None else _NOT_SAID)
                yield name, row[period], float(value)


def _largest(points: list[tuple[str, datetime, float]]) -> list[str]:
    sums: dict[str, float] = {}
    for name, _, value in points:
        sums[name] = sums.get(name, 0.0) + value
    names = sorted(sums, key=lambda name: (-sums[name], name))
    return names if len(names) <= _SERIES + 1 else [*(name for name in names[:_SERIES] if name != _OTHERS), _OTHERS]


def _colours(names: Sequence[str], known: Mapping[str, int]) -> dict[str, int]:
    """A colour for each: the one that it has on the page already, or else the first that is free."""
    taken = {_OTHERS: _SERIES} | {name: known[name] for name in names if name in known}
    free = (place for place in range(_SERIES + 1) if place not in {taken[name] for name in names if name in taken})
    return {name: taken[name] if name in taken else next(free) for name in names}


def _label(period: str, moment: datetime) -> str:
    """What stands below a bar; another one for each."""
    match period:
        case "hour":
            return f"{moment.day} {moment:%b %H:%M}"
        case "day":
            return f"{moment.day} {moment:%b}"
        case "week":
            return f"{moment.day} {moment:%b %Y}"
        case _:
            return f"{moment:%b %Y}"


def _periods(period: str, moments: list[datetime]) -> list[datetime]:
    """Every period from the first to the last: one in which nothing happened is seen."""
    step = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}.get(period)
    if step is None:
        return sorted(set(moments))
    first, last = min(moments), max(moments)
    return [first + step * each for each in range((last - first) // step + 1)]


def _specification(values: list[dict[str, Any]], chart: Chart, labels: list[str]) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "domain": False,
        "ticks": False,
        "title": None,
        "labelPadding": 8,
        "labelColor": "var(--soft)",
        "labelFontSize": 11,
        "gridColor": "var(--line)",
    }
    bars = {"type": "bar", "width": {"band": 0.72 * min(len(labels) / _FEWEST, 1)}}
    lines = {"type": "line", "strokeWidth": 2, "point": {"size": 30}}
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "padding": {"left": 2, "right": 2, "top": 8, "bottom": 0},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "background": None,
        "data": {"values": values},
        "mark": bars if len(chart.figures) == 1 else lines,
        "encoding": {
            "x": {
                "field": "at",
                "type": "ordinal",
                "scale": {"domain": labels},
                "axis": {**axis, "labelAngle": 0, "labelOverlap": True},
            },
            "y": {
                "field": "value",
                "type": "quantitative",
                "axis": {**axis, "tickCount": 4, "format": _AXES.get(kind_of(chart.figures[0]), ",~f")},
            },
            "color": {
                "field": "series",
                "type": "nominal",
                "legend": None,
                "scale": {
                    "domain": list(range(_SERIES + 1)),
                    "range": [f"var(--s{place})" for place in range(_SERIES + 1)],
                },
            },
            "order": {"field": "series"},
            "description": {"field": "said"},
        },
        "config": {"font": "system-ui, sans-serif", "view": {"stroke": None}},
    }
