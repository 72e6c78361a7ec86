"""What was said in a trace, where a content store has it and its spans have references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from .. import settings
from ..semconv import own
from ..store.location import Unusable
from ..store.reading import Unreadable, by_reference

if TYPE_CHECKING:
    from ..reports.traces.trace import Trace

_MOST_REFERENCES: Final = 200
"""Objects of the content store that are read for one trace."""


def add_stored_content(trace: Trace) -> None:
    """Put what the content store has in the place of the references to it; what can't be had is a note of the trace."""
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
