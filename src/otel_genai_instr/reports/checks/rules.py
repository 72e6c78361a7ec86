"""Rules over reports: what a file of them may say, with the line and the field of every mistake."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final, TypeVar, cast

from ...pricing.files.checker import Checker, shown
from ...pricing.files.document import Document, Place
from ..asked import Asked, Condition, condition_from, groups_from, window_from
from ..exceptions import NotUnderstood
from ..figures import is_number_column
from ..names import PERIODS, REPORTS

_RULE: Final = (
    *("name", "severity", "report", "section", "by", "last", "where"),
    *("only", "at_least", "figure", "above", "below", "rises_by", "falls_by"),
)
EXPECTED: Final = "rules"
"""What a file of rules has at its top."""
_USUAL: Final = "7d"
_Read = TypeVar("_Read")


class Severity(StrEnum):
    """How bad it is, the worst last."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """The higher, the worse."""
        return list(Severity).index(self)


class Comparison(StrEnum):
    """What a figure is held against."""

    ABOVE = "above"
    BELOW = "below"
    RISES_BY = "rises_by"
    FALLS_BY = "falls_by"

    @property
    def needs_before(self) -> bool:
        """Whether as long a time before is looked at."""
        return self in (Comparison.RISES_BY, Comparison.FALLS_BY)


@dataclass(frozen=True)
class Threshold:
    """The condition of a figure."""

    comparison: Comparison
    limit: float
    said: str
    """As it was written."""

    def __str__(self) -> str:
        return f"{self.comparison.value.replace('_', ' ')} {self.said}"


@dataclass(frozen=True)
class Rule:
    """Which rows of which report nobody wants to see. Each row that is left fires."""

    name: str
    severity: Severity
    report: str
    section: str | None
    asked: Asked
    only: Mapping[str, tuple[str, ...]]
    """Rows whose cells are one of these."""
    at_least: Mapping[str, float]
    """Rows in which a figure is smaller say nothing."""
    figure: str | None
    threshold: Threshold | None
    """Where there is none, every row fires."""
    place: Place
    """In the file, for what only the report itself can tell to be a mistake."""


@dataclass(frozen=True)
class Rules:
    """What a file says."""

    rules: tuple[Rule, ...]
    document: Document


class RulesError(ValueError):
    """Rules that can't be used. Its ``args`` are the mistakes, each a sentence of its own."""


def checked_rules(document: Document, now: datetime, zone: tzinfo) -> Rules:
    """Return the rules that the document describes.

    Args:
        document: The file's content.
        now: Where the times that the rules look at end: UTC, without a zone.
        zone: In which days begin.

    Raises:
        RulesError: with every field that is wrong.
    """
    return _RuleChecker(document, now, zone).rules_of_all()


class _RuleChecker(Checker):
    """Reads what only a file of rules says."""

    def __init__(self, document: Document, now: datetime, zone: tzinfo) -> None:
        super().__init__(document)
        self._now, self._zone = now, zone

    def rules_of_all(self) -> Rules:
        top = self.mapping(self.document.data, (), ("rules",))
        self.require(top, "rules", (), ": a list")
        rules: list[Rule] = []
        for row, place in self.rows(top, "rules", _RULE):
            rule = self._rule(row, place)
            if any(rule.name == other.name for other in rules):
                self.wrong((*place, "name"), f"{shown(rule.name)} stands twice")
            rules.append(rule)
        if self.mistakes:
            raise RulesError(*self.mistakes)
        return Rules(tuple(rules), self.document)

    def _rule(self, row: Mapping[str, object], place: Place) -> Rule:
        self.require(row, "name", place, ": what the rule is called")
        self.require(row, "report", place, f"; {', '.join(REPORTS)}")
        report = self._one_of(row, "report", place, tuple(REPORTS))
        section = self._one_of(row, "section", place, REPORTS[report].sections) if report else None
        severity = self._one_of(row, "severity", place, tuple(Severity))
        figure = self._figure(row, place)
        threshold = self._threshold(row, place)
        if threshold is not None or section is None:
            self.require(row, "figure", place, ": what is compared")
        if section is None and not any(each in row for each in Comparison):
            self.wrong(place, f"has nothing to compare with; {', '.join(Comparison)}: or a section, whose rows fire")
        return Rule(
            name=self.text(row, "name", place) or "",
            severity=Severity(severity or Severity.WARNING),
            report=report or "",
            section=section,
            asked=self._asked(row, place, section, threshold),
            only=self._only(row, place),
            at_least=self._at_least(row, place),
            figure=figure,
            threshold=threshold,
            place=place,
        )

    def _asked(
        self, row: Mapping[str, object], place: Place, section: str | None, threshold: Threshold | None
    ) -> Asked:
        by = self._by(row, place)
        if by and section is not None:
            self.wrong((*place, "by"), "is for the rows of a report; those of a section are made by what it is of")
        if threshold is not None and threshold.comparison.needs_before and (periods := set(by) & set(PERIODS)):
            self.wrong((*place, "by"), f"{', '.join(sorted(periods))}: of another time there is no row to compare with")
        last = self.text(row, "last", place) or _USUAL
        window = self._understood((*place, "last"), lambda: window_from(last, None, None, self._zone, self._now))
        return Asked(
            window or window_from(_USUAL, None, None, self._zone, self._now), by, self._where(row, place), self._zone
        )

    def _by(self, row: Mapping[str, object], place: Place) -> tuple[str, ...]:
        texts = [text for text, _ in self._texts(row, "by", place)]
        return self._understood((*place, "by"), lambda: groups_from(",".join(texts))) or ()

    def _where(self, row: Mapping[str, object], place: Place) -> tuple[Condition, ...]:
        conditions: list[Condition] = []
        for text, here in self._texts(row, "where", place):
            condition = self._understood(here, lambda text=text: condition_from(text))
            if condition is not None:
                conditions.append(condition)
        return tuple(conditions)

    def _only(self, row: Mapping[str, object], place: Place) -> dict[str, tuple[str, ...]]:
        if row.get("only") is None:
            return {}
        here = (*place, "only")
        cells = self.mapping(row["only"], here, None)
        return {name: tuple(text for text, _ in self._texts(cells, name, here)) for name in cells}

    def _at_least(self, row: Mapping[str, object], place: Place) -> dict[str, float]:
        amounts = self.amounts(row, "at_least", place, None)
        for name in amounts:
            self._known_figure(name, (*place, "at_least", name))
        return amounts

    def _texts(self, row: Mapping[str, object], key: str, place: Place) -> Iterator[tuple[str, Place]]:
        """A text, or a list of them, each with its place."""
        value = row.get(key)
        if not isinstance(value, list):
            text = self.text(row, key, place)
            if text is not None:
                yield text, (*place, key)
            return
        for number, item in enumerate(cast("list[object]", value)):
            here = (*place, key, number)
            if isinstance(item, str) and item.strip():
                yield item.strip(), here
            else:
                self.wrong(here, f"{shown(item)} is not allowed; a text")

    def _one_of(self, row: Mapping[str, object], key: str, place: Place, allowed: tuple[str, ...]) -> str | None:
        text = self.text(row, key, place)
        if text is None or text in allowed:
            return text
        self.wrong((*place, key), f"{shown(text)} is not known; {', '.join(allowed)}")
        return None

    def _figure(self, row: Mapping[str, object], place: Place) -> str | None:
        text = self.text(row, "figure", place)
        return text if text is None or self._known_figure(text, (*place, "figure")) else None

    def _known_figure(self, name: str, place: Place) -> bool:
        if not is_number_column(name):
            self.wrong(place, f"{shown(name)} is no figure of a report")
        return is_number_column(name)

    def _threshold(self, row: Mapping[str, object], place: Place) -> Threshold | None:
        said = [each for each in Comparison if row.get(each) is not None]
        if not said:
            return None
        for other in said[1:]:
            self.wrong((*place, other), f"is one comparison too many: {said[0].value} stands there already")
        comparison = said[0]
        value, here = row[comparison], (*place, comparison.value)
        share = _share(value)
        if comparison.needs_before:
            if share is None or share <= 0:
                self.wrong(here, f"{shown(value)} is not allowed; a share of what it was before, such as 30%")
            return Threshold(comparison, share or 0.0, str(value))
        if share is not None:
            return Threshold(comparison, share, str(value))
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.wrong(here, f"{shown(value)} is not allowed; a number, or a share such as 5%")
            return None
        return Threshold(comparison, float(value), f"{value:,}")

    def _understood(self, place: Place, read: Callable[[], _Read]) -> _Read | None:
        try:
            return read()
        except NotUnderstood as error:
            # What the command line calls --where, the file calls where; its place is said already.
            option = next(step for step in reversed(place) if isinstance(step, str))
            self.wrong(place, str(error).removeprefix(f"--{option}: "))
            return None


def _share(value: object) -> float | None:
    """``30%`` as 0.3; ``None`` for what is no share."""
    if not isinstance(value, str) or not value.strip().endswith("%"):
        return None
    try:
        share = float(value.strip()[:-1]) / 100
    except ValueError:
        return None
    return share if math.isfinite(share) else None
