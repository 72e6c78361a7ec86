"""Together with other instrumentations of the same SDK, which put objects of their own around a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from wrapt import ObjectProxy

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, sse_reply
from .either import run

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


def _below(resource: Any, wrap: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the other one had come first."""
    create: Any = resource.__dict__["create"]

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return wrap(create(*args, **kwargs))

    async def wrapped_async(*args: Any, **kwargs: Any) -> Any:
        return wrap(await create(*args, **kwargs))

    monkeypatch.setattr(resource, "create", wrapped_async if "Async" in resource.__name__ else wrapped)


def _client(capture: Capture, is_async: bool) -> Any:
    provider = FakeProvider(capture.clock).then(sse_reply(*answers.chat_chunks()))
    return provider.async_client() if is_async else provider.client()


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("wrap", [Transparent, Around])
def test_a_stream_inside_something_else(
    wrap: Any, is_async: bool, capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = _client(capture, is_async)
    _below(type(client.chat.completions), wrap, monkeypatch)
    capture.instrument()

    async def drain() -> None:
        stream = client.chat.completions.create(**CALL)
        if is_async:
            stream = await stream
        assert type(stream) is wrap
        assert capture.spans() == []
        if is_async:
            async for _ in stream:
                pass
        else:
            for _ in stream:
                pass

    run(drain(), is_async=is_async)
    assert capture.attributes()["gen_ai.usage.input_tokens"] == answers.CHAT_USAGE["prompt_tokens"]
    assert "gen_ai.response.time_to_first_chunk" in capture.attributes()


def test_a_stream_that_can_t_be_seen_is_told_without_tokens(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    client = _client(capture, is_async=False)
    _below(type(client.chat.completions), Closed, monkeypatch)
    capture.instrument()
    assert len(list(client.chat.completions.create(**CALL))) == len(answers.chat_chunks())
    assert capture.attributes()["otel_genai.cost.unpriced_reason"] == "no_usage"
