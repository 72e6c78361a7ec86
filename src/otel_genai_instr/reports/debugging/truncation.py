"""Was something cut off: the answer, or what was asked?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from ...semconv import attributes as names
from ...semconv import values
from ...trace_words import counted
from ..kinds import CALL
from ..traces.trace import Trace, TraceSpan
from .finding import Finding, Verdict
from .history import History
from .words import finish_reasons

NAME: Final = "truncation"
Limit = Callable[[str, str], int | None]
"""From a provider and a model to the most tokens that go into a call of it, in and out; ``None`` for unknown."""
_CUT: Final = frozenset({"length", "max_tokens", "max_output_tokens", "model_context_window_exceeded"})
_NEARLY: Final = 0.9
_HIDDEN: Final = 0.9
"""Of the output, from which on reasoning took it all."""


def check_with(limit: Limit) -> Callable[[Trace, History], Iterator[Finding]]:
    """The check, with what tells the limits of models."""
    return partial(_check, limit)


def _check(limit: Limit, trace: Trace, history: History) -> Iterator[Finding]:
    calls = [call for call in trace.of_kind(CALL) if call.cells["operation"] in values.INFERENCE_OPERATIONS]
    if not calls:
        yield Finding(NAME, Verdict.ABSENT, "no call of a model that answers in words")
        return
    fine = [call for call in calls if not call.failed]
    found = [finding for call in fine for finding in _of_call(call, limit)]
    yield from found
    if not found:
        yield _summary(fine, limit)


def _of_call(call: TraceSpan, limit: Limit) -> Iterator[Finding]:
    reasons = [reason for reason in finish_reasons(call) if reason.lower() in _CUT]
    used = _use(call, limit)
    if reasons:
        yield Finding(NAME, Verdict.PROBLEM, _cut_off(call, reasons[0], used), call)
    elif used is not None and _NEARLY <= used[0] / used[1] <= 1:
        evidence = f"{_share(used)}: little is left for the answer, and what an app cuts to fit is not seen here"
        yield Finding(NAME, Verdict.WARNING, evidence, call)
    if call.attributes.get(names.CONVERSATION_COMPACTED) is True:
        yield Finding(NAME, Verdict.WARNING, "the conversation was compacted: the model saw a summary of it", call)


def _cut_off(call: TraceSpan, reason: str, used: tuple[int, int] | None) -> str:
    output, reasoning = call.cells["output_tokens"], call.cells["reasoning_tokens"]
    evidence = f"finish reason {reason}: the answer was cut off"
    if output is not None:
        evidence += f" after {counted(output, 'token')}"
    asked = call.attributes.get(names.REQUEST_MAX_TOKENS)
    if isinstance(asked, int):
        evidence += f", at most {asked:,} were asked for"
    if output and reasoning and reasoning >= _HIDDEN * output:
        evidence += f"; {reasoning:,} of them were reasoning that nobody sees"
    return f"{evidence}; {_share(used)}" if used is not None and used[0] <= used[1] else evidence


def _use(call: TraceSpan, limit: Limit) -> tuple[int, int] | None:
    """How many tokens are in the context, and how many may be; ``None`` where one of the two isn't known."""
    tokens, provider = call.cells["input_tokens"], call.cells["provider"]
    models = (call.cells["answered_model"], call.cells["model"])
    found = (limit(provider or "", model) for model in models if model is not None)
    most = next((each for each in found if each is not None), None)
    return None if tokens is None or most is None else (tokens + (call.cells["output_tokens"] or 0), most)


def _share(used: tuple[int, int]) -> str:
    return f"{used[0]:,} of {used[1]:,} tokens of context used ({100 * used[0] / used[1]:.0f} %)"


def _summary(calls: list[TraceSpan], limit: Limit) -> Finding:
    said = [call for call in calls if finish_reasons(call)]
    uses = [used for call in calls if (used := _use(call, limit)) is not None and used[0] <= used[1]]
    most = max(uses, key=lambda used: used[0] / used[1], default=None)
    context = f"at most {_share(most)}" if most else "the limit of the model isn't known"
    if not said:
        return Finding(NAME, Verdict.UNKNOWN, f"no call says why it ended; {context}")
    reasons = ", ".join(dict.fromkeys(reason for call in said for reason in finish_reasons(call)))
    return Finding(NAME, Verdict.OK, f"{counted(len(said), 'answer')} ended with {reasons}; {context}")
