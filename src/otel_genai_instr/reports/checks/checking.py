"""Which rows of reports break which rules. One way for all: it knows columns, and no report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from ..asked import Asked, Window
from ..figures import FIGURES, Kind, is_number_column
from ..names import PERIODS
from ..report import Cells, Report, Section, share
from ..samples import is_number
from .rules import Comparison, Rule, Rules, RulesError, Severity

_Of = tuple[tuple[str, str], ...]
Answer = Callable[[str, Asked], Report]
"""Asks for a report by its name."""
NO_ROWS: Final = "no data"
TOO_FEW: Final = "not enough data"
NOTHING_BEFORE: Final = "nothing before to compare with"
NOTHING_NOW: Final = "nothing now"
SMALL: Final = "smaller than at_least"


@dataclass(frozen=True)
class Finding:
    """A row that breaks a rule."""

    rule: Rule
    of: dict[str, str]
    """What the row is of: the same in every run, as long as it is the same trouble."""
    value: float | None
    before: float | None = None
    change: float | None = None
    """The share by which it rose; ``None`` from zero on as well."""

    @property
    def subject(self) -> str:
        """What the row is of, as text."""
        return ", ".join(f"{name}={value}" for name, value in self.of.items()) or "all"


@dataclass
class Outcome:
    """What came of all rules."""

    rules: int
    window: Window
    """The longest time that a rule looked at."""
    findings: list[Finding] = field(default_factory=list[Finding])
    """The worst first."""
    passed_over: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """Rows of which a rule could say nothing, by rule and reason."""

    @property
    def severity(self) -> Severity | None:
        """The worst."""
        return max((finding.rule.severity for finding in self.findings), key=lambda each: each.rank, default=None)

    def as_report(self) -> Report:
        """The outcome in the shape that all reports have."""
        counts = {
            each.value: sum(finding.rule.severity is each for finding in self.findings) for each in reversed(Severity)
        }
        return Report(
            "check",
            self.window,
            (),
            ("rules", *counts),
            [],
            {"rules": self.rules, **counts},
            {
                "findings": Section(
                    "what fires",
                    ("severity", "rule", "of", "figure", "value", "before", "difference", "threshold"),
                    [_cells(finding) for finding in self.findings],
                ),
                "passed_over": Section(
                    "rows that say nothing",
                    ("rule", "why", "passed_over"),
                    [
                        {"rule": rule, "why": why, "passed_over": number}
                        for (rule, why), number in self.passed_over.items()
                    ],
                ),
            },
        )


def check(rules: Rules, answer: Answer) -> Outcome:
    """Hold every rule against what it is about. Rules that ask for the same report share it.

    Raises:
        RulesError: for a column that the report doesn't have.
    """
    asked: dict[tuple[str, Asked], Report] = {}

    def once(name: str, question: Asked) -> Report:
        if (name, question) not in asked:
            asked[name, question] = answer(name, question)
        return asked[name, question]

    longest = max((rule.asked.window for rule in rules.rules), key=lambda window: window.length)
    outcome = Outcome(len(rules.rules), longest)
    for rule in rules.rules:
        _Checking(rule, rules, outcome).run(once)
    outcome.findings.sort(key=lambda finding: -finding.rule.severity.rank)
    return outcome


class _Checking:
    """One rule at work."""

    def __init__(self, rule: Rule, rules: Rules, outcome: Outcome) -> None:
        self._rule, self._rules, self._outcome = rule, rules, outcome

    def run(self, answer: Answer) -> None:
        rule = self._rule
        now: dict[_Of, Cells | None] = dict(self._rows(answer(rule.report, rule.asked)))
        if not now and rule.section is None and not rule.asked.by:
            now = {(): None}  # of all there is nothing, which is a count as well
        if not now and rule.section is None:
            self._pass_over(NO_ROWS)
        if rule.threshold is None or not rule.threshold.comparison.needs_before:
            for of, row in now.items():
                self._hold(of, row)
            return
        before = self._rows(answer(rule.report, replace(rule.asked, window=rule.asked.window.before)))
        for of in {**now, **before}:
            self._compare(of, now.get(of), before.get(of))

    def _rows(self, report: Report) -> dict[_Of, Cells]:
        """The rows that the rule is about, by what they are of."""
        if self._rule.section is None:
            texts = [name for name in report.columns if not is_number_column(name)]
            keys, columns, rows = (*report.keys, *texts), (*report.keys, *report.columns), report.rows
        elif self._rule.section in report.sections:
            section = report.sections[self._rule.section]
            keys, columns, rows = section.keys, section.columns, section.rows
        else:
            return {}  # without data some aren't there
        self._require(columns)
        return {_of(row, keys): row for row in rows if self._is_meant(row)}

    def _require(self, columns: Sequence[str]) -> None:
        rule = self._rule
        named = [("only", name) for name in rule.only] + [("at_least", name) for name in rule.at_least]
        for step, name in [*named, *([("figure", rule.figure)] if rule.figure else [])]:
            if name not in columns:
                place = (*rule.place, step) if step == "figure" else (*rule.place, step, name)
                where = rule.report if rule.section is None else f"{rule.report}, {rule.section},"
                problem = f"{where} has no {name}; {', '.join(columns)}"
                raise RulesError(self._rules.document.mistake(place, problem))

    def _is_meant(self, row: Cells) -> bool:
        return all(str(row.get(name)) in allowed for name, allowed in self._rule.only.items())

    def _is_small(self, row: Cells | None) -> bool:
        return row is not None and any((row.get(name) or 0) < least for name, least in self._rule.at_least.items())

    def _hold(self, of: _Of, row: Cells | None) -> None:
        threshold = self._rule.threshold
        if self._is_small(row):
            return self._pass_over(SMALL)
        value = self._value(row)
        if threshold is None:
            return self._find(of, value if is_number(value) else None)
        if not is_number(value):
            return self._pass_over(NO_ROWS if row is None else TOO_FEW)
        if value > threshold.limit if threshold.comparison is Comparison.ABOVE else value < threshold.limit:
            self._find(of, value)
        return None

    def _compare(self, of: _Of, now: Cells | None, before: Cells | None) -> None:
        threshold = self._rule.threshold
        assert threshold is not None
        if self._is_small(now) or self._is_small(before):
            return self._pass_over(SMALL)
        if before is None:
            return self._pass_over(NOTHING_BEFORE)
        value, was = self._value(now), self._value(before)
        if not (is_number(value) and is_number(was)):
            return self._pass_over(NOTHING_NOW if now is None else TOO_FEW)
        rise = value - was if threshold.comparison is Comparison.RISES_BY else was - value
        if rise > 0 and rise >= threshold.limit * abs(was):
            self._find(of, value, was)
        return None

    def _value(self, row: Cells | None) -> Any:
        """The figure. What isn't there was counted zero times; a mean or a share of nothing is none."""
        figure = self._rule.figure
        if figure is None:
            return None
        if row is None:
            return 0 if FIGURES[figure].kind is Kind.COUNT else None
        return row.get(figure)

    def _find(self, of: _Of, value: float | None, before: float | None = None) -> None:
        change = None if value is None or before is None else share(value - before, abs(before))
        self._outcome.findings.append(Finding(self._rule, dict(of), value, before, change))

    def _pass_over(self, why: str) -> None:
        key = self._rule.name, why
        self._outcome.passed_over[key] = self._outcome.passed_over.get(key, 0) + 1


def _of(row: Cells, keys: Sequence[str]) -> _Of:
    return tuple((name, _label(name, row[name])) for name in keys if row.get(name) is not None)


def _label(name: str, cell: Any) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if name in PERIODS and name != "hour" else f"{cell:%Y-%m-%d %H:%M}"
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _cells(finding: Finding) -> Cells:
    rule = finding.rule
    return {
        "severity": rule.severity.value,
        "rule": rule.name,
        "of": finding.subject,
        "figure": rule.figure,
        "value": finding.value,
        "before": finding.before,
        "difference": finding.change,
        "threshold": " and ".join(_conditions(rule)) or "any row",
        "labels": finding.of,
    }


def _conditions(rule: Rule) -> Iterator[str]:
    for name, allowed in rule.only.items():
        yield f"{name} is {' or '.join(allowed)}"
    if rule.threshold is not None:
        yield str(rule.threshold)
