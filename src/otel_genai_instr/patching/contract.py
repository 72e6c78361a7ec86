"""What the engine is told of an SDK: where it makes a model call, what came back, and who reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, Protocol

from ..model import Content, Endpoint, Failure, Request, ToolRun
from ..records import frozen
from ..telemetry.batches import BatchNews, BatchResults, BatchSubmission
from ..telemetry.life import Reading
from ..telemetry.operation import Operation
from ..telemetry.telemetry import Telemetry

Arguments = tuple[Any, ...]
Keywords = Mapping[str, object]


Begin = Callable[[Telemetry, Request, Endpoint, Callable[[BaseException], Failure]], Operation]
"""Starts what a call is."""
SUBMITS_BATCH: Final[Begin] = BatchSubmission
"""An operation, by which a batch is submitted."""
TELLS_OF_BATCHES: Final[Begin] = BatchNews
"""No operation; what the answer says of batches is remembered."""
READS_BATCH: Final[Begin] = BatchResults
"""An operation if the answer turns out to be the results of a batch, and nothing otherwise."""


class StreamReader(Reading, Protocol):
    """Reads a stream without doing any I/O: no clock, no span, no ``await``."""

    def feed(self, chunk: object, /) -> bool | None:
        """Take in one chunk; keeps no reference to it. True if the caller shall not see it: only we asked for it."""
        ...


@frozen
class Api:
    """One API of a provider: the questions that its readers answer."""

    name: str
    read_request: Callable[[Mapping[str, object]], Request]
    """What is asked, by name. Must not consume iterators."""
    read_content: Callable[[Mapping[str, object]], Content] | None
    """The same, its messages, only when they are captured or counted; ``None`` for an API without content."""
    read_answer: Callable[[object], Reading]
    """The SDK's result object, or the JSON body of the answer."""
    open_stream: Callable[[bool], StreamReader] | None = None
    """A reader for a new stream, told whether content is captured; ``None`` for an API that doesn't stream."""
    usage_asked: UsageAsked | None = None
    """How its streams are made to tell their usage, for who wants that; ``None`` where all do, or can't."""
    begin: Begin = Operation
    """What a call of it is: nearly always an operation, from its start to its end."""
    reads_json: bool = True
    """The body of an answer is a JSON object; of another one, ``read_answer`` is given the bytes."""


Amend = Callable[[Mapping[str, object]], Mapping[str, object] | None]
"""Told what is asked by name: what is to be asked besides, or in place of it; ``None`` for a call that stays."""


@frozen
class UsageAsked:
    """A stream is asked for its usage by us, and not by the caller, who shall see nothing of it."""

    amend: Amend
    api: Api
    """Reads what then comes."""


Asked = tuple[Api, Mapping[str, object], object, str | None]
"""One model call, as its readers need it: its API, what is asked by name, the client whose endpoint is called, and
where the call goes if it doesn't go where the client's calls go."""


@frozen
class Seam:
    """A function of the SDK that is put in ours: looked up late, so that every call comes by."""

    module: str
    """Patched when the app imports it."""
    path: str
    """Dotted, in that module: ``Client.request``, ``send``. What an SDK of the supported range lacks is left out."""


@frozen
class Call(Seam):
    """The lowest function that is one model call: plain, a coroutine function, or a generator of either kind."""

    unpack: Callable[[Arguments, Keywords], Asked | None]
    """Its arguments, the object that it is bound to first; ``None`` for a call that is no operation."""
    is_awaited: bool = False
    """The SDK awaits it: what somebody else has put there before us need not look like a coroutine function."""
    amend: Callable[[Arguments, Keywords, Amend], bool] | None = None
    """Puts into the call what the last argument says, in nothing that is the caller's own, and tells whether it did.
    It leaves calls alone whose chunks the caller reads past the SDK."""


Parser = Callable[[object], object]
"""Makes of an answer what the caller gets."""


@frozen
class Attempt(Seam):
    """A function that the SDK calls once for each HTTP request of a call."""

    watch_parser: Callable[[Arguments, Keywords, Callable[[Parser], Parser]], None] | None = None
    """Puts in the place of the SDK's own parser, if its arguments bring one, what the last argument makes of it."""


@frozen
class OwnSpans(Seam):
    """A function by which the SDK starts a span of its own for a call, on the tracer that it is given."""

    tracer: int
    """Position of the tracer among its arguments."""
    keyword: str = "tracer"
    is_wanted: Callable[[object], bool] = lambda _client: False
    """Whether the app has asked for the spans of this client itself: then they are left alone."""


class Turn:
    """One answer of a session, from its request until its end. Told apart from others by identity."""

    __slots__ = ("api", "asked")

    def __init__(self, api: Api, asked: Mapping[str, object]) -> None:
        self.api: Final = api
        """Whose ``open_stream`` reads the messages of this turn."""
        self.asked: Final = asked


class Stage(Enum):
    """What a message is to the turn that it belongs to."""

    BEGINS = "begins"
    GOES_ON = "goes on"
    CHUNK = "chunk"
    """A piece of what was asked for: the time of the first one matters."""
    ENDS = "ends"


class SessionReader(Reading, Protocol):
    """Reads what goes over one connection without doing any I/O, and is the reading of the session itself."""

    url: str | None
    """Where the connection goes, by ``http`` or ``https``; ``None`` if it doesn't say."""

    def request(self) -> Request:
        """The session itself, when it begins."""
        ...

    def sent(self, message: object, /) -> Turn | None:
        """The turn that begins with ``message``, which is about to be sent. Must not consume iterators."""
        ...

    def forget(self, turn: Turn, /) -> None:
        """What began ``turn`` could not be sent."""
        ...

    def received(self, message: object, /) -> Sequence[tuple[Stage, Turn]]:
        """The turns that ``message`` belongs to; it keeps no reference to it. Cheap: runs for each message."""
        ...

    def breaks(self, error: BaseException, /) -> bool | None:
        """Whether a connection that raised ``error`` broke, or was closed in order; ``None`` if it is as it was."""
        ...

    def read_error(self, error: BaseException, /) -> Failure:
        """Why what was under way failed."""
        ...


class Role(Enum):
    """What a method of a connection does."""

    OPENS = "opens"
    """It makes the object: ``__init__``."""
    SENDS = "sends"
    RECEIVES = "receives"
    """Returns a received message as an object, and does no I/O."""
    WAITS = "waits"
    """Waits for a message that another method makes an object of: only what it raises matters."""
    CLOSES = "closes"


def _plainly(args: Arguments, kwargs: Keywords) -> tuple[object, object]:
    connection, message, *_ = (*args, *kwargs.values())
    return connection, message


@frozen
class SessionMethod(Seam):
    """A method of a connection, over which many requests and answers go until it is closed."""

    role: Role
    open_session: Callable[[object, bool], SessionReader]
    """A reader for a new connection, told whether content is read at all."""
    unpack: Callable[[Arguments, Keywords], tuple[object, object]] = _plainly
    """Of a method that sends: the connection, and the message."""


@frozen
class Tool(Seam):
    """The function by which an SDK that goes on by itself runs a tool: plain, or a coroutine function.

    It raises what the tool raised.
    """

    unpack: Callable[[Arguments, Keywords], ToolRun | None]
    """Its arguments, the object that it is bound to first; ``None`` where no tool runs."""
    read_result: Callable[[object], object]
    """What the tool answered, of what the function returned, as JSON data; only asked when content is captured."""


@frozen
class Streamed:
    """An object that reads its chunks from an iterator that it holds: the iterator is observed, the object stays."""

    holder: object
    attribute: str
    """Name of the iterator in ``holder``."""
    closed_by: tuple[tuple[object, str], ...]
    """Objects and methods of them by which the stream is closed early, whoever calls."""


@frozen
class Raw:
    """An HTTP response whose body the caller reads, or not."""

    http: object
    """Closed and loaded by the methods that HTTPX has for it."""
    is_over: bool
    """The body was loaded before the caller got it."""
    read_body: Callable[[], object | None]
    """The body, parsed, if by now it was loaded; ``None`` when it can't be known without taking it from the caller."""
    read_bytes: Callable[[], bytes | None]
    """The same as it came, whatever it is."""
    parsed_by: object = None
    """An object around it whose ``parse()`` makes an answer or a stream."""


@frozen
class Provider:
    """Everything that the engine needs to know about one SDK."""

    seams: tuple[Seam, ...]
    look: Callable[[object], Streamed | Raw | None]
    """What a call returned; ``None`` for an answer. Plain generators are seen to without asking."""
    read_endpoint: Callable[[object, str | None, Mapping[str, str]], Endpoint]
    """The client, the URL if it is another one, and the user's own provider names by host."""
    read_error: Callable[[BaseException], Failure]
    imported_with: tuple[tuple[str, str], ...] = ()
    """A module of the SDK, and another one that is imported with it: the price data would import that in a thread of
    its own, and the SDK takes what it finds in ``sys.modules``, complete or not."""
