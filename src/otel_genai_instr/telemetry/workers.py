"""A forked worker of ``multiprocessing`` runs no exit handlers of Python: what waits to be sent then is lost.

Gunicorn's workers, and processes that ``os.fork`` makes, end as any other; those that a signal ends say nothing.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from opentelemetry import trace
from wrapt import register_post_import_hook

from .. import guard, log

_LAST: Final = -1_000_000
"""Priority of what runs when a worker ends: after whatever the app has there."""
_LOST: Final = (
    "A forked worker process ends without sending its last spans, since multiprocessing runs no exit handlers. Call "
    "`trace.get_tracer_provider().force_flush()` at the end of its work, or use SimpleSpanProcessor. This is said once."
)
_watched: Final[list[mmap.mmap]] = []
"""One byte that all forked processes share, so that one of them says it: whether it was said."""


def watch() -> None:
    """See to it that workers say what they lose, now or when the app imports ``multiprocessing``."""
    if not _watched:
        _watched.append(mmap.mmap(-1, 1))
        register_post_import_hook(partial(guard.run, "workers", _watch), "multiprocessing.util")


def _watch(util: Any) -> None:
    # A worker forgets the finalizers of its parent, and then runs this.
    util.register_after_fork(watch, partial(_look_at_the_end, util))


def _look_at_the_end(util: Any, _: object) -> None:
    util.Finalize(None, partial(guard.run, "workers", _say), exitpriority=_LAST)


def _say() -> None:
    said = _watched[0]
    if not said[0] and any(map(_waits, _processors())):
        said[0] = 1
        log.warning_once(watch, _LOST)


def _processors() -> Iterable[object]:
    """Those of the app's provider; the SDK has no public name for them."""
    return getattr(getattr(trace.get_tracer_provider(), "_active_span_processor", None), "_span_processors", ())


def _waits(processor: object) -> bool:
    """Whether it holds spans that are to be sent later."""
    return bool(getattr(getattr(processor, "_batch_processor", None), "_queue", None))
