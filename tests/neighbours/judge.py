"""Compares the same calls with and without somebody: each has to get, to send and to tell what it would alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

Call = Mapping[str, Any]
"""What ``program`` wrote of one call."""
Calls = Mapping[str, Call]
"""The same for each form."""

TURNED_OFF: Final = "turned off"
PHASES: Final = ("calls", TURNED_OFF, "turned on again")

LONGEST: Final = 160
"""Characters of a value that are shown."""


@dataclass(frozen=True)
class Problem:
    """Something is not as it is without us, or our span not as it is without the neighbour."""

    phase: str
    """``calls``, ``turned off`` or ``turned on again``."""
    form: str
    part: str
    """``got``, ``sent``, ``left current``: of the app; ``ours``, ``theirs``: telemetry."""
    difference: str

    def __str__(self) -> str:
        return f"{self.phase}: {self.form}: {self.part}{self.difference}"


def problems(both: Mapping[str, Calls], theirs_alone: Calls, ours_alone: Calls) -> Iterator[Problem]:
    """Everything that is wrong with a process that has both."""
    for phase in PHASES:
        for form, call in both[phase].items():
            ours = [] if phase == TURNED_OFF else _our_spans(call, theirs_alone[form], ours_alone[form])
            for part, expected in {**theirs_alone[form], "ours": ours}.items():
                for difference in differences(expected, call[part]):
                    yield Problem(phase, form, part, difference)


def _our_spans(call: Call, theirs_alone: Call, ours_alone: Call) -> list[object]:
    """The spans that we owe for a call."""
    if not call["sent"]:
        return call["ours"][:1]  # where the neighbour waits to be awaited, the SDK may not, and then neither do we
    if _done(theirs_alone) != _done(ours_alone):
        return call["ours"][:1] or [
            "one span"
        ]  # it changes the request, or what the app does: another call, another span
    return ours_alone["ours"]


def _done(call: Call) -> object:
    """What was said between the app and the server, whatever it was wrapped in."""
    return [seen.get("content", seen) for seen in call["got"]], [request["body"] for request in call["sent"]]


def own_problems(ours_alone: Calls) -> Iterator[Problem]:
    """What is wrong without any neighbour: not one span for what was sent, or no tokens and cost of a whole answer."""
    for form, call in ours_alone.items():
        spans = call["ours"]
        if len(spans) > 1 or (call["sent"] and not spans):
            yield Problem("calls", form, "ours", f": {len(spans)} spans")
        elif call["complete"]:
            for name in ("gen_ai.usage.input_tokens", "gen_ai.usage.cost.amount"):
                if name not in spans[0]["attributes"]:
                    yield Problem("calls", form, "ours", f": no {name}")


def differences(expected: object, actual: object, path: str = "") -> Iterator[str]:
    """Where ``actual`` isn't ``expected``."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        left, right = cast("dict[str, object]", expected), cast("dict[str, object]", actual)
        for key in dict.fromkeys([*left, *right]):
            yield from differences(left.get(key), right.get(key), f"{path}.{key}")
    elif isinstance(expected, list) and isinstance(actual, list):
        wanted, found = cast("list[object]", expected), cast("list[object]", actual)
        if len(wanted) != len(found):
            yield f"{path}: {_short(wanted)} is {_short(found)}"
            return
        for at, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(one, other, f"{path}[{at}]")
    elif expected != actual:
        yield f"{path}: {_short(expected)} is {_short(actual)}"


def _short(value: Any) -> str:
    text = f"{len(value)} × {value}" if isinstance(value, list) else repr(value)  # pyright: ignore[reportUnknownArgumentType]
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
