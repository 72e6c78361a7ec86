"""The declarative side of patching: which methods to wrap and who reads their data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from ..model import Content, Details, Endpoint, Failure, Message, Request, Response
from ..records import frozen


class StreamReader(Protocol):
    """Reads a stream without doing any I/O: no clock, no span, no ``await``."""

    def feed(self, chunk: object, /) -> None:
        """Take in one chunk; keeps no reference to it."""
        ...

    def response(self) -> Response:
        """What has come so far."""
        ...

    def details(self) -> Details:
        """What else has come so far."""
        ...

    def output(self) -> list[Message]:
        """The messages that have come so far; empty unless content was asked for."""
        ...


@frozen
class Api:
    """One API of a provider: the questions that its readers answer."""

    name: str
    read_request: Callable[[Mapping[str, object]], Request]
    """Arguments of the call, by name. Must not consume iterators."""
    read_content: Callable[[Mapping[str, object]], Content] | None
    """The body as it goes to the server; ``None`` for an API without content."""
    read_response: Callable[[object], Response]
    """The SDK's result object, or the JSON body of the answer."""
    read_details: Callable[[object], Details]
    """The same, what only a span tells."""
    read_output: Callable[[object], list[Message]]
    """The same, its messages; only when content is captured."""
    open_stream: Callable[[bool], StreamReader]
    """A reader for a new stream; the argument says whether content is captured."""
    positional: tuple[str, ...] = ()
    """Names of the arguments that may come by position."""


@frozen
class Method:
    """One method to wrap."""

    module: str
    """Patched when the app imports it."""
    owner: str
    """Class in that module."""
    name: str
    api: Api
    is_async: bool = False


Parser = Callable[[object], object]
"""Makes of an answer what the caller gets."""


@frozen
class AttemptHook:
    """A method that the SDK calls once for each HTTP attempt."""

    module: str
    owner: str
    name: str
    read_body: Callable[[tuple[object, ...], Mapping[str, object]], Mapping[str, object] | None]
    """Its arguments to the JSON body that is about to be sent."""
    swap_parser: Callable[[tuple[object, ...], Mapping[str, object], Callable[[Parser], Parser]], None]
    """Puts in the place of the SDK's own parser, if there is one, what the last argument makes of it."""


@frozen
class Provider:
    """Everything that patching needs to know about one SDK."""

    methods: tuple[Method, ...]
    attempts: AttemptHook
    read_endpoint: Callable[[object, Mapping[str, str]], Endpoint]
    """The object that a method is bound to, and the user's own provider names by host."""
    read_error: Callable[[BaseException], Failure]
    ahead: tuple[tuple[str, str], ...] = ()
    """A module of the SDK, and another one that is imported with it: the price data would import that in a thread of
    its own, and the SDK takes what it finds in ``sys.modules``, complete or not."""
