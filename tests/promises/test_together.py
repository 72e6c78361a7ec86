"""Together with other instrumentations of the same SDK, which put objects of their own around a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from wrapt import ObjectProxy

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, sse_reply
from .either import call, run

CALL: dict[str, Any] = {"model": "gpt-4o-mini", "messages": [], "stream": True}


class Transparent(ObjectProxy[Any]):
    """Has the class of the stream that it stands for."""

    def __iter__(self) -> Iterator[Any]:
        return iter(self.__wrapped__)

    def __aiter__(self) -> Any:
        return self.__wrapped__.__aiter__()


class Around:
    """An iterator of its own, with the stream inside."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self.stream)

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Any:
        return await anext(self.stream)


class Closed:
    """An iterator that doesn't show what it reads from."""

    def __init__(self, stream: Any) -> None:
        self._it = stream

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._it)

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Any:
        return await anext(self._it)


def _patch(owner: Any, name: str, wrap: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As another instrumentation does it: what the method returns gets something around it."""
    original: Any = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return wrap(original(*args, **kwargs))

    async def wrapped_async(*args: Any, **kwargs: Any) -> Any:
        return wrap(await original(*args, **kwargs))

    monkeypatch.setattr(owner, name, wrapped_async if "Async" in owner.__name__ else wrapped)


def _client(capture: Capture, is_async: bool) -> Any:
    provider = FakeProvider(capture.clock).then(sse_reply(*answers.chat_chunks()))
    return provider.async_client() if is_async else provider.client()


def _drained(client: Any, wrap: Any, capture: Capture, is_async: bool) -> int:
    """How many chunks came out of what is around the stream."""

    async def drain() -> int:
        stream = await call(client.chat.completions.create, **CALL)
        assert type(stream) is wrap
        return len([chunk async for chunk in stream]) if is_async else sum(1 for _ in stream)

    return run(drain(), is_async=is_async)


both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@both_modes
@pytest.mark.parametrize("is_first", [True, False], ids=["before_us", "after_us"])
@pytest.mark.parametrize("wrap", [Transparent, Around, Closed])
def test_others_around_the_sdks_method_are_above_us(
    wrap: Any, is_first: bool, is_async: bool, capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever they make of a stream, and whoever came first: it has been observed by then."""
    client = _client(capture, is_async)
    if not is_first:
        capture.instrument()
    _patch(type(client.chat.completions), "create", wrap, monkeypatch)
    if is_first:
        capture.instrument()
    assert _drained(client, wrap, capture, is_async) == len(answers.chat_chunks())
    assert capture.attributes()["gen_ai.usage.input_tokens"] == answers.CHAT_USAGE["prompt_tokens"]
    assert "gen_ai.response.time_to_first_chunk" in capture.attributes()


@both_modes
def test_a_transparent_stream_below_us_is_observed(
    is_async: bool, capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = _client(capture, is_async)
    _patch(type(client), "request", Transparent, monkeypatch)
    capture.instrument()
    assert _drained(client, Transparent, capture, is_async) == len(answers.chat_chunks())
    assert capture.attributes()["gen_ai.usage.input_tokens"] == answers.CHAT_USAGE["prompt_tokens"]
    assert "gen_ai.response.time_to_first_chunk" in capture.attributes()


@both_modes
@pytest.mark.parametrize("wrap", [Around, Closed])
def test_a_stream_that_is_hidden_below_us_is_told_without_tokens(
    wrap: Any, is_async: bool, capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = _client(capture, is_async)
    _patch(type(client), "request", wrap, monkeypatch)
    capture.instrument()
    assert _drained(client, wrap, capture, is_async) == len(answers.chat_chunks())
    assert capture.attributes()["otel_genai.cost.unpriced_reason"] == "no_usage"
    assert "gen_ai.usage.input_tokens" not in capture.attributes()
    assert capture.count("gen_ai.client.inference.duration") == 1
