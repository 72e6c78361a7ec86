"""What a call returned decides how its operation ends. The caller always gets the object the SDK made."""

from __future__ import annotations

from typing import cast

from ..telemetry.operation import Operation
from .methods import Api
from .raw import conclude_raw
from .shapes import Parsed, RawResponse, SdkStream, Shape, shape_of
from .streams import StreamWatch, watch_stream


def conclude(operation: Operation, api: Api, result: object) -> None:
    """End the operation, or arrange that the stream or the raw response ends it."""
    shape = shape_of(type(result))
    if shape is Shape.PARSED:
        operation.finish(Parsed(api, result))
    elif shape is Shape.STREAM:
        reader = api.open_stream(operation.wants_text)
        watch = StreamWatch(operation, reader)
        watch.read_with(reader)
        watch_stream(cast(SdkStream, result), watch)
    else:
        conclude_raw(operation, api, cast(RawResponse, result))
