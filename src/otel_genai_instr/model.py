"""Neutral data about one GenAI call, between the SDK readers and the telemetry.

Knows no SDK and no OpenTelemetry. ``None`` means "not said", never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any, Final, Literal, dataclass_transform

from .records import define
from .semconv import attributes as names

Said = str | bool | int | float | tuple[str, ...]
Attributes = Mapping[str, Said]
"""By the conventions' names."""
UNKNOWN_SELLER: Final = "\0"
"""What ends ``Endpoint.seller`` when nobody knows who sells; no name of a provider has it."""


@dataclass_transform(kw_only_default=True)
class Record:
    """Keeps only what was said: a field that nobody set is read from its class, as ``None``.

    Most calls say little of what a record could hold, and a record is made several times a call.
    """

    def __init__(self, **said: Any) -> None:
        if said:
            self.__dict__.update(said)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._said() == other._said()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._said().items())})"

    def _said(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if value is not None}


@define
class Endpoint:
    """Who answers the call."""

    provider: str
    """Value of ``gen_ai.provider.name``."""
    address: str | None = None
    """Host name or address, without port."""
    port: int | None = None
    region: str | None = None
    """Where the provider computes, in its own words, when that changes the price."""
    is_known: bool = True
    """Whether the provider is who answers: behind an unknown host it is only the one whose language is spoken."""
    seller: str = field(init=False, repr=False)
    """The provider as prices are asked for: one word, because it is a part of the key of every cached price."""
    attributes: Attributes = field(init=False, repr=False)
    """Provider, address and port, by the conventions' names: made once, because clients make many calls."""
    dimensions: tuple[str, str | None, int | None] = field(init=False, repr=False)
    """The same as a key."""

    def __post_init__(self) -> None:
        self.seller = self.provider if self.is_known else self.provider + UNKNOWN_SELLER
        attributes: dict[str, Said] = {names.PROVIDER_NAME: self.provider}
        if self.address is not None:
            attributes[names.SERVER_ADDRESS] = self.address
            if self.port is not None:
                attributes[names.SERVER_PORT] = self.port
        self.attributes = attributes
        self.dimensions = self.provider, self.address, self.port


@define
class Request:
    """What was asked for, as far as it is known before the call."""

    operation: str
    """Value of ``gen_ai.operation.name``."""
    model: str | None = None
    service_tier: str | None = None
    """The tier asked for (``flex``, ``priority``, ...); it decides the price when the response names none."""
    attributes: Attributes = field(default_factory=dict[str, Said])
    """What else was said, by the conventions' names."""
    units: Mapping[str, float] | None = None
    """What an answer to it is charged by, where the request says it and the answer doesn't: see ``Usage.units``."""
    span_name: str | None = None
    """Where it isn't operation and model."""


class Usage(Record):
    """Tokens of one call. Totals include their parts, as the conventions define them."""

    input_tokens: int | None = None
    """All input tokens, cached ones included."""
    output_tokens: int | None = None
    """All output tokens, reasoning included."""
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    """All input tokens written to a cache, however long it keeps them."""
    cache_write_1h_tokens: int | None = None
    """Those of them that a cache keeps for an hour; the others are kept for five minutes."""
    reasoning_tokens: int | None = None
    text_input_tokens: int | None = None
    image_input_tokens: int | None = None
    audio_input_tokens: int | None = None
    text_output_tokens: int | None = None
    image_output_tokens: int | None = None
    audio_output_tokens: int | None = None
    text_cache_read_tokens: int | None = None
    image_cache_read_tokens: int | None = None
    audio_cache_read_tokens: int | None = None
    units: Mapping[str, float] | None = None
    """What is charged by anything but tokens: how many of each unit. The units are those of ``semconv.units``."""
    provider_cost: float | None = None
    """Cost that the provider itself reported, in US dollars."""
    estimated: bool = False
    """Counted by ourselves, because the provider reported nothing."""
    inconsistent: bool = False
    """The provider's counts contradict each other."""


class Response(Record):
    """What came back, as far as every call needs it; of a stream, what has come so far."""

    model: str | None = None
    service_tier: str | None = None
    usage: Usage | None = None
    error_code: str | None = None
    """Set when the provider reports a failed generation inside a successful HTTP response."""
    error_message: str | None = None
    region: str | None = None
    """Where it was computed, in the provider's own words, when that changes the price; wins over the endpoint's."""
    dimensions: Attributes | None = None
    """How it was served, by the conventions' names: few values, so that metrics can be split by them."""
    batches: Sequence[Batch] | None = None
    """What it says of batches."""
    answers: Iterable[tuple[str | None, Response]] | None = None
    """The answers to the requests of a batch, read as they are asked for, with the operation that each request was;
    ``None`` stands for one that can't be told. One that failed has its ``error_code``."""


@define
class Batch:
    """What is said of requests that a provider answers together, later."""

    id: str
    files: tuple[str, ...] = ()
    """Where the answers can be read, as far as that is known by now."""


class Details(Record):
    """What else came back, which only a span or an event tells: a call that isn't recorded needn't read it."""

    finish_reasons: Sequence[str | None] = ()
    """The provider's own string for each choice, in order; ``None`` for a choice that is still open."""
    attributes: Attributes | None = None
    """By the conventions' names."""
    content: Callable[[], Content] | None = None
    """What an answer says beside messages: what had been asked, if it was only fetched; what a search has found. Only
    called when content is captured."""


@define
class Content:
    """What was sent: read from the request only when content is captured, or counted."""

    system_instructions: list[Part] = field(default_factory=list["Part"])
    messages: list[Message] = field(default_factory=list["Message"])
    tools: list[Mapping[str, object]] = field(default_factory=list[Mapping[str, object]])
    tools_in_full: list[Mapping[str, object]] = field(default_factory=list[Mapping[str, object]])
    """The same tools as they were sent; to be counted, never recorded."""
    complete: bool = True
    """Whether the model read no more than this: no conversation, response or prompt that the provider keeps. Else its
    tokens are not counted."""
    attributes: Mapping[str, object] = field(default_factory=dict[str, object])
    """What else there is, by the conventions' names: a query, documents."""
    framed: bool = True
    """Whether the model reads it in a chat format, whose frame takes tokens, too; a legacy completion has none."""


@define
class Text:
    """Plain text."""

    content: str
    type: Literal["text"] = "text"


@define
class Reasoning:
    """Reasoning that the model showed."""

    content: str
    type: Literal["reasoning"] = "reasoning"


@define
class ToolCall:
    """A tool that the model asks the application to run."""

    name: str
    id: str | None = None
    arguments: object = None
    """An object where the arguments are valid JSON, else the text as it came."""
    type: Literal["tool_call"] = "tool_call"


@define
class ToolRun:
    """One run of a tool of the application, by an SDK that goes on by itself."""

    name: str
    call_id: str | None = None
    """Of the model's call."""
    description: str | None = None
    """What the tool does."""
    arguments: object = None
    """JSON text, or data that the tool doesn't change; only read when content is captured, at the end."""


@define
class ToolCallResponse:
    """What the application's tool answered."""

    response: object
    id: str | None = None
    type: Literal["tool_call_response"] = "tool_call_response"


@define
class ServerToolCall:
    """A tool that the provider ran by itself, such as a web search."""

    name: str
    server_tool_call: Mapping[str, object]
    id: str | None = None
    type: Literal["server_tool_call"] = "server_tool_call"


@define
class Blob:
    """Inline media."""

    modality: str
    content: str
    """Base64."""
    mime_type: str | None = None
    type: Literal["blob"] = "blob"


@define
class Uri:
    """Media by reference."""

    modality: str
    uri: str
    mime_type: str | None = None
    type: Literal["uri"] = "uri"


@define
class File:
    """A file that the provider stores."""

    modality: str
    file_id: str
    mime_type: str | None = None
    type: Literal["file"] = "file"


@define
class Generic:
    """Anything the conventions have no part for: its own type and what it carries."""

    type: str
    fields: Mapping[str, object] = field(default_factory=dict[str, object])


Part = Text | Reasoning | ToolCall | ToolCallResponse | ServerToolCall | Blob | Uri | File | Generic


@define
class Message:
    """One message of the conversation."""

    role: str
    parts: Sequence[Part]
    name: str | None = None
    finish_reason: str | None = None
    """Mapped to the message schema (``stop``, ``length``, ``tool_call``, ...); output only."""


@define
class Failure:
    """Why an operation failed, without anything that may quote the user's input."""

    type: str
    """Exception class, or the provider's code of a failed generation."""
    status_code: int | None = None
    """HTTP status."""
    code: str | None = None
    """The provider's own error code."""
    message: str | None = None
    """May quote the user's input: recorded only when content or error messages are allowed."""
