"""The one guard between our faults and the user's call.

A fault of ours is logged once per place and type, counted, and the call goes on. The log has where it happened and the
class of its error, never the text: that may quote what was said, and what was on its way already, such as the refusal
of a provider, quotes it often. Our own tests set ``strict`` so that the same fault is raised where it happens.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable
from typing import ParamSpec

from opentelemetry.instrumentation.utils import suppress_instrumentation

from . import log

_lock = threading.RLock()  # a signal handler that interrupts its holder may come here, too
_counts: dict[tuple[str, str], int] = {}

_P = ParamSpec("_P")

strict = False
"""Raise instead of swallowing; for our own tests only."""


def _free_the_lock() -> None:
    """In a forked child nobody is left to release a lock that another thread held."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_the_lock)


def report(place: str, error: Exception) -> None:
    """Count and log ``error``, which happened in ``place`` while the user's call went on.

    Raises:
        Exception: ``error`` itself, when ``strict`` is set.
    """
    key = (place, type(error).__qualname__)
    with _lock:
        seen = _counts.get(key, 0)
        _counts[key] = seen + 1
    if strict:
        raise error
    if not seen:
        # Without suppression, a logging integration could call us back.
        with suppress_instrumentation():
            log.warning(
                "Internal error in %s (%s); the call was not affected and this is logged once.\n%s",
                place,
                key[1],
                "".join(traceback.format_tb(error.__traceback__)).rstrip(),
            )


def run(place: str, function: Callable[_P, object], *args: _P.args, **kwargs: _P.kwargs) -> None:
    """Call a function of ours whose fault must not reach the caller."""
    try:
        function(*args, **kwargs)
    except Exception as fault:
        report(place, fault)


def counts() -> dict[tuple[str, str], int]:
    """How many faults were kept from the app so far, by place and exception type."""
    with _lock:
        return dict(_counts)


def reset() -> None:
    """Forget all faults; for tests."""
    with _lock:
        _counts.clear()
