"""Others were there before us: what they put into classes and around objects keeps working, and so do we."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Final

import pytest
import wrapt
from openai import AsyncOpenAI, OpenAI
from openai._base_client import AsyncAPIClient, SyncAPIClient
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
            return original(_client[-1], *args, **kwargs)

    return Theirs()


_client: Final[list[object]] = []
"""For a wrapper that can't know it."""


@pytest.fixture(params=[_wrapt, _wrapt_coroutine, _partial_method, _property, _object_that_is_never_bound])
def wrap(request: pytest.FixtureRequest) -> Callable[[Any, Seen], object]:
    return request.param


@contextmanager
def put_in(owner: Any, wrap: Callable[[Any], object]) -> Generator[Any, None, None]:
    """What ``wrap`` makes of the ``request`` of a client class stands there meanwhile."""
    inherited = "request" not in owner.__dict__
    original = inspect.getattr_static(owner, "request")
    owner.request = theirs = wrap(original)
    try:
        yield theirs
    finally:
        otel_genai_instr.uninstrument()
        if inherited:
            del owner.request
        else:
            owner.request = original


@contextmanager
def both_return(change: Callable[[Any], Any]) -> Generator[None, None, None]:
    """Somebody hands out what ``change`` makes of the result of a ``request``, of either kind of client."""

    def plain(original: Any) -> object:
        def request(*args: Any, **kwargs: Any) -> Any:
            return change(original(*args, **kwargs))

        return request

    def awaited(original: Any) -> object:
        async def request(*args: Any, **kwargs: Any) -> Any:
            return change(await original(*args, **kwargs))

        return request

    with put_in(SyncAPIClient, plain), put_in(AsyncAPIClient, awaited):
        yield


BASES: Final = (SyncAPIClient, AsyncAPIClient)
"""Where ``request`` is written."""
PUBLIC: Final = (OpenAI, AsyncOpenAI)
"""Where it is inherited, and others put theirs."""
each_owner = pytest.mark.parametrize("owner", [*BASES, *PUBLIC], ids=lambda kind: kind.__name__)


def is_async(owner: Any) -> bool:
    return owner in (AsyncAPIClient, AsyncOpenAI)


def _answer_of(owner: Any, *, stream: bool) -> object:
    """What a call of this kind of client gives to the app: text, or the number of chunks."""
    reply = sse_reply(*answers.chat_chunks()) if stream else json_reply(answers.chat())
    provider = FakeProvider(None, reply)
    if not is_async(owner):
        client: Any = provider.client()
        _client.append(client)
        result = client.chat.completions.create(**CALL, stream=stream)
        return len(list(result)) if stream else result.choices[0].message.content

    async def ask() -> object:
        client: Any = provider.async_client()
        _client.append(client)
        result = await client.chat.completions.create(**CALL, stream=stream)
        return len([chunk async for chunk in result]) if stream else result.choices[0].message.content

    return asyncio.run(ask())


@each_owner
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_descriptor_that_stood_there_first_is_bound_as_without_us(
    capture: Capture, owner: Any, wrap: Callable[[Any, Seen], object], stream: bool
) -> None:
    if wrap is _wrapt_coroutine and not is_async(owner):
        wrap = _wrapt  # nobody awaits there
    seen: Seen = []
    with put_in(owner, lambda original: wrap(original, seen)) as theirs:
        without_us = _answer_of(owner, stream=stream)
        alone = _kinds(seen)
        seen.clear()

        capture.instrument()
        assert owner.__dict__["request"] is not theirs
        assert _answer_of(owner, stream=stream) == without_us
        assert _kinds(seen) == alone
        span = capture.span()
        assert (span.attributes or {})["gen_ai.usage.input_tokens"] == 1000

        capture.uninstrument()
        assert owner.__dict__["request"] is theirs


def _kinds(seen: Seen) -> list[list[object]]:
    """Options are made anew for each call."""
    return [[given if isinstance(given, str) else type(given) for given in arguments] for arguments in seen]


def test_a_wrapped_coroutine_function_stays_one(capture: Capture) -> None:
    async def request(_self: object, **_kwargs: Any) -> None: ...

    with put_in(AsyncAPIClient, lambda _original: _wrapt(request, [])) as theirs:
        capture.instrument()
        assert AsyncAPIClient.__dict__["request"] is not theirs
        assert inspect.iscoroutinefunction(AsyncAPIClient.request)


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

    def around(stream: Any) -> Any:
        stream.response = kind(stream.response)
        return stream

    kind.closed = 0
    with both_return(around):
        yield kind


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

    def theirs(stream: Any) -> Any:
        hook(stream.response)
        return stream

    with both_return(theirs) if theirs_first else nullcontext():
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


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_context_that_somebody_leaves_until_their_stream_ends(capture: Capture, is_async: bool) -> None:
    """They make their span current inside the call, and the one that they found when the stream is at its end."""
    tracer = trace.get_tracer("app", tracer_provider=capture.tracer_provider)

    def leave(stream: Any) -> Any:
        token = context.attach(context.set_value("theirs", 1))
        stream.response.after = lambda: context.detach(token)
        return stream

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

    with both_return(leave):
        capture.instrument()
        asyncio.run(story())
    first, second, app = capture.spans()
    assert app.context is not None
    assert [span.parent and span.parent.span_id for span in (first, second)] == [app.context.span_id] * 2


@pytest.mark.parametrize("kind", BASES, ids=lambda kind: kind.__name__)
def test_what_one_look_tells_of_a_method_it_tells_beside_us(capture: Capture, kind: Any) -> None:
    """Some ask a function and, one step deep, what it wraps, whether it is a coroutine function."""

    def looked_at() -> tuple[bool, bool, inspect.Signature]:
        request = kind.request
        inside = getattr(request, "__wrapped__", request)
        return inspect.iscoroutinefunction(request), inspect.iscoroutinefunction(inside), inspect.signature(request)

    before, without_us = kind.request, looked_at()
    capture.instrument()
    assert kind.request is not before
    assert looked_at() == without_us
