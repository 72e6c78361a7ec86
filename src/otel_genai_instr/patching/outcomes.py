"""What a call returned decides how its operation ends. The caller always gets the object the SDK made."""

from __future__ import annotations

from typing import cast

from .. import guard
from ..records import define
from ..telemetry import operation as operations
from ..telemetry.operation import Operation
from .methods import Api, Parser
from .raw import conclude_raw
from .shapes import Parsed, RawResponse, SdkStream, Shape, shape_of
from .streams import StreamWatch, watch_stream


def conclude(operation: Operation, api: Api, result: object) -> None:
    """End the operation, or arrange that the stream or the raw response ends it."""
    # Not its type: a transparent proxy, as other instrumentations make them, has the class of what it stands for.
    shape = shape_of(result.__class__)
    if shape is Shape.WRAPPED:
        result = getattr(result, "stream", None)
        shape = shape_of(result.__class__)
    if shape is Shape.PARSED:
        operation.finish(Parsed(api, result))
    elif shape is Shape.STREAM:
        reader = api.open_stream(operation.wants_text)
        watch = StreamWatch(operation, reader)
        watch.read_with(reader)
        watch_stream(cast(SdkStream, result), watch)
    elif shape is Shape.RAW:
        conclude_raw(operation, api, cast(RawResponse, result))
    else:
        operation.finish(None)


@define
class WatchedParser:
    """The SDK's own parser. An answer that it can't parse was given, and is billed, all the same."""

    parse: Parser

    def __call__(self, answer: object) -> object:
        """What ``parse`` makes of it."""
        try:
            return self.parse(answer)
        except BaseException:
            guard.run("unparsed", note_unparsed, answer)
            raise


def watch_parser(parser: Parser) -> Parser:
    """``parser``, watched once: a retry may come with the options of the attempt before."""
    return parser if isinstance(parser, WatchedParser) else WatchedParser(parser)


def note_unparsed(answer: object) -> None:
    """Keep the answer for the end of the operation. A raw response is parsed outside of any: its body is read."""
    operation = operations.current()
    if operation is not None:
        operation.unparsed = answer
