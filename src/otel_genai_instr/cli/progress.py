"""That long work goes on: on standard error, where a person is watching, and only if it takes longer than a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import Final

from .tables import clean_line

_SHORT: Final = 1.0
"""Seconds after which it is shown."""


@contextmanager
def progress(what: str) -> Generator[Callable[[int, int], None], None, None]:
    """Show a bar while the block runs, once its function is told how many bytes of how many are done."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(clean_line(what), total=None)
    began = time.monotonic()

    def tell(done: int, whole: int) -> None:
        bar.update(task, completed=done, total=whole)
        if not bar.live.is_started and time.monotonic() - began > _SHORT:
            bar.start()

    try:
        yield tell
    finally:
        bar.stop()


@contextmanager
def working(what: str) -> Generator[None, None, None]:
    """Show that something is being done, of which nobody knows how long it takes. Without ``rich`` nothing is shown."""
    try:
        from rich.console import Console
        from rich.text import Text
    except ImportError:
        yield
        return
    if not sys.stderr.isatty():
        yield
        return
    status = Console(stderr=True).status(Text(clean_line(what)))  # as text: a path is no markup
    over, lock = Event(), Lock()

    def show_later() -> None:
        if not over.wait(_SHORT):
            with lock:
                if not over.is_set():
                    status.start()

    Thread(target=show_later, daemon=True).start()
    try:
        yield
    finally:
        over.set()
        with lock:
            status.stop()
