"""Streams of completions tell their usage when they are asked to, in a chunk of its own, which has no choices.

``stream_options`` and that chunk are those of the SDK's types ``ChatCompletionStreamOptionsParam``,
``ChatCompletionChunk`` and ``Completion``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ...model import Details, Message, Response
from ..fields import fields_of, is_mapping
from .streams import ChatStreamReader

_OPTIONS: Final = "stream_options"
_INCLUDE: Final = "include_usage"


class _AskedByUs(dict[str, object]):
    """Stream options that are ours: who sends the same request once more didn't ask for usage then, either."""


def ask_for_usage(said: Mapping[str, object]) -> Mapping[str, object] | None:
    """The options of a stream that isn't told whether to tell its usage; whoever said so is left alone."""
    options = said.get(_OPTIONS)
    if said.get("stream") is not True or not (options is None or is_mapping(type(options))):
        return None
    given = fields_of(options)
    if given.get(_INCLUDE) is not None and not isinstance(options, _AskedByUs):
        return None
    return {_OPTIONS: _AskedByUs({**given, _INCLUDE: True})}


class HidingReader:
    """A reader that keeps the chunk from the caller that nobody else asked for."""

    __slots__ = ("_reader",)

    def __init__(self, reader: ChatStreamReader) -> None:
        self._reader = reader

    def feed(self, chunk: object) -> bool:
        """Take in one chunk. Usage that comes beside choices is shown: the choices are the caller's."""
        said = fields_of(chunk)
        is_ours = not said.get("choices") and said.get("usage") is not None
        self._reader.feed(chunk)
        return is_ours

    def response(self) -> Response:
        """That of the whole stream."""
        return self._reader.response()

    def details(self) -> Details:
        """Those of the whole stream."""
        return self._reader.details()

    def output(self) -> list[Message]:
        """That of the whole stream."""
        return self._reader.output()


def hiding(open_stream: Callable[[bool], ChatStreamReader]) -> Callable[[bool], HidingReader]:
    """Opens readers for streams that were asked for their usage by us."""
    return lambda capture: HidingReader(open_stream(capture))
