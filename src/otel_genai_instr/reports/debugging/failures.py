"""What failed, and what went well only after it was tried again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...semconv import SCOPE
from ...trace_words import counted
from ..kinds import CALL, RETRIEVAL, TOOL
from ..traces.trace import Trace, TraceSpan
from .finding import Finding, Verdict, listed, quoted
from .history import History
from .tools import message_of

ERRORS: Final = "errors"
RETRIES: Final = "retries"


def errors(trace: Trace, history: History) -> Iterator[Finding]:
    """Look where errors began. Those of tools and retrievals have checks of their own."""
    parents = {span.parent_id for span in trace.spans if span.failed}
    first = [
        span
        for span in trace.spans
        if span.failed and span.span_id not in parents and span.kind not in (TOOL, RETRIEVAL)
    ]
    root = trace.root()
    for span in first:
        verdict = Verdict.PROBLEM if root.failed else Verdict.WARNING
        yield Finding(ERRORS, verdict, _told(span, went_on=not root.failed), span)
    if not first:
        yield Finding(
            ERRORS,
            Verdict.OK,
            f"none of {counted(len(trace.spans), 'span')} failed" if not parents else "only those above",
        )


def _told(span: TraceSpan, *, went_on: bool) -> str:
    status, message = span.cells["http_status"], message_of(span)
    told = f"{span.cells['error'] or 'an error'}"
    if status is not None and str(status) != told:
        told += f", HTTP {status}"
    if message:
        told += f": {quoted(message, 160)}"
    return f"{told}; the trace went on" if went_on else told


def retries(trace: Trace, history: History) -> Iterator[Finding]:
    """Look at how often calls were sent."""
    calls = trace.of_kind(CALL)
    # We say how often only where it was more than once.
    known = [call for call in calls if call.cells["attempts"] is not None or call.cells["scope"] == SCOPE]
    again = [call for call in known if (call.cells["attempts"] or 1) > 1]
    for call in again:
        ended = "failed all the same" if call.failed else "succeeded in the end"
        sent = call.cells["attempts"]
        yield Finding(
            RETRIES,
            Verdict.WARNING,
            f"sent {sent} times within {call.cells['duration_ms'] or 0:,.0f} ms; {ended}",
            call,
        )
    if again:
        return
    if not calls:
        yield Finding(RETRIES, Verdict.ABSENT, "no call of a model")
    elif not known:
        yield Finding(RETRIES, Verdict.UNKNOWN, "no call says how often it was sent")
    else:
        models = listed(list(dict.fromkeys(call.cells["model"] or "?" for call in known)))
        yield Finding(RETRIES, Verdict.OK, f"{counted(len(known), 'call')} of {models} sent once")
