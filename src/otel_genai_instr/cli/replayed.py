"""Answers of several models beside the recorded one, written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from ..semconv import attributes as names
from .conversation import say_heading, sections
from .figures import price
from .report_formats import TABLE, markdown_text
from .tables import JSON, clean_line, say, say_json, show_table

if TYPE_CHECKING:
    from ..replay.asking import Outcome

REPLAY_FORMATS: Final = (TABLE, JSON, "markdown")
_HEADERS: Final = ("", "model", "at", "answered by", "finish", "input", "output", "cost", "ms")
_NUMBERS: Final = 4
_UNKNOWN: Final = "-"


def write(trace_id: str, span_id: str, outcomes: Sequence[Outcome], notes: Sequence[str], form: str) -> None:
    """Write outcomes on standard output, the recorded one first.

    Args:
        trace_id: of the call.
        span_id: of the call.
        outcomes: what came of it, then and now.
        notes: what is not as it was.
        form: one of :data:`REPLAY_FORMATS`.
    """
    if form == JSON:
        said: list[dict[str, Any]] = [asdict(outcome) for outcome in outcomes]
        say_json(
            {"trace_id": trace_id, "span_id": span_id, "notes": list(notes), "recorded": said[0], "answers": said[1:]}
        )
        return
    rows = [_row(outcome, place == 0) for place, outcome in enumerate(outcomes)]
    if form == TABLE:
        show_table(_HEADERS, rows, numbers=_NUMBERS)
        for row, outcome in zip(rows, outcomes, strict=True):
            say()
            say_heading(clean_line(f"{row[0]}: {outcome.model}"))
            for line in _said(outcome).splitlines():
                say(f"  {clean_line(line)}".rstrip())
    else:
        say("| " + " | ".join(_HEADERS) + " |")
        say("|" + "|".join(["---"] * (len(_HEADERS) - _NUMBERS) + ["---:"] * _NUMBERS) + "|")
        for row in rows:
            say("| " + " | ".join(map(markdown_text, row)) + " |")
        for row, outcome in zip(rows, outcomes, strict=True):
            say(f"\n### {row[0]}: {markdown_text(outcome.model)}\n")
            for line in _said(outcome).splitlines():
                say(f"> {markdown_text(line)}")
    for note in notes:
        say()
        say(clean_line(f"note: {note}") if form == TABLE else f"Note: {markdown_text(note)}")


def _row(outcome: Outcome, was_recorded: bool) -> list[str]:
    cost = _UNKNOWN if outcome.cost is None else f"{price(outcome.cost)} {outcome.currency or 'USD'}"
    return [
        "recorded" if was_recorded else "now",
        outcome.model,
        outcome.host or _UNKNOWN,
        outcome.answered_model or _UNKNOWN,
        "error" if outcome.error is not None else ", ".join(outcome.finish_reasons) or _UNKNOWN,
        _count(outcome.input_tokens),
        _count(outcome.output_tokens),
        cost,
        _UNKNOWN if outcome.duration_ms is None else f"{outcome.duration_ms:,.0f}",
    ]


def _count(number: int | None) -> str:
    return _UNKNOWN if number is None else f"{number:,}"


def _said(outcome: Outcome) -> str:
    texts = [text for _, text in sections({names.OUTPUT_MESSAGES: outcome.messages})]
    if outcome.error is not None:
        texts.append(f"[error] {outcome.error}")
    return "\n".join(texts) or "(nothing was said, or it wasn't captured)"
