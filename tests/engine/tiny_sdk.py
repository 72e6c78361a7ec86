"""A tiny SDK: each kind of function that an SDK can have for one model call, and the table that tells the engine."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.trace import Tracer

from otel_genai_instr.model import Details, Endpoint, Message, Request, Response, Usage
from otel_genai_instr.patching.contract import Api, Asked, Attempt, Call, OwnSpans, Provider, Streamed
from otel_genai_instr.providers.errors import read_error
from otel_genai_instr.providers.fields import as_count, fields_of

MODEL: Final = "tiny-1"
QUIET: Final = "tiny-quiet"
"""A model whose tokens are read, and not shown."""
CHUNKS: Final = ("one", "two", {"input": 10, "output": 2})
"""What a stream consists of; the last one says the tokens."""


class Refused(Exception):
    """The service says no."""


class Busy(Exception):
    """The service wants to be asked again."""


class Events:
    """A stream object, read by its own iterator."""

    def __init__(self, chunks: Iterator[Any]) -> None:
        self._events = chunks
        self.closed = False

    def __iter__(self) -> Iterator[Any]:
        yield from self._events

    def close(self) -> None:
        """Nothing more comes."""
        self.closed = True


def generator(model: str, fail: bool = False, spans: list[trace.Span] | None = None) -> Generator[Any, Any, str]:
    """A generator function. Its generator gives back what it is sent, and a ``KeyError`` that is thrown into it."""
    for chunk in CHUNKS:
        if spans is not None:
            spans.append(trace.get_current_span())
        if fail and chunk is not CHUNKS[0]:
            raise Refused(model)
        try:
            sent = yield chunk
        except KeyError as error:
            sent = error
        if sent is not None:
            yield sent
    return "over"


async def async_generator(
    model: str, fail: bool = False, spans: list[trace.Span] | None = None
) -> AsyncGenerator[Any, Any]:
    """An asynchronous generator function, which does the same."""
    for chunk in CHUNKS:
        if spans is not None:
            spans.append(trace.get_current_span())
        if fail and chunk is not CHUNKS[0]:
            raise Refused(model)
        try:
            sent = yield chunk
        except KeyError as error:
            sent = error
        if sent is not None:
            yield sent


def plain(model: str, **more: Any) -> Generator[Any, Any, str]:
    """A plain function that returns a generator."""
    return generator(model, **more)


async def coroutine(model: str, **more: Any) -> AsyncGenerator[Any, Any]:
    """A coroutine function that returns an asynchronous generator."""
    return async_generator(model, **more)


def held(model: str, **more: Any) -> dict[str, Any]:
    """A plain function that returns a dictionary with a stream in it."""
    return {"metadata": {"model": model}, "stream": Events(generator(model, **more))}


def make(name: str) -> Any:
    """The SDK as a module of this name: what it calls, it looks up late."""
    sdk: Any = ModuleType(name)
    for function in (plain, coroutine, generator, async_generator, held):
        setattr(sdk, function.__name__, function)

    async def send(outcome: object) -> object:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def repeated(model: str, *outcomes: object) -> object:
        """Asks again as long as the service is busy, in a way that depends on what ``send`` is."""
        for outcome in outcomes:
            try:
                return await sdk.send(outcome) if inspect.iscoroutinefunction(sdk.send) else sdk.send(outcome)
            except Busy:
                continue
        raise Refused(model)

    def start_span(name: str, tracer: Tracer | None = None) -> trace.Span:
        return (tracer or sdk.tracer).start_span(name)

    def traced(model: str, by_keyword: bool = False, client: object = None) -> dict[str, Any]:
        """Makes a span of its own, whose context it sends."""
        span = sdk.start_span("tiny", tracer=sdk.tracer) if by_keyword else sdk.start_span("tiny", sdk.tracer)
        context = span.get_span_context()
        span.end()
        return {"model": model, "input": 10, "output": 2, "sent": (context.trace_id, context.span_id)}

    sdk.send, sdk.repeated, sdk.start_span, sdk.traced = send, repeated, start_span, traced
    return sdk


class Reader:
    """Reads a stream, or a whole answer."""

    def __init__(self) -> None:
        self._usage: Usage | None = None

    def feed(self, chunk: object) -> bool | None:
        """Only one chunk says the tokens."""
        said = fields_of(chunk)
        if said:
            self._usage = Usage(input_tokens=as_count(said.get("input")), output_tokens=as_count(said.get("output")))

    def response(self) -> Response:
        """The tokens, if they came."""
        return Response(usage=self._usage)

    def details(self) -> Details:
        """Nothing else."""
        return Details()

    def output(self) -> list[Message]:
        """No content."""
        return []


class QuietReader(Reader):
    """Reads a stream whose last chunk isn't for the caller."""

    def feed(self, chunk: object) -> bool:
        """Hide what says the tokens."""
        super().feed(chunk)
        return isinstance(chunk, dict)


def _read_answer(result: object) -> Reader:
    reader = Reader()
    reader.feed(result)
    return reader


API: Final = Api(
    name="tiny",
    read_request=lambda asked: Request("chat", str(asked["model"])),
    read_content=None,
    read_answer=_read_answer,
    open_stream=lambda _content: Reader(),
)


def _open_quietly(_content: bool) -> QuietReader:
    return QuietReader()


QUIET_API: Final = replace(API, open_stream=_open_quietly)


def _unpack(args: tuple[Any, ...], kwargs: Any) -> Asked | None:
    model = args[0] if args else kwargs["model"]
    api = QUIET_API if model == QUIET else API
    return None if model == "none" else (api, {"model": model}, kwargs.get("client"), None)


def _look(result: object) -> Streamed | None:
    stream = fields_of(result).get("stream")
    return Streamed(stream, "_events", ((stream, "close"),)) if isinstance(stream, Events) else None


def provider_of(name: str, is_wanted: Callable[[object], bool] = lambda _client: False) -> Provider:
    """The table of the SDK that is the module ``name``."""
    calls = ("plain", "coroutine", "generator", "async_generator", "held", "repeated", "traced", "of_another_version")
    return Provider(
        seams=(
            *(Call(name, path, _unpack) for path in calls),
            Attempt(name, "send"),
            OwnSpans(name, "start_span", tracer=1, is_wanted=is_wanted),
        ),
        look=_look,
        read_endpoint=lambda _client, _url, _names: Endpoint("tiny", "tiny.example", 443),
        read_error=read_error,
    )
