"""The three arms of each comparison: the plain SDK, the floor around it, and our instrumentation around it.

All are functions over the same client and the same method, so changing from one to another changes no
class: only whether the client's own request builder or the wrapped one is called.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from types import MethodType
from typing import Any, Final, cast

from opentelemetry.context import attach, detach

import otel_genai_instr

from . import floor
from .cases import Case
from .clients import REQUEST_BUILDER, Client, build_nothing, full_client, resource_of, stub_create
from .sinks import Sink

Create = Callable[..., Any]

_READERS: Final[dict[str, Callable[[Any], floor.Answer]]] = {
    "chat": floor.read_chat,
    "responses": floor.read_response,
    "embeddings": floor.read_embeddings,
}


@dataclass(frozen=True, slots=True)
class Setup:
    """What is measured, and how."""

    case: Case
    mode: str
    """``full`` or ``stub``."""
    is_async: bool = False
    capture: bool = False
    sampled: bool = True


@dataclass(slots=True)
class Arms:
    """One client and three ways to call it."""

    setup: Setup
    client: Client
    resource: Any
    creates: dict[str, Create]
    """``plain``, ``floor``, ``ours``; each takes the resource and the arguments."""
    sinks: dict[str, Sink]
    floor: floor.Floor
    _build_request: Create

    def choose(self, arm: str) -> Create:
        """Make the client ready for an arm and return its function."""
        _, name = REQUEST_BUILDER
        if arm == "ours":
            self.client.__dict__.pop(name, None)
        else:
            self.client.__dict__[name] = MethodType(self._build_request, self.client)
        return self.creates[arm]


@contextmanager
def arms_of(setup: Setup) -> Generator[Arms, None, None]:
    """The arms; instrumented while the block lasts."""
    case = setup.case
    client = full_client(case, setup.is_async)
    resource = resource_of(client, case.api)
    owner = cast(Any, type(resource))
    builder, builder_name = REQUEST_BUILDER
    real_create: Create = owner.create
    real_build: Create = getattr(builder, builder_name)
    is_stub = setup.mode == "stub"
    plain = stub_create(case, client, setup.is_async) if is_stub else real_create
    build = build_nothing if is_stub else real_build
    sinks = {"floor": Sink(setup.sampled), "ours": Sink(setup.sampled)}
    minimum = floor.Floor(case.api, sinks["floor"], setup.capture, floor.Prices.of(case.answering_model))
    owner.create = plain
    setattr(builder, builder_name, build)
    try:
        otel_genai_instr.instrument(
            tracer_provider=sinks["ours"].tracer_provider,
            meter_provider=sinks["ours"].meter_provider,
            capture_content=setup.capture,
        )
        creates = {
            "plain": plain,
            "floor": (_floor_async if setup.is_async else _floor_sync)(plain, minimum),
            "ours": owner.create,
        }
        yield Arms(setup, client, resource, creates, sinks, minimum, build)
    finally:
        otel_genai_instr.uninstrument()
        owner.create = real_create
        setattr(builder, builder_name, real_build)


def _floor_sync(plain: Create, minimum: floor.Floor) -> Create:
    read = _READERS[minimum.api]

    def create(resource: object, **arguments: Any) -> Any:
        call = minimum.start(arguments)
        token = attach(call.context)
        try:
            result = plain(resource, **arguments)
        finally:
            detach(token)
        if "stream" in arguments:
            result._iterator = _observe(result._iterator, minimum, call)
        else:
            minimum.end(call, read(result))
        return result

    return create


def _floor_async(plain: Callable[..., Awaitable[Any]], minimum: floor.Floor) -> Create:
    read = _READERS[minimum.api]

    async def create(resource: object, **arguments: Any) -> Any:
        call = minimum.start(arguments)
        token = attach(call.context)
        try:
            result = await plain(resource, **arguments)
        finally:
            detach(token)
        if "stream" in arguments:
            result._iterator = _observe_async(result._iterator, minimum, call)
        else:
            minimum.end(call, read(result))
        return result

    return create


def _observe(chunks: Iterator[Any], minimum: floor.Floor, call: floor.Call) -> Iterator[Any]:
    last = next(chunks)
    call.first_chunk = perf_counter()
    yield last
    if minimum.capture and minimum.api == "chat":
        texts = [last.choices[0].delta.content]
        for last in chunks:
            if last.choices:
                texts.append(last.choices[0].delta.content or "")
            yield last
        _end_stream(minimum, call, last, "".join(texts))
    else:
        for last in chunks:
            yield last
        _end_stream(minimum, call, last, None)


async def _observe_async(chunks: AsyncIterator[Any], minimum: floor.Floor, call: floor.Call) -> AsyncIterator[Any]:
    last = await anext(chunks)
    call.first_chunk = perf_counter()
    yield last
    texts: list[str] | None = [""] if minimum.capture and minimum.api == "chat" else None
    async for last in chunks:
        if texts is not None and last.choices:
            texts.append(last.choices[0].delta.content or "")
        yield last
    _end_stream(minimum, call, last, "".join(texts) if texts else None)


def _end_stream(minimum: floor.Floor, call: floor.Call, last: Any, text: str | None) -> None:
    """The last chunk of both APIs carries model and usage; the finish reason is known in these cases."""
    if minimum.api == "chat":
        answer = floor.read_chat(last)
        answer.text = text
    else:
        answer = floor.read_response(last.response)
    minimum.end(call, answer)
