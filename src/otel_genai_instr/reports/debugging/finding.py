"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..traces.trace import TraceSpan


class Verdict(StrEnum):
    """How it looks."""

    PROBLEM = "problem"
    """Likely a cause."""
    WARNING = "warning"
    """Out of the ordinary."""
    UNKNOWN = "unknown"
    """What it takes to tell isn't there."""
    OK = "ok"
    ABSENT = "n/a"
    """There is nothing in the trace that the check is about."""


@dataclass(frozen=True)
class Finding:
    """One verdict, on one span or on the whole trace."""

    check: str
    verdict: Verdict
    evidence: str
    """In words. Foreign texts in it are not cleaned."""
    span: TraceSpan | None = None


def quoted(text: object, most: int = 80) -> str:
    """A piece of a foreign text, on one line."""
    line = " ".join(str(text).split())
    return f'"{line if len(line) <= most else line[: most - 1] + "…"}"'


def listed(texts: list[str], most: int = 3) -> str:
    """The first few."""
    return ", ".join(texts[:most]) + (f" and {len(texts) - most:,} more" if len(texts) > most else "")
