"""The three arms of each comparison: the plain SDK, the floor around it, and our instrumentation around it.

All stand for the ``request`` of one client, where every call of the SDK comes by, and are put into the client itself:
changing from one to another changes no class.
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
from .clients import (
    REQUEST_BUILDER,
    Client,
    Request,
    build_nothing,
    client_class,
    full_client,
    resource_of,
    stub_create,
    stub_request,
)
from .sinks import Sink

Create = Callable[..., Any]

_READERS: Final[dict[str, Callable[[Any], floor.Answer]]] = {
    "chat": floor.read_chat,
    "responses": floor.read_response,
    "embeddings": floor.read_embeddings,
}


_DIGEST: dict[str, Any] = {"content": "digest", "content_key": "k" * 32, "content_preview": 100}


@dataclass(frozen=True, slots=True)
class Setup:
    """What is measured, and how."""

    case: Case
    mode: str
    """``full`` or ``stub``."""
    is_async: bool = False
    capture: bool = False
    sampled: bool = True
    digest: bool = False
    """Hashes and the beginning of the answer instead of messages; the floor has neither."""

    @property
    def content(self) -> str:
        """How much content is recorded: ``off``, ``digest`` or ``on``."""
        return "on" if self.capture else "digest" if self.digest else "off"


@dataclass(slots=True)
class Arms:
    """One client and three things to stand in the place of its ``request``."""

    setup: Setup
    client: Client
    resource: Any
    create: Create
    """Calls the client's ``request``; takes the resource and the arguments."""
    requests: dict[str, Request]
    """``plain``, ``floor``, ``ours``."""
    sinks: dict[str, Sink]
    floor: floor.Floor
    _build_request: Create

    def choose(self, arm: str) -> Create:
        """Make the client ready for an arm and return the function to call."""
        methods, (_, builder) = self.client.__dict__, REQUEST_BUILDER
        methods["request"] = MethodType(self.requests[arm], self.client)
        if arm == "ours":
            methods.pop(builder, None)
        else:
            methods[builder] = MethodType(self._build_request, self.client)
        return self.create


@contextmanager
def arms_of(setup: Setup) -> Generator[Arms, None, None]:
    """The arms; instrumented while the block lasts."""
    case = setup.case
    client = full_client(case, setup.is_async)
    resource = resource_of(client, case.api)
    owner = client_class(setup.is_async)
    builder, builder_name = REQUEST_BUILDER
    real_request: Request = owner.request
    real_build: Create = getattr(builder, builder_name)
    is_stub = setup.mode == "stub"
    plain = stub_request(case, client, setup.is_async) if is_stub else real_request
    build = build_nothing if is_stub else real_build
    sinks = {"floor": Sink(setup.sampled), "ours": Sink(setup.sampled)}
    minimum = floor.Floor(case.api, sinks["floor"], setup.capture, floor.Prices.of(case.answering_model))
    owner.request = plain
    setattr(builder, builder_name, build)
    more: dict[str, Any] = _DIGEST if setup.digest else {}
    try:
        otel_genai_instr.instrument(
            tracer_provider=sinks["ours"].tracer_provider,
            meter_provider=sinks["ours"].meter_provider,
            capture_content=setup.capture,
            **more,
        )
        requests = {
            "plain": plain,
            "floor": (_floor_async if setup.is_async else _floor_sync)(plain, minimum),
            "ours": owner.request,
        }
        create: Create = stub_create(case, client) if is_stub else cast(Any, type(resource)).create
        yield Arms(setup, client, resource, create, requests, sinks, minimum, build)
    finally:
        otel_genai_instr.uninstrument()
        owner.request = real_request
        setattr(builder, builder_name, real_build)


def _floor_sync(plain: Request, minimum: floor.Floor) -> Request:
    read = _READERS[minimum.api]

    def request(client: object, cast_to: object, options: Any, **how: Any) -> Any:
        arguments = options.json_data
        call = minimum.start(arguments)
        token = attach(call.context)
        try:
            result = plain(client, cast_to, options, **how)
        finally:
            detach(token)
        if "stream" in arguments:
            result._iterator = _observe(result._iterator, minimum, call)
        else:
            minimum.end(call, read(result))
        return result

    return request


def _floor_async(plain: Callable[..., Awaitable[Any]], minimum: floor.Floor) -> Request:
    read = _READERS[minimum.api]

    async def request(client: object, cast_to: object, options: Any, **how: Any) -> Any:
        arguments = options.json_data
        call = minimum.start(arguments)
        token = attach(call.context)
        try:
            result = await plain(client, cast_to, options, **how)
        finally:
            detach(token)
        if "stream" in arguments:
            result._iterator = _observe_async(result._iterator, minimum, call)
        else:
            minimum.end(call, read(result))
        return result

    return request


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
        answer.text, answer.is_whole = text, False
    else:
        answer = floor.read_response(last.response)
    minimum.end(call, answer)
