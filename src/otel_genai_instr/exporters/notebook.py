"""Whether this is a notebook, and how something is shown in it. IPython is never imported where nobody runs it."""

from __future__ import annotations

import os
import sys
from typing import Any, Final, Protocol

_PROCESS: Final = os.getpid()


class Showable(Protocol):
    """What a front end chooses the best form of."""

    def _repr_html_(self) -> str: ...


def show(what: Showable) -> bool:
    """Show it below the cell that runs, if there is one; return whether that was done."""
    if os.getpid() != _PROCESS:
        return False  # a forked child has no connection to the front end of its own
    ipython: Any = sys.modules.get("IPython")
    try:
        shell = ipython.get_ipython()
        # Of the shells only that of a kernel has one: a terminal shows no HTML.
        if shell is None or getattr(shell, "kernel", None) is None:
            return False
        ipython.display.display(what)
    except Exception:  # there is no IPython, or its kernel is about to end
        return False
    return True
