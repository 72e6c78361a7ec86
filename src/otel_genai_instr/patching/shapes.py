"""The shapes that a result of an SDK can have, told apart by what they can do and not by their class."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from enum import Enum
from typing import Protocol

from ..model import Details, Message, Response
from ..records import define
from .methods import Api


class Shape(Enum):
    """What came out of a call."""

    PARSED = "parsed"
    """The answer as an object."""
    STREAM = "stream"
    """Server-sent events, to be read by the caller."""
    WRAPPED = "wrapped"
    """An iterator that is not the SDK's: another instrumentation put its own around a stream."""
    RAW = "raw"
    """An HTTP response around one of the others."""


class HttpResponse(Protocol):
    """The HTTP client's response, below a stream or a raw response."""

    is_closed: bool
    headers: Mapping[str, str]


class SdkStream(Protocol):
    """A stream whose events come from one inner iterator."""

    _iterator: object
    response: HttpResponse


class RawResponse(Protocol):
    """A response whose body the caller parses, or not."""

    http_response: HttpResponse


@functools.lru_cache(maxsize=256)
def shape_of(kind: type) -> Shape:
    """The shape of a result of this class."""
    if hasattr(kind, "__stream__") and (hasattr(kind, "__next__") or hasattr(kind, "__anext__")):
        return Shape.STREAM
    if hasattr(kind, "parse") and hasattr(kind, "http_request"):
        return Shape.RAW
    if hasattr(kind, "__next__") or hasattr(kind, "__anext__"):
        return Shape.WRAPPED
    return Shape.PARSED


@functools.lru_cache(maxsize=256)
def is_async_stream(kind: type[SdkStream]) -> bool:
    """Whether streams of this class are read with ``async for``."""
    return hasattr(kind, "__anext__")


@define
class Parsed:
    """Reads a parsed result, or the JSON body of one."""

    api: Api
    result: object

    def response(self) -> Response:
        """The response."""
        return self.api.read_response(self.result)

    def details(self) -> Details:
        """What else it says."""
        return self.api.read_details(self.result)

    def output(self) -> list[Message]:
        """Its messages."""
        return self.api.read_output(self.result)
