"""What every call tells of what was said, without saying it: how many messages, how much text, which tools.

Nothing here grows with a text, and no message of a request is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..model import Details, Said
from ..semconv import own
from .fields import as_list, as_str, fields_of


def as_message_count(messages: object) -> int | None:
    """How many there are in a list; what can only be read once is not ours to count."""
    return len(messages) if isinstance(messages, list | tuple) else None  # type: ignore[arg-type]


def as_input_count(given: object) -> int | None:
    """The same of what may also be one text."""
    return 1 if isinstance(given, str) else as_message_count(given)


def add_counts(read: Details, texts: Sequence[object] | None, tools: Iterable[object]) -> None:
    """Add characters and names to what is told of an answer.

    Args:
        read: gets them.
        texts: all visible texts; ``None`` where they aren't known. If one isn't text, no length is told.
        tools: the names of the tools that the app shall run.
    """
    counts: dict[str, Said] = {}
    if texts is not None and all(isinstance(text, str) for text in texts):
        counts[own.OUTPUT_LENGTH] = sum(map(len, texts))  # type: ignore[arg-type]  # strings, as was just seen
    if called := tuple({name: None for tool in tools if (name := as_str(tool)) is not None}):
        counts[own.OUTPUT_TOOL_NAMES] = called
    if counts:
        read.attributes = {**read.attributes, **counts} if read.attributes else counts


def texts_in(content: object, kinds: Mapping[str, str]) -> Iterator[object]:
    """The visible texts of a message: a text, nothing, or a list of parts.

    Args:
        content: what the message says.
        kinds: the kinds of parts that have text, and the field that has it.
    """
    if content is None:
        return
    if isinstance(content, str):
        yield content
        return
    if not isinstance(content, list | tuple):
        yield content  # which is no text, so that no length is told
    for part in as_list(content):
        if isinstance(part, str):
            yield part
            continue
        said = fields_of(part)
        if (field := kinds.get(as_str(said.get("type")) or "")) is not None:
            yield said.get(field)
