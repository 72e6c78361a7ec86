"""``otel-genai content show``: what was said in a call, from the content store."""

from __future__ import annotations

import json
from argparse import Namespace
from datetime import date
from typing import Final

from .. import settings
from ..store.location import Unusable
from ..store.reading import Reader, Stored, Unreadable, by_reference
from .conversation import show_conversation
from .problems import Misuse, Problem
from .progress import working
from .tables import JSON, say
from .trace_ids import ids_of

_WANTED: Final = "no trace id of 32 hex digits, no TRACE:SPAN (16 digits) and no reference"


def show_content(options: Namespace) -> int:
    """Run the command, and return its exit code."""
    chosen = settings.from_environ()
    url: str | None = options.source or chosen.content_store
    try:
        with working("reading the content store"):
            found = _found(options.which, url, chosen.content_store_keys, options.date)
    except Unusable as error:
        raise Problem(f"the content store can't be read: {error}") from None
    except Unreadable as error:
        raise Problem(str(error)) from None
    for number, stored in enumerate(found):
        if options.format == JSON:
            # Escaped, so that a terminal obeys nothing in it. JSON leaves one control character as it is.
            say(json.dumps(stored.record, separators=(",", ":")).replace("\x7f", "\\u007f"))
        else:
            if number:
                say()
            show_conversation(stored)
    return 0


def _found(which: str, url: str | None, keys: tuple[str, ...], day: str | None) -> list[Stored]:
    if "/" in which:
        return [by_reference(which, url, keys)]
    trace_id, span_id = ids_of(which, _WANTED)
    if url is None:
        raise Problem(f"say where the content is: by --from URL, or by {settings.CONTENT_STORE}")
    return Reader(url, keys).by_ids(trace_id, span_id, _day(day))


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Misuse(f"--date: {text!r} is not allowed; a day such as 2026-11-29") from None
