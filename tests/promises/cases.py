"""The axes of the matrix, its cells, and its holes with their reasons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import Any, Final

from ..support import answers
from ..support.sdk import HAS_RESPONSES

PROMPT: Final = "the secret prompt of the user"


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


@dataclass(frozen=True)
class Api:
    """One API, its calls and its answers."""

    name: str
    operation: str
    duration: str
    """The metric that counts its operations."""
    resource: Callable[[Any], Any]
    method: str
    arguments: dict[str, Any]
    answer: Callable[[], Any]
    chunks: Callable[[], list[Any]]
    cut: int
    """Chunks that arrive before something happens in the middle."""
    says_done: bool = False
    tokens: tuple[int | None, int | None] = (None, None)
    """Input and output tokens that the whole answer reports."""
    finish_reasons: tuple[str, ...] | None = ("stop",)
    has_choices: bool = True
    """A stream of it that breaks off leaves a choice open."""


def _question() -> dict[str, Any]:
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": PROMPT}]}


_INFERENCE: Final = "gen_ai.client.inference.duration"
_OTHER: Final = "gen_ai.client.operation.duration"

APIS: Final = (
    Api(
        "chat", "chat", _INFERENCE, lambda client: client.chat.completions, "create", _question(),
        answers.chat, answers.chat_chunks, cut=2, says_done=True, tokens=(1000, 200),
    ),
    Api(
        "responses", "chat", _INFERENCE, lambda client: client.responses, "create",
        {"model": "gpt-4o-mini", "input": PROMPT},
        answers.response, answers.response_events, cut=5, tokens=(1000, 200),
    ),
    Api(
        "embeddings", "embeddings", _OTHER, lambda client: client.embeddings, "create",
        {"model": "text-embedding-3-small", "input": [PROMPT, "b"], "encoding_format": "float"},
        answers.embeddings, list, cut=0, tokens=(12, None), finish_reasons=None,
    ),
    Api(
        "fetch_response", "fetch_response", _OTHER, lambda client: client.responses, "retrieve",
        {"response_id": "resp_1"},
        answers.response, answers.response_events, cut=5, has_choices=False,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One cell of the matrix."""

    api: Api
    is_async: bool
    form: Form
    ending: Ending
    content: bool

    def __str__(self) -> str:
        mode = "async" if self.is_async else "sync"
        content = "content" if self.content else "no_content"
        return f"{self.api.name}-{mode}-{self.form.value}-{self.ending.value}-{content}"

    def __hash__(self) -> int:
        return hash(str(self))


@dataclass(frozen=True)
class Hole:
    """Cells that make no sense, and why."""

    reason: str
    covers: Callable[[Case], bool]


_AFTER_THE_CALL: Final = (Ending.CLOSED, Ending.ABANDONED, Ending.ELSEWHERE)
_IN_A_BLOCK: Final = (Ending.BROKEN_OFF, Ending.GENERATOR_CLOSED, Ending.USER_ERROR, Ending.CALL_INSIDE)

HOLES: Final = (
    Hole("embeddings don't stream", lambda c: c.api.name == "embeddings" and c.form.streams),
    Hole("a synchronous call can't be cancelled", lambda c: c.ending is Ending.CANCELLED and not c.is_async),
    Hole(
        "an event loop turns an interrupt into a cancellation",
        lambda c: c.ending is Ending.INTERRUPTED and c.is_async,
    ),
    Hole(
        "the call returns when everything was read: nothing is left to close, drop or hand over",
        lambda c: not c.form.lazy and c.ending in _AFTER_THE_CALL,
    ),
    Hole("there is neither a block nor a loop", lambda c: not c.form.lazy and c.ending in _IN_A_BLOCK),
    Hole("the SDK itself reads the answer", lambda c: c.form is Form.PLAIN and c.ending is Ending.NEVER_READ),
    Hole(
        "a blocking call leaves its thread no room for another one",
        lambda c: not c.form.lazy and not c.is_async and c.ending is Ending.INTERLEAVED,
    ),
)

EVERY_CELL: Final = tuple(
    Case(api, is_async, form, ending, content)
    for api, is_async, form, ending, content in product(APIS, (False, True), Form, Ending, (False, True))
    if HAS_RESPONSES or api.name not in ("responses", "fetch_response")
)


def hole_of(case: Case) -> Hole | None:
    """Why a cell is empty; ``None`` when it is not."""
    return next((hole for hole in HOLES if hole.covers(case)), None)


CASES: Final = tuple(case for case in EVERY_CELL if hole_of(case) is None)
