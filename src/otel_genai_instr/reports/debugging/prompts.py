"""Was it the version of the prompt that was in force that day?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...trace_words import counted
from ..kinds import CALL
from ..traces.trace import Trace, TraceSpan
from .finding import Finding, Verdict
from .history import ENOUGH, History

NAME: Final = "prompt version"
_FEW: Final = 0.2
"""Of the calls of a day, up to which a version is not the one in force."""
_MOST: Final = 0.5


def check(trace: Trace, history: History) -> Iterator[Finding]:
    """Look at each version of each prompt once."""
    seen: dict[tuple[str, str | None], TraceSpan] = {}
    for call in trace.of_kind(CALL):
        if call.cells["prompt"] is not None:
            seen.setdefault((call.cells["prompt"], call.cells["prompt_version"]), call)
    if not seen:
        yield Finding(NAME, Verdict.ABSENT, "no call names its prompt")
    for (prompt, version), call in seen.items():
        verdict, evidence = _verdict(prompt, version, call, history)
        yield Finding(NAME, verdict, evidence, call)


def _verdict(prompt: str, version: str | None, call: TraceSpan, history: History) -> tuple[Verdict, str]:
    said = f"{prompt} in version {version}" if version is not None else f"{prompt} without a version"
    day = call.started_at.date()
    versions = history.prompt_versions(prompt, day)
    if versions is None:
        return Verdict.UNKNOWN, f"{said}; there is nothing to compare it with here"
    calls = versions.total()
    if calls < ENOUGH:
        return Verdict.UNKNOWN, f"{said}; not enough data on {day} (n = {calls:,})"
    usual, most = versions.most_common(1)[0]
    same = versions[version or ""]
    if same <= _FEW * calls and most >= _MOST * calls and usual != (version or ""):
        in_force = f"version {usual}" if usual else "no version"
        return Verdict.WARNING, f"{said}, but {most:,} of {counted(calls, 'call')} on {day} used {in_force}"
    return Verdict.OK, f"{said}, as {same:,} of {counted(calls, 'call')} on {day}"
