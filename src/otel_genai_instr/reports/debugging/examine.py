"""All checks, in the order of the usual causes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ..traces.trace import Trace
from . import answers, failures, figures, models, prompts, retrieval, tools, truncation
from .finding import Finding, Verdict
from .history import History

Check = Callable[[Trace, History], Iterator[Finding]]

_SEVERITY: Final = (Verdict.PROBLEM, Verdict.WARNING)


def checks(limit: truncation.Limit) -> tuple[Check, ...]:
    """Every check. ``limit`` tells how many tokens go into a call of a model."""
    return (
        retrieval.check,
        truncation.check_with(limit),
        prompts.check,
        models.check,
        tools.check,
        failures.errors,
        failures.retries,
        answers.refusals,
        answers.empty,
        figures.cost,
        figures.latency,
    )


def examine(trace: Trace, history: History, limit: truncation.Limit) -> list[Finding]:
    """Examine a trace."""
    return [finding for check in checks(limit) for finding in check(trace, history)]


def likeliest(findings: list[Finding]) -> Finding | None:
    """The first problem, else the first warning: the order is that of the usual causes."""
    return next((finding for verdict in _SEVERITY for finding in findings if finding.verdict is verdict), None)
