"""Loading price data once, in the background where possible, and safely around ``os.fork``."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Generator
from typing import Final

from .. import log
from .source import NoPrices, NotLoaded, PriceSource

# How long somebody waits at most for a load that is under way: some 20 ms, or 0.3 s without compiled files. In seconds.
_CALL_PATIENCE: Final = 5.0
_FORK_PATIENCE: Final = 10.0
_EXIT_PATIENCE: Final = 2.0
_BACKGROUND_PATIENCE: Final = 60.0  # nobody waits for whoever has this one


class GateClosed(Exception):
    """Nothing can be loaded now: another load takes too long, or the process is about to end."""


class _Gate:
    """Lets one load run at a time and no fork happen during it.

    A child forked while another thread imports inherits import locks that nobody will release.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.is_closing = False
        """The process is about to end."""
        self._held_for_fork = threading.local()
        atexit.register(self._close)
        if sys.platform != "win32":
            os.register_at_fork(
                before=self._before_fork,
                after_in_parent=self._after_fork_in_parent,
                after_in_child=self._after_fork_in_child,
            )

    @contextlib.contextmanager
    def passed(self, patience: float = _BACKGROUND_PATIENCE) -> Generator[None]:
        """Inside, this thread alone loads.

        Raises:
            GateClosed: when others took longer than ``patience`` seconds, or the process is about to end.
        """
        lock = self._lock
        if not lock.acquire(timeout=patience):
            raise GateClosed
        try:
            if self.is_closing and threading.get_ident() != threading.main_thread().ident:
                raise GateClosed  # this thread may be stopped half-way
            yield
        finally:
            lock.release()

    def _close(self) -> None:
        """The process ends: let a load end, and no other one begin but in the thread that ends last.

        A daemon thread that is stopped inside an import keeps its lock; a finaliser that imports would wait forever.
        """
        self.is_closing = True
        if self._lock.acquire(timeout=_EXIT_PATIENCE):
            self._lock.release()

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


def in_background(work: Callable[[], object], name: str = "otel-genai-prices") -> bool:
    """Do the work in a daemon thread; return whether one was started. At the end of a process none is.

    One that begins then may never run, and whoever starts it would wait for it.
    """
    if gate.is_closing or sys.is_finalizing():
        return False
    try:
        threading.Thread(target=work, name=name, daemon=True).start()
    except RuntimeError:
        return False
    return True


def _threads_are_greenlets() -> bool:
    """Whether gevent has put its own in the place of threads.

    One gains nothing there: who waits and who loads share one thread. And gevent lets what waits to start run in
    forked children too, also in that of a ``subprocess`` of the SDK's, where Python has forgotten it and complains.
    """
    patched = getattr(sys.modules.get("gevent.monkey"), "is_module_patched", None)
    return patched is not None and bool(patched("threading"))


class LazySource:
    """A price source that is loaded when it is first needed, or ahead of that by :meth:`start`."""

    def __init__(self, load: Callable[[], PriceSource]) -> None:
        self._load = load
        self._loaded: PriceSource | None = None
        self._started_in: int | None = None
        self._patience = _CALL_PATIENCE

    def when_replaced(self, forget: Callable[[], None]) -> None:
        """Have ``forget`` called when other prices take the place of these: here never."""

    @property
    def is_loaded(self) -> bool:
        """Whether the source is there."""
        return self._loaded is not None

    def start(self) -> None:
        """Start loading in a daemon thread. Cheap to call again; a forked child starts its own."""
        if self._loaded is not None or _threads_are_greenlets():
            return
        process = os.getpid()
        if self._started_in == process:
            return
        self._started_in = process
        in_background(self._load_ahead)

    def get(self) -> PriceSource:
        """Return the source. Loads it here, or waits for the thread that does, if it isn't there yet.

        That takes too long once at most: then there are no prices until that thread is done.
        """
        if self._loaded is not None:
            return self._loaded
        try:
            return self._load_once(self._patience)
        except GateClosed:
            if not gate.is_closing and self._patience:
                log.warning(
                    "No price data after %g s of loading: calls will carry no cost until it is there.", self._patience
                )
            self._patience = 0.0
            return NotLoaded()

    def _load_ahead(self) -> None:
        with contextlib.suppress(GateClosed):
            self._load_once(_BACKGROUND_PATIENCE)

    def _load_once(self, patience: float) -> PriceSource:
        with gate.passed(patience):
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
