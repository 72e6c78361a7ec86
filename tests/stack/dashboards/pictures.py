"""A dashboard as a picture, from what Prometheus answers to its queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .drawing import (
    BACKGROUND,
    BORDER,
    COLOURS,
    FAINT,
    PANEL,
    TEXT,
    Box,
    Line,
    Points,
    amount,
    chart,
    heat_map,
    rectangle,
    shortened,
    text,
    wrapped,
)
from .prometheus import Prometheus
from .questions import EVERYTHING, Question, asked, filled

UNIT_WIDTH, UNIT_HEIGHT, GAP, HEAD = 50.0, 30.0, 8.0, 44.0
SHOWN: Final = 6 * 3600.0
STEP: Final = 120.0
LIVE: Final = 25.0
"""Of series that have just begun, only the last seconds are drawn."""
MOST_DOTS: Final = 60


def draw(board: Any, prometheus: Prometheus, now: float) -> str:
    """The whole dashboard."""
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"]) * UNIT_HEIGHT + HEAD + GAP
    width = 24 * UNIT_WIDTH + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}">',
        rectangle(Box(0, 0, width, height), BACKGROUND),
        text(16, 29, board["title"], 19, TEXT, 'font-weight="600"'),
        text(width - 16, 29, "last 6 hours, times in UTC", 12, FAINT, 'text-anchor="end"'),
        *(_Panel(panel, prometheus, now).draw() for panel in board["panels"]),
        "</svg>\n",
    ]
    return "\n".join(parts)


class _Panel:
    def __init__(self, panel: Any, prometheus: Prometheus, now: float) -> None:
        self._panel = panel
        self._prometheus = prometheus
        self._now = now
        place = panel["gridPos"]
        self._box = Box(
            place["x"] * UNIT_WIDTH + GAP,
            place["y"] * UNIT_HEIGHT + HEAD,
            place["w"] * UNIT_WIDTH - GAP,
            place["h"] * UNIT_HEIGHT - GAP,
        )
        self._inside = Box(self._box.x, self._box.y + 26, self._box.width, self._box.height - 26)

    def draw(self) -> str:
        box, title = self._box, filled(self._panel["title"], _SHOWN_VARIABLES)
        if self._panel["type"] == "row":
            return text(box.x + 4, box.y + 16, f"▾ {title}", 13, TEXT, 'font-weight="600"')
        kinds = {"stat": self._number, "timeseries": self._lines, "heatmap": self._heat, "table": self._of_traces}
        content = kinds[self._panel["type"]]()
        frame = rectangle(box, PANEL, f'rx="3" stroke="{BORDER}"')
        head = text(box.x + 10, box.y + 18, shortened(title, box.width - 16, 12), 12, TEXT, 'font-weight="600"')
        first, rest = (content, "") if self._panel["type"] == "stat" else ("", content)
        return f'<g class="panel">{frame}{first}{head}{rest}</g>'

    @property
    def _defaults(self) -> Any:
        return self._panel["fieldConfig"]["defaults"]

    @property
    def _steps(self) -> list[tuple[float, str]]:
        steps = self._defaults.get("thresholds", {}).get("steps", [])
        return [(step["value"], step["color"]) for step in steps if step["value"] is not None]

    def _number(self) -> str:
        box = self._box
        (question,) = asked(self._panel)
        found = self._prometheus.instant(question.expression, self._now)
        if not found:
            return text(box.x + box.width / 2, box.y + 74, self._defaults["noValue"], 22, FAINT, 'text-anchor="middle"')
        value = float(found[0]["value"][1])
        words = amount(value, self._defaults["unit"], self._defaults.get("decimals"))
        ground = ""
        if self._panel["options"]["colorMode"] == "background":
            colour = next((colour for least, colour in reversed(self._steps) if value >= least), "green")
            ground = rectangle(box, COLOURS[colour], 'rx="3"')
        middle = 'text-anchor="middle" font-weight="600"'
        return f"{ground}{text(box.x + box.width / 2, box.y + 76, words, 36, '#ffffff', middle)}"

    def _lines(self) -> str:
        questions = asked(self._panel)
        if not questions:
            return self._of_traces()
        span, step = self._span(questions)
        found = [(question, self._prometheus.over(question.expression, *span, step)) for question in questions]
        custom = self._defaults.get("custom", {})
        return chart(
            self._inside,
            [
                Line(question.name(one["metric"]), _points(one))
                for question, several in found
                for one in several
                if _points(one)
            ],
            self._defaults["unit"],
            span,
            stacked=custom.get("stacking", {}).get("mode") == "normal",
            thresholds=self._steps if custom.get("thresholdsStyle") else (),
            most=self._defaults.get("max"),
            dots=[dot for question in questions if question.wants_exemplars for dot in self._exemplars(question)],
        )

    def _span(self, questions: Sequence[Question]) -> tuple[tuple[float, float], float]:
        """What is drawn, from when to when and how closely: of what has just begun, the last seconds."""
        span = (self._now - SHOWN, self._now)
        found = [one for question in questions for one in self._prometheus.over(question.expression, *span, STEP)]
        begun = min((_points(one)[0][0] for one in found if _points(one)), default=0.0)
        if begun > self._now - SHOWN / 10 or not begun:
            return (self._now - LIVE, self._now), 1.0
        return span, STEP

    def _exemplars(self, question: Question) -> Points:
        found = self._prometheus.exemplars(question.expression, self._now - SHOWN, self._now)
        dots = [(float(one["timestamp"]), float(one["value"])) for series in found for one in series["exemplars"]]
        return sorted(dots)[:: max(1, len(dots) // MOST_DOTS)]

    def _heat(self) -> str:
        (question,) = asked(self._panel)
        step = 600.0
        found = self._prometheus.over(question.expression, self._now - SHOWN, self._now, step)
        rows = sorted(((float(one["metric"]["le"]), dict(_points(one))) for one in found), key=lambda row: row[0])
        cells: list[tuple[str, Points]] = []
        below: Mapping[float, float] = {}
        for bound, counts in rows:
            cells.append((f"{bound:g}", [(at, max(0.0, count - below.get(at, 0.0))) for at, count in counts.items()]))
            below = counts
        while cells and not any(value > 0 for _, value in cells[-1][1]):
            cells.pop()
        return heat_map(self._inside, cells, (self._now - SHOWN, self._now), step)

    def _of_traces(self) -> str:
        """What Tempo would be asked: it is not there."""
        box = self._inside
        (target,) = self._panel["targets"]
        lines: Sequence[str] = [
            "From traces, by Tempo:",
            *wrapped(filled(target["query"], _SHOWN_VARIABLES), box.width - 24),
        ]
        parts = [text(box.x + 12, box.y + 20 + 17 * n, line, 11, FAINT) for n, line in enumerate(lines)]
        return "".join(parts)


_SHOWN_VARIABLES: Final = {**EVERYTHING, "currency": "USD", "expensive": "0.05", "slow": "10s"}


def _points(series: Any) -> Points:
    return [(float(at), float(value)) for at, value in series["values"] if value not in ("NaN", "+Inf", "-Inf")]
