"""A trace that was examined, for people: the tree, what was said, the checks; and for programs."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ..exporters.cells import cell_width, clip
from ..exporters.layout import Style, render
from ..exporters.reading import record_of
from ..exporters.streams import style_for
from ..exporters.traces import Mark, Piece, SpanRecord
from ..reports.debugging.examine import likeliest
from ..reports.debugging.finding import Finding, Verdict
from ..reports.traces.trace import Trace, TraceSpan
from ..trace_words import score_said
from .conversation import say_heading, sections, show_content
from .figures import counted
from .tables import clean_line, say, say_json

_CODES: Final = {
    Verdict.PROBLEM: ("1", "31"),
    Verdict.WARNING: ("33",),
    Verdict.UNKNOWN: ("2",),
    Verdict.OK: ("32",),
    Verdict.ABSENT: ("2",),
}
_ASIDE: Final = ("tools", "system")
"""Sections that a preview leaves out."""
_LAST_SECTIONS: Final = 3
"""Of one span, that a preview shows."""
_MOST_PREVIEWS: Final = 12
"""Spans of one trace whose content a preview shows."""
_LEAST_WIDTH: Final = 40


@dataclass(frozen=True)
class Examined:
    """A trace, and what the checks say of it."""

    trace: Trace
    findings: list[Finding]


def show(examined: Sequence[Examined], *, with_content: bool) -> None:
    """Write traces on standard output."""
    style = style_for(sys.stdout)
    for number, each in enumerate(examined):
        if number:
            say()
        say(render(piece_of(each.trace), style).rstrip("\n"))
        for note in each.trace.notes:
            say(clean_line(f"note: {note}"))
        if with_content:
            _show_all(each.trace)
        else:
            _show_previews(each.trace, style)
        _show_findings(each.findings, style)


def piece_of(trace: Trace) -> Piece:
    """The trace as the waterfall draws it."""
    known = {span.span_id for span in trace.spans}
    records = [_record(span, known) for span in trace.spans]
    scores: dict[int, tuple[str, ...]] = {}
    for score in trace.scores:
        span_id = int(score["span_id"], 16)
        scores[span_id] = (*scores.get(span_id, ()), score_said(score["name"] or "", score["score"], score["label"]))
    for record in records:
        record.scores = scores.get(record.span_id, ())
    start, end = min(record.start_ns for record in records), max(record.end_ns for record in records)
    return Piece(int(trace.trace_id, 16), records, Mark.WHOLE, start, end)


def _record(span: TraceSpan, known: set[str]) -> SpanRecord:
    parent = span.parent_id
    return record_of(
        trace_id=int(span.cells["trace_id"], 16),
        span_id=int(span.span_id, 16),
        parent_id=int(parent, 16) if parent in known else None,
        local_root=parent is None or parent not in known or span.parent_is_remote,
        name=span.name,
        start_ns=span.start_ns,
        end_ns=span.end_ns,
        service=span.cells["service"],
        scope=span.cells["scope"] or "",
        attributes=span.facts,
        failed=span.failed,
        events=[event.attributes for event in span.events],
    )


def _show_all(trace: Trace) -> None:
    for span in trace.spans:
        if content := span.content:
            say()
            say_heading(clean_line(f"{span.name} ({span.span_id})"))
            show_content(content)


def _show_previews(trace: Trace, style: Style) -> None:
    with_content = [span for span in trace.spans if span.content]
    if not with_content:
        return
    say()
    say(style.paint("content", "1") + style.paint("  the end of it; --content shows all", "2"))
    for span in with_content[:_MOST_PREVIEWS]:
        said = [(heading, text) for heading, text in sections(span.content) if heading not in _ASIDE]
        say(clip(f"  {clean_line(span.name)} ({span.span_id})", style.width, style.glyphs.ellipsis))
        for heading, text in said[-_LAST_SECTIONS:]:
            line = clean_line(f"    {heading}: {' '.join(text.split())}"[: 4 * style.width])
            say(clip(line, style.width, style.glyphs.ellipsis))
    if len(with_content) > _MOST_PREVIEWS:
        say(f"  and of {counted(len(with_content) - _MOST_PREVIEWS, 'more span')}")


def _show_findings(findings: Sequence[Finding], style: Style) -> None:
    say()
    say(style.paint("checks", "1"))
    left = max(cell_width(finding.check) for finding in findings)
    edge = " " * (2 + len(Verdict.PROBLEM.value) + 2 + left + 2)
    for finding in findings:
        verdict = style.paint(finding.verdict.value.ljust(len(Verdict.PROBLEM.value)), *_CODES[finding.verdict])
        where = f" ({finding.span.name} {finding.span.span_id})" if finding.span is not None else ""
        lines = textwrap.wrap(
            clean_line(finding.evidence + where), max(style.width - len(edge), _LEAST_WIDTH), break_on_hyphens=False
        )
        say(f"  {verdict}  {finding.check.ljust(left)}  {lines[0]}")
        for line in lines[1:]:
            say(edge + line)
    say()
    say("\n".join(textwrap.wrap(clean_line(_conclusion(findings)), max(style.width, _LEAST_WIDTH))))


def _conclusion(findings: Sequence[Finding]) -> str:
    cause = likeliest(list(findings))
    if cause is None:
        return "nothing stands out"
    problems = sum(finding.verdict is Verdict.PROBLEM for finding in findings)
    warnings = sum(finding.verdict is Verdict.WARNING for finding in findings)
    said = [counted(number, what) for number, what in ((problems, "problem"), (warnings, "warning")) if number]
    return f"{', '.join(said)}; look first at {cause.check}: {cause.evidence}"


def write(examined: Sequence[Examined], *, with_content: bool) -> None:
    """Write traces on standard output as JSON."""
    say_json({"traces": [_as_json(each, with_content) for each in examined]})


def _as_json(each: Examined, with_content: bool) -> dict[str, Any]:
    cause = likeliest(each.findings)
    return {
        "trace_id": each.trace.trace_id,
        "notes": each.trace.notes,
        "spans": [_span_as_json(span, with_content) for span in each.trace.spans],
        "scores": [_score_as_json(score) for score in each.trace.scores],
        "findings": [_finding_as_json(finding) for finding in each.findings],
        "likeliest": None if cause is None else _finding_as_json(cause),
    }


def _span_as_json(span: TraceSpan, with_content: bool) -> dict[str, Any]:
    cells = {
        name: cell for name, cell in span.cells.items() if cell is not None and name not in ("started_at", "trace_id")
    }
    start = datetime.fromtimestamp(span.start_ns / 1e9, UTC)
    said: dict[str, Any] = {**cells, "started_at": _moment(start), "status_message": span.status_message}
    return {**said, "content": span.content} if with_content else said


def _score_as_json(score: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: cell for name, cell in score.items() if cell is not None and name not in ("at", "trace_id")}
    return {**said, "at": _moment(score["at"].replace(tzinfo=UTC))}


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _finding_as_json(finding: Finding) -> dict[str, Any]:
    span = finding.span
    return {
        "check": finding.check,
        "verdict": finding.verdict.value,
        "evidence": finding.evidence,
        "span_id": None if span is None else span.span_id,
        "span_name": None if span is None else span.name,
    }
