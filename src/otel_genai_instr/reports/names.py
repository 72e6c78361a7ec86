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
    "prompts": About("how long prompts are, how their versions do, what stands out", ("prompt", "prompt_version")),
    "quality": About(
        "what judges and people say, whether it drifts, and how each feature does", ("evaluation", "feature")
    ),
    "tools": About("how often tools ran, how long, and how they ended", ("tool",)),
}
