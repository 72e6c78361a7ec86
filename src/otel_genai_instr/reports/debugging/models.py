"""Did the model answer that was asked?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ...semconv import attributes as names
from ...trace_words import counted
from ..kinds import CALL
from ..traces.trace import Trace, TraceSpan
from .finding import Finding, Verdict
from .history import ENOUGH, History

NAME: Final = "model"
_VERSION: Final = re.compile(r"[-@:_](v[0-9]+|[0-9]{3,}|[0-9]{2,4}-[0-9]{2}(-[0-9]{2,4})?|preview|exp)([-@:_].*)?")
"""What stands behind the name that was asked for, where a version of it answers: no generation, such as ``-5``."""
_WHERE: Final = re.compile(r".*/|^(?:[a-z]+\.)+")
"""Who makes a model, and where it is served: ``openai/``, ``us.anthropic.``."""
_MOVING: Final = re.compile(r"-(latest|0)$")
_DEPLOYMENTS: Final = ("azure.", "aws.")
"""Providers that are asked for deployments and profiles, which have names of their own."""
_USUAL_SHARE: Final = 0.05


def check(trace: Trace, history: History) -> Iterator[Finding]:
    """Look at each pair of a model that was asked and one that answered once."""
    pairs: dict[tuple[str | None, str | None], list[TraceSpan]] = {}
    for call in trace.of_kind(CALL):
        if not call.failed:
            said = call.attributes.get(names.REQUEST_MODEL)
            asked = said if isinstance(said, str) and said else call.cells["model"]
            pair = (asked, call.cells["answered_model"])
            pairs.setdefault(pair, []).append(call)
    if not pairs:
        yield Finding(NAME, Verdict.ABSENT, "no call of a model that succeeded")
    for (asked, answered), calls in pairs.items():
        verdict, evidence = _verdict(asked, answered, calls[0], history)
        yield Finding(NAME, verdict, f"{evidence}; {counted(len(calls), 'call')}", calls[0])


def _verdict(asked: str | None, answered: str | None, call: TraceSpan, history: History) -> tuple[Verdict, str]:
    if asked is None or answered is None:
        return (
            Verdict.UNKNOWN,
            f"{asked or answered or 'no model'}: not both are said, which was asked and which answered",
        )
    usual = history.usual(call)
    before = usual.answered if usual is not None else None
    is_known = before is not None and before.total() >= ENOUGH
    is_usual = before is not None and is_known and before[answered] > _USUAL_SHARE * before.total()
    if before is not None and is_known and not is_usual:
        until_now, count = before.most_common(1)[0]
        told = f"{asked} was asked, {answered} answered; {until_now} answered {count:,} of {before.total():,} before"
        return (Verdict.WARNING if is_version(answered, asked) else Verdict.PROBLEM), told
    if is_version(answered, asked):
        return Verdict.OK, f"{asked} was asked, {answered} answered" if answered != asked else f"{asked}, as asked"
    if is_usual:
        return Verdict.OK, f"{asked} was asked, {answered} answered, as usual"
    if (call.cells["provider"] or "").startswith(_DEPLOYMENTS):
        return Verdict.UNKNOWN, f"{asked}, which may be a deployment, was asked, {answered} answered"
    return Verdict.PROBLEM, f"{asked} was asked, {answered} answered"


def is_version(answered: str, asked: str) -> bool:
    """Whether one is a version of the other, by its name."""
    one, other = _plain(answered), _plain(asked)
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and (long == short or _VERSION.fullmatch(long[len(short) :]) is not None)


def _plain(model: str) -> str:
    return _MOVING.sub("", _WHERE.sub("", model.lower()))
