"""How an operation can end, and what that means for its span: one table for calls and blocks."""

from __future__ import annotations

from enum import Enum
from typing import Final

from ..records import frozen
from ..semconv import values


class Ending(Enum):
    """How an operation can end."""

    COMPLETE = "complete"
    """The call returned, or its stream was read to the end."""
    STOPPED = "stopped"
    """The caller closed the stream early, broke out of it, dropped it, or never read it."""
    FAILED = "failed"
    """Any other exception: the provider's, the network's, the user's, cancellation, interrupt."""


@frozen
class EndingRule:
    """What an ending means for the span."""

    is_error: bool
    """Status ERROR and ``error.type``; otherwise the status stays UNSET."""
    open_choice: str | None
    """Finish reason of a choice that got none; ``None`` leaves it out."""


ENDINGS: Final = {
    Ending.COMPLETE: EndingRule(is_error=False, open_choice=None),
    Ending.STOPPED: EndingRule(is_error=False, open_choice=None),
    Ending.FAILED: EndingRule(is_error=True, open_choice=values.FINISH_ERROR),
}
