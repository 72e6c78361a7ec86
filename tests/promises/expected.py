"""What the telemetry of a cell must say: the table of endings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from ..support.under_test import Case, Ending, Form


class Got(Enum):
    """How much of the answer came through."""

    ALL = "all"
    """Tokens and finish reasons are there."""
    PART = "part"
    """A stream that broke off: a choice is open, and of the tokens only what was told by then is known."""
    NOTHING = "nothing"


@dataclass(frozen=True)
class Expected:
    """One row of the table."""

    status: str
    """``ERROR`` goes with the class of the exception that the user got, as ``error.type``."""
    got: Got
    operations: int = 1


_STREAMED: Final = {
    Ending.DRAINED: Expected("UNSET", Got.ALL),
    Ending.CLOSED: Expected("UNSET", Got.PART),
    Ending.BROKEN_OFF: Expected("UNSET", Got.PART),
    Ending.GENERATOR_CLOSED: Expected("UNSET", Got.PART),
    Ending.ABANDONED: Expected("UNSET", Got.PART),
    Ending.NEVER_READ: Expected("UNSET", Got.NOTHING),
    Ending.REFUSED: Expected("ERROR", Got.NOTHING),
    Ending.UNREACHABLE: Expected("ERROR", Got.NOTHING),
    Ending.MIDWAY: Expected("ERROR", Got.PART),
    Ending.USER_ERROR: Expected("ERROR", Got.PART),
    Ending.INTERRUPTED: Expected("ERROR", Got.PART),
    Ending.CANCELLED: Expected("ERROR", Got.PART),
    Ending.ELSEWHERE: Expected("UNSET", Got.ALL),
    Ending.INTERLEAVED: Expected("UNSET", Got.ALL, operations=2),
    Ending.CALL_INSIDE: Expected("UNSET", Got.ALL, operations=2),
}


def expected_of(case: Case) -> Expected:
    """The row of a cell. Half a JSON body tells nothing, so without chunks there is no "part" of an answer."""
    row = _STREAMED[case.ending]
    if case.form is Form.RAW and case.ending is Ending.NEVER_READ:
        return Expected(row.status, Got.ALL)  # the SDK has read the body; the user may or may not parse it
    if row.got is Got.PART and not case.form.streams:
        return Expected(row.status, Got.NOTHING)
    return row
