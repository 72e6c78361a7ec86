"""What a call cost and how long it took, against such calls before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ...trace_words import counted
from ..kinds import CALL
from ..traces.trace import Trace, TraceSpan
from .finding import Finding, Verdict
from .history import DAYS, ENOUGH, History, Spread, Usual

COST: Final = "cost"
LATENCY: Final = "latency"
_TIMES: Final = 2.0
"""The median, from which on a figure stands out, if it is above that of 95 % as well."""
_MANY_TIMES: Final = 5.0
_LEAST_MS: Final = 100.0
"""Above the median, below which nobody waits."""


def cost(trace: Trace, history: History) -> Iterator[Finding]:
    """Compare what each call cost."""
    calls = trace.of_kind(CALL)
    unpriced = [call for call in calls if call.cells["cost"] is None and not call.failed]
    for call in unpriced:
        reason = call.cells["unpriced_reason"] or "no reason is said"
        yield Finding(COST, Verdict.WARNING, f"not known: {reason.replace('_', ' ')}", call)
    priced = [call for call in calls if call.cells["cost"] is not None]
    if priced or not unpriced:
        yield from _compared(COST, priced, history, lambda usual: usual.cost, _cost_told)


def latency(trace: Trace, history: History) -> Iterator[Finding]:
    """Compare how long each call took."""
    calls = [call for call in trace.of_kind(CALL) if call.cells["duration_ms"] is not None]
    yield from _compared(LATENCY, calls, history, lambda usual: usual.duration_ms, _latency_told)


def _compared(
    check: str,
    calls: list[TraceSpan],
    history: History,
    part: Callable[[Usual], Spread | None],
    told: Callable[[TraceSpan], tuple[float, Callable[[float], str]]],
) -> Iterator[Finding]:
    if not calls:
        yield Finding(check, Verdict.ABSENT, "no call of a model to compare")
        return
    fewest: list[int] = []
    fine = 0
    nobody_knows = False
    for call in calls:
        usual = history.usual(call)
        spread = part(usual) if usual is not None else None
        nobody_knows |= usual is None
        if usual is None or spread is None or spread.calls < ENOUGH:
            fewest.append(spread.calls if spread is not None else 0)
            continue
        amount, written = told(call)
        verdict = _verdict(check, amount, spread)
        if verdict is Verdict.OK:
            fine += 1
        else:
            yield Finding(check, verdict, _out_of_line(call, amount, written, spread, usual), call)
    amounts = _largest(calls, told)
    if nobody_knows:
        yield Finding(check, Verdict.UNKNOWN, f"{amounts}; there is nothing to compare it with here")
    elif fewest:
        few = (
            f"{amounts}; not enough data on {counted(len(fewest), 'call')} like it in {DAYS} days (n = {min(fewest):,})"
        )
        yield Finding(check, Verdict.UNKNOWN, few)
    elif fine == len(calls):
        yield Finding(check, Verdict.OK, _in_line(calls, history, part, told))


def _verdict(check: str, amount: float, spread: Spread) -> Verdict:
    if amount <= max(spread.high, _TIMES * spread.median) or (check == LATENCY and amount - spread.median < _LEAST_MS):
        return Verdict.OK
    return Verdict.PROBLEM if amount > _MANY_TIMES * spread.median else Verdict.WARNING


def _out_of_line(call: TraceSpan, amount: float, written: Callable[[float], str], spread: Spread, usual: Usual) -> str:
    times = f", {amount / spread.median:.1f} times the median" if spread.median > 0 else "; the median is"
    tokens = [
        f"{value:,} {name} tokens instead of {of.median:,.0f}"
        for name, of in (("input", usual.input_tokens), ("output", usual.output_tokens))
        if of is not None and (value := call.cells[f"{name}_tokens"]) is not None and value > _TIMES * of.median
    ]
    attempts = call.cells["attempts"]
    if attempts is not None and attempts > 1:
        tokens.append(f"{attempts} attempts")
    why = f"; {', '.join(tokens)}" if tokens else ""
    compared = f"{written(spread.median)} of {spread.calls:,} such calls (95 % below {written(spread.high)})"
    return f"{written(amount)}{times} {compared}{why}"


def _in_line(
    calls: list[TraceSpan],
    history: History,
    part: Callable[[Usual], Spread | None],
    told: Callable[[TraceSpan], tuple[float, Callable[[float], str]]],
) -> str:
    call = max(calls, key=lambda each: told(each)[0])
    usual = history.usual(call)
    spread = part(usual) if usual is not None else None
    amount, written = told(call)
    assert spread is not None, "all calls were compared"
    return f"{written(amount)} at most a call; the median of {spread.calls:,} such calls is {written(spread.median)}"


def _largest(calls: list[TraceSpan], told: Callable[[TraceSpan], tuple[float, Callable[[float], str]]]) -> str:
    call = max(calls, key=lambda each: told(each)[0])
    amount, written = told(call)
    return f"{written(amount)} at most a call"


def _cost_told(call: TraceSpan) -> tuple[float, Callable[[float], str]]:
    currency = call.cells["currency"] or "USD"
    return call.cells[
        "cost"
    ], lambda amount: f"{amount:.3g} {currency}" if amount >= 1e-4 else f"{amount:.3e} {currency}"


def _latency_told(call: TraceSpan) -> tuple[float, Callable[[float], str]]:
    return call.cells["duration_ms"], lambda amount: f"{amount:,.0f} ms"
