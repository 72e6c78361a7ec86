"""What goes wrong in the month, and when: named, so that whoever reads the telemetry can be asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

DAYS: Final = 28
HOUR_NS: Final = 3_600_000_000_000
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(5)


def midnight(day: date) -> int:
    """The beginning of the day, UTC, in nanoseconds since 1970."""
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that begins on a weekday of the month, at an hour (UTC)."""

    week: int
    """From 1."""
    weekday: int
    hour: int

    def at(self, first_day: date) -> int:
        """When it begins, in a month that begins on that day."""
        day = first_day + timedelta(days=(self.weekday - first_day.weekday()) % 7 + 7 * (self.week - 1))
        return midnight(day) + self.hour * HOUR_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateChange(Event):
    """A new version of a feature's prompt template, twice as long."""

    feature: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowdown(Event):
    """All answers of a provider take longer for a while."""

    provider: str
    lasts_ns: int
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUpdate(Event):
    """Another snapshot answers to the same name: longer, and worse."""

    model: str
    answered: str
    longer: float
    """Factor of the output tokens."""
    worse: float
    """What is taken off each mean score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheStop(Event):
    """A feature's prompts no longer begin alike: nothing is read from the provider's cache any more."""

    feature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Runaway(Event):
    """One run of an agent that doesn't end by itself."""

    feature: str
    user: int
    lasts_ns: int


SLOWDOWN: Final = Slowdown(week=2, weekday=WEDNESDAY, hour=13, provider="anthropic", lasts_ns=4 * HOUR_NS, factor=3.0)
TEMPLATE_DOUBLES: Final = TemplateChange(week=3, weekday=TUESDAY, hour=9, feature="support-chat", version="4")
CACHE_STOPS: Final = CacheStop(week=3, weekday=FRIDAY, hour=8, feature="code-review")
UPDATE: Final = ModelUpdate(
    week=4, weekday=MONDAY, hour=6, model="gpt-4o", answered="gpt-4o-2024-11-20", longer=1.35, worse=0.12
)
RUNAWAY: Final = Runaway(
    week=4, weekday=THURSDAY, hour=2, feature="agent-research", user=17, lasts_ns=55 * HOUR_NS // 60
)


def runaway_calls(calls: int) -> int:
    """How many calls of the month the runaway makes."""
    return min(900, max(200, calls // 100))
