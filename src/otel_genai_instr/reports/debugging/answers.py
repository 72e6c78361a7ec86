"""Did the model answer at all, or refuse to?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ...semconv import own, values
from ...trace_words import counted
from ..kinds import CALL
from ..traces.trace import Trace, TraceSpan
from .finding import Finding, Verdict, quoted
from .history import History
from .words import finish_reasons, output_parts, output_text

REFUSALS: Final = "refusals"
EMPTY: Final = "empty answers"
_REFUSED: Final = frozenset(
    {
        "content_filter",
        "refusal",
        "safety",
        "recitation",
        "blocklist",
        "prohibited_content",
        "spii",
        "guardrail_intervened",
    }
)
_SORRY: Final = re.compile(
    r"\W*(i.?m (very |really )?sorry|sorry|i apologi[sz]e|unfortunately)?\W*(but )?"
    r"i(.m (not able|unable) to| (can.?t|cannot|can not|am (not able|unable) to|won.?t|must decline))\b",
    re.IGNORECASE,
)
"""How answers begin that refuse, in English."""


def refusals(trace: Trace, history: History) -> Iterator[Finding]:
    """Look at why calls ended, and at how their answers begin."""
    calls = _answered(trace)
    found = [finding for call in calls for finding in _refused(call)]
    yield from found
    if found:
        return
    if not calls:
        yield Finding(REFUSALS, Verdict.ABSENT, "no call of a model that answers in words")
    elif not any(finish_reasons(call) for call in calls):
        yield Finding(REFUSALS, Verdict.UNKNOWN, "no call says why it ended")
    else:
        read = sum(output_parts(call) is not None for call in calls)
        words = f"{read:,} of them read" if read else "not read: they weren't captured"
        yield Finding(REFUSALS, Verdict.OK, f"none of {counted(len(calls), 'answer')} by its finish reason; {words}")


def _refused(call: TraceSpan) -> Iterator[Finding]:
    for reason in finish_reasons(call):
        if reason.lower() in _REFUSED:
            yield Finding(
                REFUSALS, Verdict.PROBLEM, f"finish reason {reason}: the answer was refused or filtered", call
            )
            return
    text = output_text(call)
    if text and _SORRY.match(text):
        yield Finding(REFUSALS, Verdict.WARNING, f"the answer reads like a refusal: {quoted(text)}", call)


def empty(trace: Trace, history: History) -> Iterator[Finding]:
    """Look whether something came back."""
    calls = _answered(trace)
    found = [call for call in calls if _is_empty(call)]
    for call in found:
        reasons = ", ".join(finish_reasons(call)) or "unknown"
        output = call.cells["output_tokens"]
        tokens = "" if output is None else f", {counted(output, 'output token')}"
        yield Finding(
            EMPTY,
            Verdict.PROBLEM,
            f"neither text nor a call of a tool came back (finish reason {reasons}{tokens})",
            call,
        )
    if found:
        return
    known = [call for call in calls if _is_empty(call) is False]
    if not calls:
        yield Finding(EMPTY, Verdict.ABSENT, "no call of a model that answers in words")
    elif not known:
        yield Finding(EMPTY, Verdict.UNKNOWN, "answers weren't captured, and no call says how long its answer is")
    else:
        yield Finding(EMPTY, Verdict.OK, f"{counted(len(known), 'answer')} with something in it")


def _answered(trace: Trace) -> list[TraceSpan]:
    calls = trace.of_kind(CALL)
    return [call for call in calls if call.cells["operation"] in values.INFERENCE_OPERATIONS and not call.failed]


def _is_empty(call: TraceSpan) -> bool | None:
    """``None`` where that can't be told."""
    parts = output_parts(call)
    if parts is not None:
        return not any(
            part.get("type") not in ("text", "reasoning") or str(part.get("content") or "").strip() for part in parts
        )
    if call.attributes.get(own.OUTPUT_TOOL_NAMES):
        return False
    length, tokens = call.cells["output_length"], call.cells["output_tokens"]
    if length is not None:
        return length == 0
    return None if tokens is None else tokens == 0
