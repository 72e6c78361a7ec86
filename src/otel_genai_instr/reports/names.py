"""The reports by name, for whoever must not load what computes them."""

from __future__ import annotations

from typing import Final, NamedTuple


class About(NamedTuple):
    """What a report is."""

    summary: str
    by: tuple[str, ...]
    """What its rows are made by, where nobody says it."""
    sections: tuple[str, ...] = ()
    """What it has besides, by the names in JSON; but for what is only there if it is asked for."""
    last: str = "7d"
    """How long the time is, where nobody says it."""


YESTERDAY: Final = "yesterday"
"""The day before, from midnight to midnight in the zone."""


REPORTS: Final = {
    "cost": About(
        "what was spent, on what, why it changed, and what stands out",
        ("day", "model"),
        (
            *("change", "spikes", "anomalies", "cache_savings", "projection"),
            *("unpriced", "most_expensive_calls", "most_expensive_users"),
        ),
    ),
    "latency": About(
        "how long calls took, what became slower, where the time goes",
        ("model", "prompt_length"),
        ("regressions", "uneven_first_chunk", "steps"),
    ),
    "errors": About(
        "what failed, was refused, was cut off or asked again",
        ("provider", "model"),
        ("types", "rising", "finish_reasons"),
    ),
    "prompts": About(
        "how long prompts are, how their versions do, what stands out",
        ("prompt", "prompt_version"),
        ("versions", "length_drift", "outliers"),
    ),
    "quality": About(
        "what judges and people say, whether it drifts, and how each feature does",
        ("evaluation", "feature"),
        ("health", "drift", "length_stability", "satisfaction_by_latency", "agreement"),
    ),
    "tools": About("how often tools ran, how long, and how they ended", ("tool",), ("types",)),
    "daily": About(
        "yesterday on one page: headline figures, and what has something to say of all the others", (), (), YESTERDAY
    ),
}
_DIMENSIONS: Final = (
    *("model", "answered_model", "provider", "operation", "service_tier"),
    *("feature", "tenant", "user", "session", "prompt", "prompt_version"),
    *("service", "environment", "agent", "workflow", "tool", "data_source", "error", "finish_reason", "scope"),
)
PERIODS: Final = {"hour": "h", "day": "D", "week": "W", "month": "M"}
PROMPT_LENGTH: Final = "prompt_length"
EVALUATION: Final = "evaluation"
_OF_SCORES: Final = (EVALUATION, "evaluator", "label")
"""Only of evaluations and feedback."""
GROUPS: Final = (*PERIODS, *_DIMENSIONS, PROMPT_LENGTH, *_OF_SCORES)
"""What rows can be made by."""
