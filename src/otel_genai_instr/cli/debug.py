"""``otel-genai debug``: a trace as a tree, what was said in it, and what may be wrong with it."""

from __future__ import annotations

import re
from argparse import Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, cast

from .. import settings
from ..pricing.context_window import context_window
from ..privacy.pseudonyms import LEAST_BYTES, Pseudonyms
from ..semconv import own
from ..store.location import Unusable
from ..store.reading import Unreadable, by_reference
from .problems import Misuse, Problem
from .tables import JSON, warn
from .trace_sources import Traces, open_traces

if TYPE_CHECKING:
    from ..reports.traces.trace import Trace

_TRACE: Final = re.compile(r"[0-9a-f]{32}")
_USUAL_TIME: Final = "30d"
_MOST_REFERENCES: Final = 200
"""Objects of the content store that are read for one trace."""


def debug(options: Namespace) -> int:
    """Run the command, and return its exit code."""
    searched = options.session is not None or options.user is not None or options.last_error
    if searched == (options.trace is not None):
        raise Misuse("say which trace: by its id, or by --session, --user or --last-error")
    if options.trace is not None and not _TRACE.fullmatch(options.trace.lower()):
        raise Misuse(f"{options.trace} is no trace id of 32 hex digits")
    traces = open_traces(options.source, options.prices)
    from ..reports.debugging.examine import examine
    from ..reports.traces.trace import NotFound, Unanswered
    from .examined import Examined, show, write

    found: list[Examined] = []
    try:
        for trace_id in [options.trace.lower()] if options.trace is not None else _searched(options, traces):
            trace = traces.source.read(trace_id)
            _add_stored_content(trace)
            found.append(Examined(trace, examine(trace, traces.history, context_window)))
    except (NotFound, Unanswered) as error:
        raise Problem(str(error)) from None
    for note in traces.notes:
        warn(f"otel-genai: {note}")
    if options.format == JSON:
        write(found, with_content=options.content)
    else:
        show(found, with_content=options.content)
    return 0


def _searched(options: Namespace, traces: Traces) -> list[str]:
    """Ids of the newest traces that were asked for, the oldest of them first."""
    from ..reports.asked import NotUnderstood, window_from
    from ..reports.traces.trace import Wanted

    now = datetime.now(UTC).replace(tzinfo=None)
    try:
        window = window_from(options.last, None, None, UTC, now, _USUAL_TIME)
    except NotUnderstood as error:
        raise Misuse(str(error)) from None
    wanted = Wanted(window, options.session, _names_of(options.user), options.last_error)
    most = options.traces or (1 if options.last_error else 5)
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


def _add_stored_content(trace: Trace) -> None:
    """Put what the content store has in the place of the references to it."""
    chosen = settings.from_environ()
    referring = [span for span in trace.spans if own.CONTENT_REFERENCE in span.attributes]
    if not referring:
        return
    if chosen.content_store is None:
        trace.notes.append(f"what was said is in a content store; {settings.CONTENT_STORE} says how it is reached")
        return
    for span in referring[:_MOST_REFERENCES]:
        try:
            reference = str(span.attributes[own.CONTENT_REFERENCE])
            stored = by_reference(reference, chosen.content_store, chosen.content_store_keys)
        except (Unusable, Unreadable) as error:
            trace.notes.append(f"what was said in {span.name} can't be read: {error}")
            continue
        content = stored.record.get("content")
        if isinstance(content, dict):
            span.attributes.update(cast("dict[str, object]", content))
    if len(referring) > _MOST_REFERENCES:
        trace.notes.append(f"of {len(referring):,} spans with stored content the first {_MOST_REFERENCES} were read")
