"""What Grafana would ask: the queries of a panel with its variables filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...deploy.files import panels

EVERYTHING: Final[Mapping[str, str]] = {
    **dict.fromkeys(("service", "model", "feature", "prompt_version"), ".*"),
    "currency": "USD",
    "__rate_interval": "10m",
}
"""Variables as they stand when a dashboard is opened, and the window of rates."""


@dataclass(frozen=True)
class Question:
    """One query of a panel."""

    expression: str
    legend: str
    is_of_now: bool
    """Of one moment; else of a span of time."""
    wants_exemplars: bool

    def name(self, labels: Mapping[str, str]) -> str:
        """What a line is called."""
        return re.sub(r"{{(\w+)}}", lambda found: labels.get(found[1], ""), self.legend).strip(": ") or "(none)"


def asked(panel: Any, variables: Mapping[str, str] = EVERYTHING) -> list[Question]:
    """The questions of a panel to Prometheus; none where it asks Tempo."""
    return [
        Question(
            filled(target["expr"], variables),
            target.get("legendFormat", ""),
            bool(target.get("instant")),
            bool(target.get("exemplar")),
        )
        for target in panel["targets"]
        if target["datasource"]["type"] == "prometheus"
    ]


def all_asked(board: Any) -> Iterator[tuple[str, Question]]:
    """Title and question, of all panels of a dashboard."""
    for panel in panels(board):
        for question in asked(panel):
            yield panel["title"], question


def filled(text: str, variables: Mapping[str, str] = EVERYTHING) -> str:
    """A text with the variables in it replaced."""
    return re.sub(r"\$(?:{(\w+)(?::\w+)?}|(\w+))", lambda found: variables[found[1] or found[2]], text)
