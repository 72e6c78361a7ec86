"""What is said of a trace and its spans: in the same words in a terminal, in a notebook and on a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_USUAL_ENDINGS: Final = frozenset({"stop", "end_turn", "completed"})
_LONGEST_NAME: Final = 64


def counted(count: int, noun: str) -> str:
    """``1 span``, ``2 spans``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def one_or_many(noun: str, said: Iterable[str | None]) -> str:
    """``user ada``, or ``3 users``; empty where nobody said any."""
    each = list(dict.fromkeys(filter(None, said)))
    return f"{noun} {each[0]}" if len(each) == 1 else counted(len(each), noun) if each else ""


def score_said(name: str, score: float | None, label: str | None) -> str:
    """``relevance 0.92 pass``."""
    return " ".join(filter(None, (name, "" if score is None else f"{score:.3g}", label)))


def prompt_said(name: str | None, version: str | None) -> str:
    """``answer@3``."""
    return "@".join(word[:_LONGEST_NAME] for word in (name, version) if word)


def attempts_said(attempts: int | None) -> str:
    """``2 attempts``; nothing for a call that came through at once."""
    return f"{attempts} attempts" if attempts is not None and attempts > 1 else ""


def endings_said(reasons: Iterable[str]) -> list[str]:
    """Those finish reasons that are worth a word."""
    return [
        reason for reason in dict.fromkeys(each[:_LONGEST_NAME] for each in reasons) if reason not in _USUAL_ENDINGS
    ]
