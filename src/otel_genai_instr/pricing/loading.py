"""Loading price data once, in the background where possible, and safely around ``os.fork``."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable

from .. import log
from .source import NoPrices, PriceSource

# A fork waits this long at most for a load that is under way: some 20 ms, or 0.3 s without compiled files.
_FORK_PATIENCE = 10.0
_EXIT_PATIENCE = 2.0  # seconds


class _Gate:
    """Lets one load run at a time and no fork happen during it.

    A child forked while another thread imports inherits import locks that nobody will release.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._held_for_fork = threading.local()
        atexit.register(self._close)
        if sys.platform != "win32":
            os.register_at_fork(
                before=self._before_fork,
                after_in_parent=self._after_fork_in_parent,
                after_in_child=self._after_fork_in_child,
            )

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *exception: object) -> None:
        self._lock.release()

    def _close(self) -> None:
        """The process ends: let a load end, and no other one begin.

        A daemon thread that is stopped inside an import keeps its lock; a finaliser that imports would wait forever.
        """
        self._lock.acquire(timeout=_EXIT_PATIENCE)

    def _before_fork(self) -> None:
        self._held_for_fork.value = False  # should the wait be interrupted
        self._held_for_fork.value = self._lock.acquire(timeout=_FORK_PATIENCE)

    def _after_fork_in_parent(self) -> None:
        if self._held_for_fork.value:
            self._lock.release()

    def _after_fork_in_child(self) -> None:
        if self._held_for_fork.value:
            self._lock.release()
        else:
            self._lock = threading.RLock()


gate = _Gate()
"""Held while anything is loaded."""


def in_background(work: Callable[[], object]) -> bool:
    """Do the work in a daemon thread; return whether one could be started. At the end of a process none can."""
    try:
        threading.Thread(target=work, name="otel-genai-prices", daemon=True).start()
    except RuntimeError:
        return False
    return True


class LazySource:
    """A price source that is loaded when it is first needed, or ahead of that by :meth:`start`."""

    def __init__(self, load: Callable[[], PriceSource]) -> None:
        self._load = load
        self._loaded: PriceSource | None = None
        self._started_in: int | None = None

    def when_replaced(self, forget: Callable[[], None]) -> None:
        """Have ``forget`` called when other prices take the place of these: here never."""

    def start(self) -> None:
        """Start loading in a daemon thread. Cheap to call again; a forked child starts its own."""
        if self._loaded is not None:
            return
        process = os.getpid()
        if self._started_in == process:
            return
        self._started_in = process
        in_background(self.get)

    def get(self) -> PriceSource:
        """Return the source. Loads it here, or waits for the thread that does, if it isn't there yet."""
        if self._loaded is not None:
            return self._loaded
        with gate:
            if self._loaded is None:
                self._loaded = self._load_or_give_up()
            return self._loaded

    def _load_or_give_up(self) -> PriceSource:
        try:
            return self._load()
        except Exception as error:  # whatever a broken installation raises at import
            log.warning(
                "No price data: calls will carry no cost. Is genai-prices installed and intact? (%s: %s)",
                type(error).__name__,
                error,
            )
            return NoPrices()


def _load_bundled_prices() -> PriceSource:
    # Imported here: it brings pydantic and 1.6 MB of data, which an app that makes no call never pays for.
    from .lists.bundled import BundledSource
    from .lists.genai_prices_source import GenaiPricesSource

    return BundledSource(GenaiPricesSource())


bundled_prices = LazySource(_load_bundled_prices)
"""The prices of the installed ``genai-prices`` and our own table, shared by all pricers of the process."""
