"""What happens to the imagined services: four incidents, and five patterns that look like one and are none.

All of them live for five weeks, from a Monday at midnight, at three samples an hour. What rules see over
minutes (errors, limits of time) is told once more at a sample a minute.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from .traffic import Hour, Stream

HOURS = 35 * 24
WEEK = 7 * 24
TUESDAY = 4 * WEEK + 24
"""The first hour of the Tuesday of the fifth week; incidents begin in that week."""


def office(number: int) -> float:
    """Calls in an hour of a product for people at work: by day, less at night and on weekends."""
    day, hour = divmod(number % WEEK, 24)
    if day >= 5:
        return 100.0
    return 400.0 if 8 <= hour < 18 else 80.0


def ordinary(number: int) -> Hour:
    return Hour(calls=office(number))


# Incidents.


def template_doubled(number: int) -> Hour:
    """On Tuesday at 10 somebody pastes the manual into the prompt's template."""
    if number < TUESDAY + 10:
        return ordinary(number)
    return replace(ordinary(number), input_tokens=2000, dollars=0.018, median_seconds=2.1)


def model_updated(number: int) -> Hour:
    """On Thursday at 9 the provider puts another model behind the name: it talks more, for longer, and no better."""
    if number < TUESDAY + 2 * 24 + 9:
        return ordinary(number)
    changed = {"answered_by": "m-2", "output_tokens": 340, "median_seconds": 3.4, "score": 0.82, "cached": 0.0}
    return replace(ordinary(number), dollars=0.012, **changed)


def runaway(number: int) -> Hour | None:
    """On Saturday at one in the morning an agent begins to ask itself the same question, until Sunday at noon."""
    loop = TUESDAY + 4 * 24 + 1
    if loop <= number < loop + 35:
        return Hour(calls=5000, agent_calls=150)
    return ordinary(number)


# Normal patterns.


def monday_peak(number: int) -> Hour:
    """Every Monday from 9 to 12 everybody asks for last week's numbers, and the provider is a little slower."""
    if number % WEEK in range(9, 12):
        return Hour(calls=1200, median_seconds=2.5, failing=0.01)
    return ordinary(number)


def before_deploy(number: int) -> Hour | None:
    return ordinary(number) if number < TUESDAY + 10 else None


def after_deploy(number: int) -> Hour | None:
    """On Tuesday at 10 new processes begin: cold caches for an hour, prompts a tenth longer for good."""
    if number < TUESDAY + 10:
        return None
    first_hour = number == TUESDAY + 10
    return replace(ordinary(number), input_tokens=1100, dollars=0.0105, cached=0.3 if first_hour else 0.5)


def nightly_batch(number: int) -> Hour:
    """Every night from 2 to 4: ten times as many calls as at that time else, with long documents."""
    if number % 24 in (2, 3):
        return Hour(calls=1500, input_tokens=6000, dollars=0.02, median_seconds=5)
    return ordinary(number)


def old_model(number: int) -> Hour:
    share = 0.9 if number >= TUESDAY + 10 else 1.0
    return replace(ordinary(number), calls=office(number) * share)


def new_model(number: int) -> Hour | None:
    """On Tuesday at 10 a tenth of the calls goes to another model: dearer, slower, with longer answers."""
    if number < TUESDAY + 10:
        return None
    other = {"output_tokens": 400, "dollars": 0.02, "median_seconds": 3.5, "answered_by": "new-1", "cached": 0.1}
    return replace(ordinary(number), calls=office(number) * 0.1, **other)


def holiday(number: int) -> Hour:
    """On Wednesday of the fifth week nearly nobody works."""
    day = (number - TUESDAY) // 24
    return replace(ordinary(number), calls=office(number) * 0.1) if day == 1 else ordinary(number)


INCIDENTS: tuple[Stream, ...] = (
    Stream("template-doubled", template_doubled),
    Stream("model-updated", model_updated),
    Stream("runaway-loop", runaway),
)

EXPECTED: dict[str, dict[str, tuple[int, str]]] = {
    "template-doubled": {
        "GenAIPromptLengthDrift": (TUESDAY + 13, "warning"),
        "GenAIFeatureCostAnomaly": (TUESDAY + 13, "warning"),
        "GenAICostDayHigh": (TUESDAY + 34, "warning"),
    },
    "model-updated": {
        "GenAIModelChanged": (TUESDAY + 2 * 24 + 12, "warning"),
        "GenAITokensPerCallHigh": (TUESDAY + 2 * 24 + 12, "warning"),
        "GenAILatencyRegression": (TUESDAY + 2 * 24 + 12, "warning"),
        "GenAIQualityDropped": (TUESDAY + 2 * 24 + 12, "warning"),
        "GenAICacheHitDrop": (TUESDAY + 2 * 24 + 12, "info"),
    },
    "runaway-loop": {
        "GenAICostSpike": (TUESDAY + 4 * 24 + 3, "critical"),
        "GenAICostBudgetBurn": (TUESDAY + 4 * 24 + 3, "critical"),
        "GenAIFeatureCostAnomaly": (TUESDAY + 4 * 24 + 3, "critical"),
        "GenAICostBudgetSpent": (TUESDAY + 4 * 24 + 8, "critical"),
        "GenAIAgentLooping": (TUESDAY + 4 * 24 + 3, "warning"),
    },
}
"""Of each incident: the alerts that have to fire, by when (in hours) and in which tier."""

NORMAL: tuple[Stream, ...] = (
    Stream("ordinary", ordinary),
    Stream("monday-peak", monday_peak),
    Stream("deploy", before_deploy),
    Stream("deploy", after_deploy, instance="b"),
    Stream("batch-night", nightly_batch),
    Stream("new-model", old_model),
    Stream("new-model", new_model, model="new"),
    Stream("holiday", holiday),
)


# Minutes: the "hours" of these streams are minutes, and calls are those of a minute.
Minute = partial(Hour, dollars=0.001)


def limited(minute: int) -> Hour:
    """From minute 30 on the provider turns away three calls in ten."""
    return Minute(calls=60, failing=0.3 if minute >= 30 else 0.005, failure="openai.RateLimitError")


def peak_begins(minute: int) -> Hour:
    return Minute(calls=60) if minute < 60 else Minute(calls=200, median_seconds=3, failing=0.01)


def old_process(minute: int) -> Hour | None:
    return Minute(calls=60) if minute < 60 else None


def new_process(minute: int) -> Hour | None:
    """Two minutes of failures and cold connections, then as before."""
    if minute < 60:
        return None
    return Minute(calls=60, failing=0.08, median_seconds=6) if minute < 62 else Minute(calls=60)


def batch_begins(minute: int) -> Hour:
    return Minute(calls=3) if minute < 60 else Minute(calls=100, input_tokens=20_000, median_seconds=7)


def tenth(minute: int) -> Hour | None:
    return None if minute < 60 else Minute(calls=6, median_seconds=3.5, failing=0.005)


def nobody_works(minute: int) -> Hour:
    """Four calls a minute; in minute 90 one of them fails, which is one in twenty of five minutes."""
    return Minute(calls=60) if minute < 60 else Minute(calls=4, failing=0.25 if minute == 90 else 0)


MINUTES = 150
INCIDENT_OF_MINUTES = Stream("rate-limited", limited)
EXPECTED_OF_MINUTES: dict[str, tuple[int, str]] = {
    "GenAIErrorRateHigh": (40, "critical"),
    "GenAIRateLimited": (45, "warning"),
}
NORMAL_OF_MINUTES: tuple[Stream, ...] = (
    Stream("monday-peak", peak_begins),
    Stream("deploy", old_process),
    Stream("deploy", new_process, instance="b"),
    Stream("batch-night", batch_begins, prompt_length="16k-64k"),
    Stream("new-model", lambda _: Minute(calls=54)),
    Stream("new-model", tenth, model="new"),
    Stream("holiday", nobody_works),
)
