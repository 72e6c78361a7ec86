"""Others were there before us: what they put into classes and around objects keeps working, and so do we."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

import pytest
import wrapt
from openai.resources.chat.completions import AsyncCompletions, Completions
from opentelemetry import baggage, context, trace

import otel_genai_instr

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply, sse_reply

CALL: Final[dict[str, Any]] = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}

Seen = list[tuple[object, ...]]
"""What a wrapper of somebody else was given: the object it is bound to, and the arguments without it."""


def _wrapt(original: Any, seen: Seen) -> object:
    def theirs(wrapped: Any, instance: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        seen.append((instance, *args, *kwargs))
        return wrapped(*args, **kwargs)

    return wrapt.FunctionWrapper(original, theirs)


def _wrapt_coroutine(original: Any, seen: Seen) -> object:
    async def theirs(wrapped: Any, instance: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        seen.append((instance, *args, *kwargs))
        return await wrapped(*args, **kwargs)

    return wrapt.FunctionWrapper(original, theirs)


def _partial_method(original: Any, seen: Seen) -> object:
    def theirs(self: object, word: str, *args: Any, **kwargs: Any) -> object:
        seen.append((self, word, *args, *kwargs))
        return original(self, *args, **kwargs)

    return functools.partialmethod(theirs, "first")


def _property(original: Any, seen: Seen) -> object:
    def theirs(self: object) -> Callable[..., object]:
        seen.append((self,))
        return functools.partial(original, self)

    return property(theirs)


def _object_that_is_never_bound(original: Any, seen: Seen) -> object:
    class Theirs:
        def __call__(self, *args: Any, **kwargs: Any) -> object:
            seen.append((*args, *kwargs))
            return original(_resource[-1], *args, **kwargs)

    return Theirs()


_resource: Final[list[object]] = []
"""For a wrapper that can't know it."""


@pytest.fixture(params=[_wrapt, _wrapt_coroutine, _partial_method, _property, _object_that_is_never_bound])
def wrap(request: pytest.FixtureRequest) -> Callable[[Any, Seen], object]:
    return request.param


@pytest.fixture(params=[Completions, AsyncCompletions])
def owner(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A class of the SDK, put back afterwards."""
    original: Any = request.param.__dict__["create"]
    yield request.param
    otel_genai_instr.uninstrument()
    request.param.create = original


def _answer_of(owner: Any, *, stream: bool) -> object:
    """What a call of this kind of resource gives to the app: text, or the number of chunks."""
    reply = sse_reply(*answers.chat_chunks()) if stream else json_reply(answers.chat())
    provider = FakeProvider(None, reply)
    if owner is Completions:
        completions: Any = provider.client().chat.completions
        _resource.append(completions)
        result = completions.create(**CALL, stream=stream)
        return len(list(result)) if stream else result.choices[0].message.content

    async def ask() -> object:
        completions: Any = provider.async_client().chat.completions
        _resource.append(completions)
        result = await completions.create(**CALL, stream=stream)
        return len([chunk async for chunk in result]) if stream else result.choices[0].message.content

    return asyncio.run(ask())


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_descriptor_that_stood_there_first_is_bound_as_without_us(
    capture: Capture, owner: Any, wrap: Callable[[Any, Seen], object], stream: bool
) -> None:
    if wrap is _wrapt_coroutine and owner is Completions:
        wrap = _wrapt  # nobody awaits there
    seen: Seen = []
    theirs: Any = wrap(owner.__dict__["create"], seen)
    owner.create = theirs
    without_us = _answer_of(owner, stream=stream)
    alone = [(type(first), *rest) for first, *rest in seen]
    seen.clear()

    capture.instrument()
    assert _answer_of(owner, stream=stream) == without_us
    assert [(type(first), *rest) for first, *rest in seen] == alone
    assert capture.attributes()["gen_ai.usage.input_tokens"] == 1000

    capture.uninstrument()
    assert owner.__dict__["create"] is theirs


def test_a_wrapped_coroutine_function_stays_one(capture: Capture) -> None:
    async def create(_self: object, **_kwargs: Any) -> None: ...

    original: Any = AsyncCompletions.create
    try:
        AsyncCompletions.create = cast("Any", _wrapt(create, []))
        capture.instrument()
        assert inspect.iscoroutinefunction(AsyncCompletions.create)
    finally:
        capture.uninstrument()
        AsyncCompletions.create = original


_ObjectProxy: Any = wrapt.ObjectProxy


class ProxyWithMethodsOfItsOwn(_ObjectProxy):
    """As those who want to see a response being closed put around it. Its ``__dict__`` is that of the object inside."""

    closed = 0

    def close(self) -> None:
        type(self).closed += 1
        self.__wrapped__.close()

    async def aclose(self) -> None:
        type(self).closed += 1
        await self.__wrapped__.aclose()


class ProxyThatHidesWhatIsInside:
    """The same by hand, without a way to the object inside."""

    closed = 0

    def __init__(self, inside: Any) -> None:
        object.__setattr__(self, "_proxy_inside", inside)

    def __getattribute__(self, name: str) -> Any:
        inside = object.__getattribute__(self, "_proxy_inside")
        if name in ("close", "aclose"):
            return functools.partial(object.__getattribute__(self, "_" + name), inside)
        return getattr(inside, name)

    def _close(self, inside: Any) -> None:
        type(self).closed += 1
        inside.close()

    async def _aclose(self, inside: Any) -> None:
        type(self).closed += 1
        await inside.aclose()


class ProxyThatSaysSo:
    """With a class and a ``__dict__`` of its own."""

    closed = 0

    def __init__(self, inside: Any) -> None:
        self._inside = inside

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inside, name)

    def close(self) -> None:
        type(self).closed += 1
        self._inside.close()

    async def aclose(self) -> None:
        type(self).closed += 1
        await self._inside.aclose()


class ProxyWithSlots(ProxyThatSaysSo):
    """One that has no place for a hook."""

    __slots__ = ("_inside",)
    __dict__ = property(lambda _self: None)  # type: ignore[assignment]


PROXIES: Final = (ProxyWithMethodsOfItsOwn, ProxyThatHidesWhatIsInside, ProxyThatSaysSo, ProxyWithSlots)


@pytest.fixture(params=PROXIES, ids=lambda proxy: proxy.__name__)
def proxy(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Somebody's proxy around the response of each stream, put there below us."""
    kind: Any = request.param
    originals: list[tuple[Any, Any]] = [(kind, kind.__dict__["create"]) for kind in (Completions, AsyncCompletions)]

    def around(stream: Any) -> Any:
        stream.response = kind(stream.response)
        return stream

    def create(self: Any, **kwargs: Any) -> Any:
        return around(originals[0][1](self, **kwargs))

    async def create_awaited(self: Any, **kwargs: Any) -> Any:
        return around(await originals[1][1](self, **kwargs))

    kind.closed = 0
    Completions.create, AsyncCompletions.create = cast("Any", create), cast("Any", create_awaited)
    yield kind
    otel_genai_instr.uninstrument()
    for owner, original in originals:
        owner.create = original


def _drained(stream: Any) -> int:
    return len(list(stream))


def _closed_early(stream: Any) -> int:
    next(stream)
    stream.close()
    stream.close()
    return 1


def _left(stream: Any) -> int:
    with stream:
        next(stream)
    return 1


@pytest.mark.parametrize("use", [_drained, _closed_early, _left])
def test_a_proxy_around_the_response(capture: Capture, proxy: Any, use: Callable[[Any], int]) -> None:
    def ask() -> int:
        client: Any = FakeProvider(None, sse_reply(*answers.chat_chunks())).client()
        seen = use(client.chat.completions.create(**CALL, stream=True))
        gc.collect()  # what the SDK left in a cycle is closed, too; a stream whose end nobody can see ends then
        return seen

    without_us, closed = ask(), proxy.closed
    proxy.closed = 0
    capture.instrument()
    assert ask() == without_us
    assert proxy.closed == closed
    assert len(capture.spans()) == 1


def test_a_proxy_around_the_response_of_an_asynchronous_stream(capture: Capture, proxy: Any) -> None:
    async def ask() -> None:
        client: Any = FakeProvider(None, sse_reply(*answers.chat_chunks())).async_client()
        async with await client.chat.completions.create(**CALL, stream=True) as stream:
            await anext(stream)
        del stream
        gc.collect()

    asyncio.run(ask())
    closed, proxy.closed = proxy.closed, 0
    capture.instrument()
    asyncio.run(ask())
    assert proxy.closed == closed
    assert len(capture.spans()) == 1


@pytest.mark.parametrize("theirs_first", [True, False])
def test_a_hook_of_somebody_else_on_the_same_object_stays(capture: Capture, theirs_first: bool) -> None:
    heard: list[str] = []

    def hook(response: Any) -> None:
        close = response.close
        response.close = lambda: (heard.append("theirs"), close())[1]

    original: Any = Completions.create

    def create(self: Any, **kwargs: Any) -> Any:
        stream = original(self, **kwargs)
        hook(stream.response)
        return stream

    try:
        if theirs_first:
            Completions.create = cast("Any", create)
        capture.instrument()
        client: Any = FakeProvider(None, sse_reply(*answers.chat_chunks())).client()
        stream = client.chat.completions.create(**CALL, stream=True)
        if not theirs_first:
            hook(stream.response)
        next(stream)
        stream.close()
        assert len(capture.spans()) == 1
        stream.response.close()
        assert heard == ["theirs"] * 2
    finally:
        capture.uninstrument()
        Completions.create = original


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_context_that_somebody_leaves_until_their_stream_ends(capture: Capture, is_async: bool) -> None:
    """They make their span current inside the call, and the one that they found when the stream is at its end."""
    tracer = trace.get_tracer("app", tracer_provider=capture.tracer_provider)
    originals: Any = Completions.create, AsyncCompletions.create

    def leave(stream: Any) -> Any:
        token = context.attach(context.set_value("theirs", 1))
        stream.response.after = lambda: context.detach(token)
        return stream

    def create(self: Any, **kwargs: Any) -> Any:
        return leave(originals[0](self, **kwargs))

    async def create_awaited(self: Any, **kwargs: Any) -> Any:
        return leave(await originals[1](self, **kwargs))

    def ask() -> None:
        stream: Any = completions().create(**CALL, stream=True)
        assert context.get_value("theirs") == 1
        assert len(list(stream)) == len(answers.chat_chunks())
        stream.response.after()

    async def ask_awaited() -> None:
        stream: Any = await completions().create(**CALL, stream=True)
        assert context.get_value("theirs") == 1
        assert len([chunk async for chunk in stream]) == len(answers.chat_chunks())
        stream.response.after()

    def completions() -> Any:
        provider = FakeProvider(None, sse_reply(*answers.chat_chunks()))
        return (provider.async_client if is_async else provider.client)().chat.completions

    async def story() -> None:
        with tracer.start_as_current_span("app"):
            context.attach(baggage.set_baggage("kept", "yes"))
            before = trace.get_current_span(), baggage.get_all()
            await ask_awaited() if is_async else ask()
            assert (trace.get_current_span(), baggage.get_all()) == before
            assert context.get_value("theirs") is None
            await ask_awaited() if is_async else ask()
            assert (trace.get_current_span(), baggage.get_all()) == before

    Completions.create, AsyncCompletions.create = cast("Any", create), cast("Any", create_awaited)
    try:
        capture.instrument()
        asyncio.run(story())
    finally:
        capture.uninstrument()
        Completions.create, AsyncCompletions.create = originals
    first, second, app = capture.spans()
    assert app.context is not None
    assert [span.parent and span.parent.span_id for span in (first, second)] == [app.context.span_id] * 2


@pytest.mark.parametrize("kind", [Completions, AsyncCompletions])
def test_what_one_look_tells_of_a_method_it_tells_beside_us(capture: Capture, kind: Any) -> None:
    """Some ask a function and, one step deep, what it wraps, whether it is a coroutine function."""

    def looked_at() -> tuple[bool, bool, inspect.Signature]:
        create = kind.create
        inside = getattr(create, "__wrapped__", create)
        return inspect.iscoroutinefunction(create), inspect.iscoroutinefunction(inside), inspect.signature(create)

    without_us = looked_at()
    capture.instrument()
    assert looked_at() == without_us
