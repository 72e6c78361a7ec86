"""The reports by name, for whoever must not load what computes them."""

from __future__ import annotations

from typing import Final, NamedTuple


class About(NamedTuple):
    """What a report is."""

    summary: str
    by: tuple[str, ...]
    """What its rows are made by, where nobody says it."""


REPORTS: Final = {
    "cost": About("what was spent, on what, why it changed, and what stands out", ("day", "model")),
    "latency": About("how long calls took, what became slower, where the time goes", ("model", "prompt_length")),
    "errors": About("what failed, was refused, was cut off or asked again", ("provider", "model")),
    "tools": About("how often tools ran, how long, and how they ended", ("tool",)),
}
