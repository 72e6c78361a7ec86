"""What the address of a page asks for. What can't be meant is said on the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from ..reports.asked import Asked, Condition, condition_from, groups_from, window_from, zone_from
from ..reports.columns import SPANS, Type
from ..reports.exceptions import NotUnderstood
from ..reports.names import EVALUATION, GROUPS, YESTERDAY
from ..reports.traces.trace_list import Limits, Place

TIMES: Final = ("last", "since", "until", "tz")
TEXTS: Final = ("feature", "model", "user", "session", "tenant", "prompt")
"""Columns that traces are looked for by."""
_IS_TEXT: Final = {column.name for column in SPANS if column.type is Type.TEXT}
MORE: Final = tuple(name for name in GROUPS if name in _IS_TEXT and name not in TEXTS)
"""Other columns that an address may name: rows of reports do."""
FILTERS: Final = (*TEXTS, *MORE, EVALUATION)
_NUMBERS: Final = ("cost", "seconds", "score")
_PAGE: Final = ("at", "after")
NOW: Final = "now"


_ANY: Final = Limits()


@dataclass(frozen=True)
class Question:
    """An address, read."""

    asked: Asked
    limits: Limits = _ANY
    after: Place | None = None
    said: dict[str, str] = field(default_factory=dict[str, str])
    """What stood in the address, for the form and for addresses that go on from here."""
    wrong: str = ""
    """Why what was asked for is not what is shown."""
    is_of_a_day: bool = False
    """Whether it is about a day of its own, because nobody said a time."""

    def address(self, path: str, **changed: str) -> str:
        """The same question elsewhere; without the place in a list, unless it is said."""
        said = {name: value for name, value in {**self.said, **changed}.items() if value}
        return f"{path}?{urlencode(said)}" if said else path


def read(query: Mapping[str, str], usual: Mapping[str, str], by: tuple[str, ...] = (), last: str = "7d") -> Question:
    """Read the query of an address.

    Args:
        query: As it came.
        usual: Which time it is about, where nothing is said: as the command line said it.
        by: What rows are made by, where nothing is said.
        last: How long the time is, where nothing is said; a day of its own goes before what is usual.
    """
    if last == YESTERDAY:
        usual = {name: usual[name] for name in ("until", "tz") if name in usual}
    known = (*TIMES, "by", "where", *FILTERS, *_NUMBERS, "errors")
    said = {name: query[name].strip() for name in known if query.get(name, "").strip()}
    is_of_a_day = last == YESTERDAY and not {"last", "since"} & {*said, *usual}
    try:
        return Question(_asked(said, usual, by, last), _limits(said), _place(query), said, is_of_a_day=is_of_a_day)
    except (NotUnderstood, OverflowError) as error:
        return Question(_asked({}, usual, by, last), said=said, wrong=str(error), is_of_a_day=is_of_a_day)


def _asked(said: Mapping[str, str], usual: Mapping[str, str], by: tuple[str, ...], last: str) -> Asked:
    times = {**usual, **said}
    for name, other in (("last", "since"), ("since", "last")):
        if name in said and other not in said:
            times.pop(other, None)
    if "last" in times and "since" in times:
        del times["last"]
    if times.get("until", "").lower() == NOW:
        del times["until"]
    zone = zone_from(times.get("tz", "UTC"))
    now = datetime.now(UTC).replace(tzinfo=None)
    conditions = [condition_from(each) for each in said.get("where", "").split(",") if each.strip()]
    conditions += [Condition(name, "=", said[name]) for name in (*TEXTS, *MORE) if name in said]
    return Asked(
        window_from(times.get("last"), times.get("since"), times.get("until"), zone, now, last),
        groups_from(said["by"]) if "by" in said else by,
        tuple(conditions),
        zone,
    )


def _limits(said: Mapping[str, str]) -> Limits:
    cost, seconds, score = (_number(said, name) for name in _NUMBERS)
    return Limits(cost, None if seconds is None else seconds * 1000, "errors" in said, score, said.get(EVALUATION))


def _number(said: Mapping[str, str], name: str) -> float | None:
    if name not in said:
        return None
    try:
        return float(said[name])
    except ValueError:
        raise NotUnderstood(f"{name}: {said[name]!r} is no number") from None


def _place(query: Mapping[str, str]) -> Place | None:
    at, after = (query.get(name, "") for name in _PAGE)
    if not at:
        return None
    try:
        return Place(datetime.fromisoformat(at).replace(tzinfo=None), after)
    except ValueError:
        raise NotUnderstood(f"at: {at!r} is no time") from None
