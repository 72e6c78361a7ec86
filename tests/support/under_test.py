"""What a provider tells the promise matrix of itself: one :class:`UnderTest`, from one file of ``providers/``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Protocol, Self

import otel_genai_instr

from .clock import FakeClock
from .replies import Received, Reply, Step

PROMPT: Final = "the secret prompt of the user"
"""What the user asks in every cell, and what a refusal quotes."""
ANSWER: Final = "Hello"
"""What is answered, where text is."""
KEY: Final = "sk-secret"
"""The key of every client."""

Tokens = tuple[int | None, int | None]
"""Input and output."""


class Form(Enum):
    """How the user asks for the answer."""

    PLAIN = "plain"
    STREAM = "stream"
    MANAGER = "manager"
    RAW = "raw"
    STREAMING_RAW = "streaming_raw"
    RAW_STREAM = "raw+stream"
    STREAMING_RAW_STREAM = "streaming_raw+stream"

    @property
    def streams(self) -> bool:
        """The user reads chunks."""
        return self in (Form.STREAM, Form.MANAGER, Form.RAW_STREAM, Form.STREAMING_RAW_STREAM)

    @property
    def managed(self) -> bool:
        """The call itself returns a context manager, which makes the request when it is entered."""
        return self in (Form.MANAGER, Form.STREAMING_RAW, Form.STREAMING_RAW_STREAM)

    @property
    def lazy(self) -> bool:
        """The body is still to be read when the call has returned."""
        return self.streams or self.managed


class Ending(Enum):
    """What becomes of it."""

    DRAINED = "drained"
    CLOSED = "closed_early"
    BROKEN_OFF = "broken_out_of_with"
    GENERATOR_CLOSED = "generator_closed"
    ABANDONED = "abandoned"
    NEVER_READ = "never_read"
    REFUSED = "http_error_before"
    UNREACHABLE = "connection_error_before"
    MIDWAY = "network_error_midway"
    USER_ERROR = "user_exception"
    INTERRUPTED = "keyboard_interrupt"
    CANCELLED = "cancelled"
    ELSEWHERE = "drained_elsewhere"
    INTERLEAVED = "interleaved"
    CALL_INSIDE = "call_inside"


class Transport(Protocol):
    """How requests get to the scripted provider: in memory, or by a socket of this machine."""

    @property
    def received(self) -> list[Received]:
        """Every request until now."""
        ...

    def then(self, *replies: Reply) -> object:
        """Put replies at the end of the script; the last one answers for ever."""
        ...

    def unreachable(self) -> Reply:
        """No answer: the network is down."""
        ...

    def dead_line(self) -> Step:
        """The connection ends in the middle of a body."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


Way = Callable[[Any, "ApiUnderTest"], Any]
"""The expression in which the user calls an API of a client, in one form."""


@dataclass(frozen=True)
class ApiUnderTest:
    """One API, its calls and its answers."""

    name: str
    operation: str
    """Its ``gen_ai.operation.name``."""
    resource: Callable[[Any], Any]
    """What has the method, of a client."""
    method: str
    arguments: Mapping[str, Any]
    answer: Callable[[], Any]
    """The JSON body of a whole answer."""
    chunks: Callable[[], list[Any]] = list[Any]
    """The events of a stream; none where it doesn't stream."""
    cut: int = 0
    """Chunks that arrive before something happens in the middle."""
    end: bytes = b""
    """What the service sends after the last event."""
    generates: bool = False
    """A model writes the answer: it is an inference, with the prompt as its content."""
    has_prompt: bool = False
    """The prompt is its content, although no answer is written."""
    has_text: bool = True
    """The answer has :data:`ANSWER` as its content."""
    tokens: Tokens = (None, None)
    """What the whole answer says that was used; without a number there is no price, unless it is ``by_unit``."""
    by_unit: bool = False
    """It costs by what isn't a token, and the whole answer says how much."""
    part_tokens: Tokens = (None, None)
    """The same of a stream that breaks off after its first chunk, or at ``cut``."""
    finish_reasons: tuple[str, ...] | None = None
    has_choices: bool = True
    """A stream of it that breaks off leaves a choice open."""

    @property
    def duration(self) -> str:
        """The metric that counts its operations."""
        return f"gen_ai.client.{'inference' if self.generates else 'operation'}.duration"


@dataclass(frozen=True, eq=False)
class UnderTest:
    """One provider: its SDK, how it is reached, what it answers, and what it can't be asked for."""

    name: str
    """Of the SDK's package, and of the file."""
    instrumentor: str
    """Class of ours that observes it."""
    environment: tuple[str, ...]
    """Beginnings of variables that its SDK reads."""
    transport: Callable[[FakeClock], Transport]
    connect: Callable[[Any, bool], Any]
    """A client of such a transport, asynchronous if that is true, that doesn't retry and has :data:`KEY`."""
    apis: tuple[ApiUnderTest, ...]
    forms: Mapping[Form, Way]
    """How its SDK is asked. A form that isn't there is a hole."""
    parse: Callable[[Any], Any]
    """What a raw response holds; anything else as it is."""
    pieces: Callable[[Any, int], Any]
    """The body of a raw response that isn't read yet, in pieces of so many bytes."""
    http_of: Callable[[Any], Any]
    """The HTTP response of a result that shows it, or ``None``."""
    frame: Callable[[Any], bytes]
    """One event of a stream."""
    stream_type: str
    """Content type of a stream."""
    headers: Mapping[str, str]
    """Of every answer that isn't an error."""
    refusal: Callable[[], Reply]
    """An HTTP error. As some providers do, it quotes :data:`PROMPT`."""
    cells: int
    """How many cells are lived through: written down, so that none goes missing unnoticed."""
    holes: tuple[Hole, ...] = ()
    """What its SDK or an API doesn't have."""
    headers_that_follow_the_span: frozenset[str] = field(default=frozenset[str]())
    """Request headers that the SDK itself fills in with the current span, so that they differ when ours is current."""

    def __str__(self) -> str:
        return self.name

    @property
    def is_instrumented(self) -> bool:
        """We can observe it."""
        return self.instrumentor in otel_genai_instr._INSTRUMENTORS  # pyright: ignore[reportPrivateUsage]


@dataclass(frozen=True)
class Case:
    """One cell of the matrix."""

    provider: UnderTest
    api: ApiUnderTest
    is_async: bool
    form: Form
    ending: Ending
    content: bool

    def __str__(self) -> str:
        mode = "async" if self.is_async else "sync"
        content = "content" if self.content else "no_content"
        return f"{self.provider.name}-{self.api.name}-{mode}-{self.form.value}-{self.ending.value}-{content}"

    def __hash__(self) -> int:
        return hash(str(self))


@dataclass(frozen=True)
class Hole:
    """Cells that make no sense, and why."""

    reason: str
    covers: Callable[[Case], bool]
