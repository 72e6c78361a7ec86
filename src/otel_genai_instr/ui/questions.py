"""What the address of a page asks for. What can't be meant is said on the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from ..reports.asked import Asked, Condition, condition_from, groups_from, window_from, zone_from
from ..reports.exceptions import NotUnderstood
from ..reports.names import YESTERDAY
from ..reports.traces.trace_list import Least, Place

TIMES: Final = ("last", "since", "until", "tz")
TEXTS: Final = ("feature", "model", "user", "session", "tenant")
"""Columns that traces are looked for by."""
_LEAST: Final = ("cost", "seconds")
_PAGE: Final = ("at", "after")


_ANY: Final = Least()


@dataclass(frozen=True)
class Question:
    """An address, read."""

    asked: Asked
    least: Least = _ANY
    after: Place | None = None
    said: dict[str, str] = field(default_factory=dict[str, str])
    """What stood in the address, for the form and for addresses that go on from here."""
    wrong: str = ""
    """Why what was asked for is not what is shown."""

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
    known = (*TIMES, "by", "where", *TEXTS, *_LEAST, "errors")
    said = {name: query[name].strip() for name in known if query.get(name, "").strip()}
    try:
        return Question(_asked(said, usual, by, last), _least(said), _place(query), said)
    except (NotUnderstood, OverflowError) as error:
        return Question(_asked({}, usual, by, last), said=said, wrong=str(error))


def _asked(said: Mapping[str, str], usual: Mapping[str, str], by: tuple[str, ...], last: str) -> Asked:
    times = {**said} if any(name in said for name in ("last", "since", "until")) else {**usual, **said}
    if "last" in times and "since" in times:
        del times["last"]
    zone = zone_from(times.get("tz", "UTC"))
    now = datetime.now(UTC).replace(tzinfo=None)
    conditions = [condition_from(each) for each in said.get("where", "").split(",") if each.strip()]
    conditions += [Condition(name, "=", said[name]) for name in TEXTS if name in said]
    return Asked(
        window_from(times.get("last"), times.get("since"), times.get("until"), zone, now, last),
        groups_from(said["by"]) if "by" in said else by,
        tuple(conditions),
        zone,
    )


def _least(said: Mapping[str, str]) -> Least:
    cost, seconds = (_number(said, name) for name in _LEAST)
    return Least(cost, None if seconds is None else seconds * 1000, "errors" in said)


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
