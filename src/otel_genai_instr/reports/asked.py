"""What a report is asked for: which time, grouped by what, of which calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import ibis
from ibis.expr.types import Table

from .columns import SPANS, Type
from .exceptions import NotUnderstood
from .names import GROUPS, PERIODS, PROMPT_LENGTH, YESTERDAY

_LENGTHS: Final = ((500, "<500"), (1000, "500-1k"), (2000, "1k-2k"))
_LONGEST: Final = "2k+"
_TYPES: Final = {column.name: column.type for column in SPANS if column.name not in ("row_id", "line_at")}
_SPANS_OF_TIME: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LENGTH: Final = re.compile(r"([1-9][0-9]{0,5})([mhdw])")
_CONDITION: Final = re.compile(r"\s*([a-z_]+)\s*(!=|>=|<=|=|>|<|~)\s*(.*)", re.DOTALL)
_COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": lambda cell, value: cell == value,
    "!=": lambda cell, value: (cell != value) | cell.isnull(),
    ">=": lambda cell, value: cell >= value,
    "<=": lambda cell, value: cell <= value,
    ">": lambda cell, value: cell > value,
    "<": lambda cell, value: cell < value,
    "~": lambda cell, value: cell.contains(value),
}


class Condition(NamedTuple):
    """A column, compared."""

    column: str
    comparison: str
    value: str | float | bool | None
    """``None`` asks for cells in which nothing is said."""

    def applied(self, table: Table) -> Any:
        """The expression for a table."""
        cell = table[self.column]
        if self.value is None:
            return cell.isnull() if self.comparison == "=" else cell.notnull()
        return _COMPARISONS[self.comparison](cell, self.value)


@dataclass(frozen=True)
class Window:
    """A time: from ``start`` on, before ``end``. Both are UTC, without a zone, as the tables have it."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start

    @property
    def before(self) -> Window:
        """The time of the same length just before it."""
        return Window(self.start - self.length, self.start)

    @property
    def and_before(self) -> Window:
        """It and the time of the same length just before it, as one."""
        return Window(self.before.start, self.end)

    def reaching_back(self, by: timedelta) -> Window:
        """With what it is compared with: so much before it, and at least the time of the same length."""
        return Window(min(self.start - by, self.before.start), self.end)

    def of(self, table: Table, column: str = "started_at") -> Table:
        """The rows of this time."""
        moment = table[column]
        return table.filter((moment >= self.start) & (moment < self.end))


ALWAYS: Final = Window(datetime.min, datetime.max)


@dataclass(frozen=True)
class Asked:
    """One question."""

    window: Window
    by: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    zone: tzinfo = UTC
    """In which days and hours begin."""

    def filtered(self, table: Table) -> Table:
        """The rows that the conditions hold of, at any time."""
        for condition in self.where:
            table = table.filter(condition.applied(table))
        return table

    def keys(self, table: Table, by: tuple[str, ...] | None = None) -> dict[str, Any]:
        """The expressions that rows are made by."""
        return {name: self._key(table, name) for name in (self.by if by is None else by)}

    def local(self, moments: Any, window: Window | None = None) -> Any:
        """Moments in the zone. Its changes of clock are worked out here, so that every engine has the same."""
        window = window or self.window
        shifts = _shifts(self.zone, window)
        if all(shift == timedelta() for _, shift in shifts):
            return moments
        shifted = [
            (moments < until, moments + ibis.interval(seconds=int(shift.total_seconds()))) for until, shift in shifts
        ]
        return ibis.cases(*shifted[:-1], else_=shifted[-1][1]) if len(shifted) > 1 else shifted[0][1]

    def moment(self, moment: datetime) -> datetime:
        """One moment of UTC in the zone, again without saying so."""
        return moment.replace(tzinfo=UTC).astimezone(self.zone).replace(tzinfo=None)

    def _key(self, table: Table, name: str) -> Any:
        if name in PERIODS:
            return self.local(table["started_at"]).truncate(PERIODS[name])
        return _prompt_length(table["input_tokens"]) if name == PROMPT_LENGTH else table[name]


def where_length(length: str) -> str:
    """The conditions that hold of calls with a prompt of this length: one of those that :data:`PROMPT_LENGTH` has."""
    least = 0
    for limit, name in _LENGTHS:
        if name == length:
            return f"input_tokens>={least},input_tokens<{limit}"
        least = limit
    return f"input_tokens>={least}"


def _prompt_length(tokens: Any) -> Any:
    known = [(tokens.isnull(), ibis.null("string")), *((tokens < limit, name) for limit, name in _LENGTHS)]
    return ibis.cases(*known, else_=_LONGEST)


def _shifts(zone: tzinfo, window: Window) -> list[tuple[datetime, timedelta]]:
    """How far the zone is from UTC, until when; to the quarter of an hour in which it changes."""
    step = timedelta(minutes=15)
    moment = window.start.replace(minute=0, second=0, microsecond=0)
    found: list[tuple[datetime, timedelta]] = []
    while moment <= window.end:
        shift = moment.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()
        if found and found[-1][1] == shift:
            found[-1] = (moment + step, shift)
        else:
            found.append((moment + step, shift))
        moment += step
    return found


def window_from(
    last: str | None, since: str | None, until: str | None, zone: tzinfo, now: datetime, usual: str = "7d"
) -> Window:
    """Read the time that is asked for.

    Args:
        last: A length, until the end.
        since: The beginning, instead.
        until: The end; without it ``now``.
        zone: Of times that say none.
        now: UTC, without a zone.
        usual: The length where nothing is said, or :data:`YESTERDAY`: the last whole day before the end.

    Raises:
        NotUnderstood: for a time that can't be meant.
    """
    if last is not None and since is not None:
        raise NotUnderstood("--last and --since exclude each other")
    end = now if until is None else moment_from("--until", until, zone)
    if last is None and since is None and usual == YESTERDAY:
        return _day_before(end, zone)
    start = end - length_from("--last", last or usual) if since is None else moment_from("--since", since, zone)
    if start >= end:
        raise NotUnderstood(f"the time asked for is empty: it begins at {start:%Y-%m-%d %H:%M} UTC, and ends before")
    return Window(start, end)


def _day_before(end: datetime, zone: tzinfo) -> Window:
    today = end.replace(tzinfo=UTC).astimezone(zone).date()
    midnights = (datetime.combine(day, time(), zone) for day in (today - timedelta(days=1), today))
    return Window(*(midnight.astimezone(UTC).replace(tzinfo=None) for midnight in midnights))


def length_from(option: str, text: str) -> timedelta:
    """Read a length of time: ``24h``, ``30d``, ``4w``.

    Raises:
        NotUnderstood: for what is none.
    """
    match = _LENGTH.fullmatch(text.strip())
    if match is None:
        raise NotUnderstood(f"{option}: {text!r} is not allowed; a number with m, h, d or w, such as 24h, 30d or 4w")
    return timedelta(**{_SPANS_OF_TIME[match[2]]: int(match[1])})


def moment_from(option: str, text: str, zone: tzinfo) -> datetime:
    """Read a day or a time; without a zone of its own it is in this one. The answer is UTC, without a zone.

    Raises:
        NotUnderstood: for what is neither.
    """
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        raise NotUnderstood(
            f"{option}: {text!r} is no time; allowed: a day or a time, such as 2026-01-31 or 2026-01-31T16:30"
        ) from None
    return (read if read.tzinfo is not None else read.replace(tzinfo=zone)).astimezone(UTC).replace(tzinfo=None)


def zone_from(name: str) -> tzinfo:
    """Read the name of a zone.

    Raises:
        NotUnderstood: if nobody here knows it.
    """
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NotUnderstood(f"--tz: {name!r} is not known; a name such as Europe/Berlin, or UTC") from None


def groups_from(text: str) -> tuple[str, ...]:
    """Read what rows are made by.

    Raises:
        NotUnderstood: for what rows can't be made by.
    """
    groups = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in groups:
        if name not in GROUPS:
            raise NotUnderstood(f"--by: {name!r} is not allowed; {_allowed(name, GROUPS)}")
    return groups


def _allowed(said: str, names: Collection[str]) -> str:
    """What may be said, and first of it what was meant."""
    from difflib import get_close_matches  # loaded for mistakes alone

    near = get_close_matches(said.lower(), names, 1, 0.7)
    return "".join(f"is it {name}? allowed: " for name in near) + ", ".join(names)


def condition_from(text: str) -> Condition:
    """Read a condition: ``model=gpt-4o``, ``cost>0.1``, ``feature!=``, ``user~acme``.

    Raises:
        NotUnderstood: if it is none, or of a column that isn't there.
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise NotUnderstood(
            f"--where: {text!r} is no condition; such as model=gpt-4o, cost>0.1, feature!=chat or user~acme"
        )
    column, comparison, said = match[1], match[2], match[3].strip()
    kind = _TYPES.get(column)
    if kind is None:
        raise NotUnderstood(f"--where: there is no column {column!r}; {_allowed(column, tuple(_TYPES))}")
    if said == "" and comparison in ("=", "!="):
        return Condition(column, comparison, None)
    return Condition(column, comparison, _value(column, kind, comparison, said))


def _value(column: str, kind: Type, comparison: str, said: str) -> str | float | bool:
    if kind is Type.TEXT:
        if comparison in ("=", "!=", "~"):
            return said
        raise NotUnderstood(f"--where: {column} is text; it is compared by =, != or ~ (contains)")
    if comparison == "~":
        raise NotUnderstood(f"--where: {column} is no text; it is compared by =, !=, <, <=, > or >=")
    if kind is Type.FLAG:
        if said.lower() in ("true", "false") and comparison in ("=", "!="):
            return said.lower() == "true"
        raise NotUnderstood(f"--where: {column} is true or false, not {said!r}")
    if kind is Type.MOMENT:
        raise NotUnderstood("--where: times are asked for by --last, --since and --until")
    try:
        return float(said)
    except ValueError:
        raise NotUnderstood(f"--where: {column} is a number, not {said!r}") from None
