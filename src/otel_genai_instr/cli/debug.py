"""``otel-genai debug``: a trace as a tree, what was said in it, and what may be wrong with it."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from typing import Final

from .. import settings
from ..pricing.context_window import context_window
from ..privacy.pseudonyms import LEAST_BYTES, Pseudonyms
from .problems import Misuse, Problem
from .progress import working
from .stored_content import add_stored_content
from .tables import JSON, warn
from .trace_ids import ids_of
from .trace_sources import Traces, open_traces

_WANTED: Final = "no trace id of 32 hex digits, and no address of a page that shows a trace"
_USUAL_TIME: Final = "30d"


def debug(options: Namespace) -> int:
    """Run the command, and return its exit code."""
    searched = options.session is not None or options.user is not None or options.last_error
    if searched == (options.trace is not None):
        raise Misuse("say which trace: by its id, or by --session, --user or --last-error")
    named = None if options.trace is None else ids_of(options.trace, _WANTED)[0]
    traces = open_traces(options.source, options.prices)
    from ..reports.debugging.examine import examine
    from .examined import Examined, show, write

    found: list[Examined] = []
    for trace_id in [named] if named is not None else _searched(options, traces):
        with working(f"reading trace {trace_id}"):
            trace = traces.source.read(trace_id)
            add_stored_content(trace)
            found.append(Examined(trace, examine(trace, traces.history, context_window)))
    for note in traces.notes:
        warn(f"otel-genai: {note}")
    if options.format == JSON:
        write(found, with_content=options.content)
    else:
        show(found, with_content=options.content)
    return 0


def _searched(options: Namespace, traces: Traces) -> list[str]:
    """Ids of the newest traces that were asked for, the oldest of them first."""
    from ..reports.asked import window_from
    from ..reports.traces.trace import Wanted

    now = datetime.now(UTC).replace(tzinfo=None)
    window = window_from(options.last, None, None, UTC, now, _USUAL_TIME)
    wanted = Wanted(window, options.session, _names_of(options.user), options.last_error)
    most = options.traces or (1 if options.last_error else 5)
    with working("looking for traces"):
        ids = traces.source.find(wanted, most + 1)
    if not ids:
        said = [
            f"session {options.session}" if options.session is not None else "",
            f"user {options.user}" if options.user is not None else "",
            "an error" if options.last_error else "",
        ]
        what = " and ".join(filter(None, said))
        raise Problem(f"no trace of {what} since {window.start:%Y-%m-%d %H:%M} UTC; --last looks further back")
    if len(ids) > most:
        shown = "the newest one is" if most == 1 else f"the newest {most} are"
        warn(f"otel-genai: {shown} shown, and there are more: --traces shows them")
    return ids[most - 1 :: -1]


def _names_of(user: str | None) -> tuple[str, ...]:
    """The user id, and the pseudonyms that the app may have put in its place."""
    if user is None:
        return ()
    keys = [key for key in settings.from_environ().pseudonym_keys if len(key.encode()) >= LEAST_BYTES]
    return (user, *(Pseudonyms(keys).all_of(user) if keys else ()))
