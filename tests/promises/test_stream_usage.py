"""``OTEL_GENAI_STREAM_USAGE``: streams tell their usage, and the app sees what it would see without that."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from examples.openai_server import INSTANT, OpenAIServer

from ..support import answers
from ..support.answers import chunk
from ..support.capture import Capture
from ..support.provider import FakeProvider, http, sse_reply
from ..support.sdk import chat_stream, needs_responses
from .either import Block, Chunks, call, run

import openai  # isort: skip

untyped: Any = openai
MESSAGES: list[Any] = [{"role": "user", "content": "How long is the warranty?"}]
ASKED: dict[str, Any] = {"model": "gpt-4o-mini", "messages": MESSAGES}
INPUT = "gen_ai.usage.input_tokens"
COST = "gen_ai.usage.cost.amount"

both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    """Sends the chunk with the usage to who asks for it, and to nobody else."""
    with OpenAIServer(INSTANT) as server:
        yield server


async def _stream(client: Any, **more: Any) -> list[Any]:
    stream = await call(client.chat.completions.create, **ASKED, stream=True, **more)
    return [chunk.choices[0].delta.content async for chunk in Chunks(stream)]  # as nearly all apps do


async def _manager(client: Any, **more: Any) -> list[Any]:
    async with Block(chat_stream(client)(**ASKED, **more)) as stream:
        events = [event async for event in Chunks(stream)]
        final = await call(stream.get_final_completion)
    assert (final.usage is None) is not (more.get("stream_options") == {"include_usage": True})
    chunks = [event.chunk for event in events if event.type == "chunk"]
    return [chunk.choices[0].delta.content for chunk in chunks if chunk.choices or not more]


async def _raw(client: Any, **more: Any) -> list[Any]:
    raw = await call(client.chat.completions.with_raw_response.create, **ASKED, stream=True, **more)
    return [chunk.choices[0].delta.content async for chunk in Chunks(raw.parse())]


async def _post(client: Any, **more: Any) -> list[Any]:
    kind: Any = openai.AsyncStream if isinstance(client, openai.AsyncOpenAI) else openai.Stream
    options = {"cast_to": ChatCompletionChunk, "stream": True, "stream_cls": kind[ChatCompletionChunk]}
    stream = await call(client.post, "/chat/completions", body={**ASKED, "stream": True, **more}, **options)
    return [chunk.choices[0].delta.content async for chunk in Chunks(stream)]


HIDDEN: dict[str, Callable[..., Any]] = {"stream": _stream, "manager": _manager, "raw": _raw, "post": _post}
every_form = pytest.mark.parametrize("form", HIDDEN)


def _run(server: OpenAIServer, ask: Callable[..., Any], is_async: bool, **more: Any) -> Any:
    async def body() -> Any:
        kind: Any = openai.AsyncOpenAI if is_async else openai.OpenAI
        async with Block(kind(base_url=server.url, api_key="sk-secret", max_retries=0)) as client:
            return await ask(client, **more)

    return run(body(), is_async=is_async)


def _sent(server: OpenAIServer) -> Any:
    return json.loads(server.received[-1].body)


@every_form
@both_modes
@pytest.mark.parametrize("content", [False, True], ids=["no_content", "content"])
def test_usage_is_told_and_nothing_of_it_is_seen(
    form: str, is_async: bool, content: bool, server: OpenAIServer, capture: Capture
) -> None:
    without = _run(server, HIDDEN[form], is_async)
    before = _sent(server)
    capture.instrument(real_clock=True, stream_usage=True, capture_content="span_only" if content else "no_content")
    assert _run(server, HIDDEN[form], is_async) == without
    assert _sent(server) == {**before, "stream_options": {"include_usage": True}}
    attributes = capture.attributes()
    assert attributes[INPUT] > 0
    assert attributes[COST] > 0
    assert attributes["gen_ai.response.finish_reasons"] == ("stop",)
    assert ("gen_ai.output.messages" in attributes) is content


@every_form
@both_modes
def test_without_the_setting_the_request_is_as_it_was(
    form: str, is_async: bool, server: OpenAIServer, capture: Capture
) -> None:
    without, before = _run(server, HIDDEN[form], is_async), _sent(server)
    capture.instrument(real_clock=True)
    assert (_run(server, HIDDEN[form], is_async), _sent(server)) == (without, before)
    assert INPUT not in capture.attributes()


def test_the_environment_asks_too(server: OpenAIServer, capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_GENAI_STREAM_USAGE", "true")
    capture.instrument(real_clock=True)
    _run(server, _stream, is_async=False)
    assert INPUT in capture.attributes()


async def _all(client: Any, **more: Any) -> list[Any]:
    stream = await call(client.chat.completions.create, **ASKED, stream=True, **more)
    return [(bool(chunk.choices), chunk.usage is None) async for chunk in Chunks(stream)]


@both_modes
@pytest.mark.parametrize("place", ["argument", "extra_body"])
@pytest.mark.parametrize("include", [True, False])
def test_who_said_whether_to_tell_usage_is_left_alone(
    include: bool, place: str, is_async: bool, server: OpenAIServer, capture: Capture
) -> None:
    options = {"stream_options": {"include_usage": include}}
    more: dict[str, Any] = options if place == "argument" else {"extra_body": options}
    without, before = _run(server, _all, is_async, **more), _sent(server)
    capture.instrument(real_clock=True, stream_usage=True)
    assert _run(server, _all, is_async, **more) == without
    assert ((False, False) in without) is include
    assert _sent(server) == before
    assert (INPUT in capture.attributes()) is include


@both_modes
@pytest.mark.parametrize("place", ["argument", "extra_body"])
def test_other_stream_options_are_kept_and_nothing_of_the_callers_changes(
    place: str, is_async: bool, server: OpenAIServer, capture: Capture
) -> None:
    options = {"stream_options": {"include_obfuscation": False}}
    more: dict[str, Any] = options if place == "argument" else {"extra_body": {**options, "top_k": 3}}
    before = copy.deepcopy(more)
    capture.instrument(real_clock=True, stream_usage=True)
    _run(server, _stream, is_async, **more)
    assert _sent(server)["stream_options"] == {"include_obfuscation": False, "include_usage": True}
    assert (_sent(server).get("top_k") == 3) is (place == "extra_body")
    assert more == before


def test_a_body_that_is_sent_twice_is_asked_and_hidden_twice(server: OpenAIServer, capture: Capture) -> None:
    """``client.request`` is public, and its options may be the caller's own, to be used again."""
    capture.instrument(real_clock=True, stream_usage=True)
    body = {**ASKED, "stream": True}
    options = untyped._models.FinalRequestOptions.construct(method="post", url="/chat/completions", json_data=body)
    with openai.OpenAI(base_url=server.url, api_key="sk-secret") as client:
        for _ in range(2):
            stream = client.request(
                ChatCompletionChunk, options, stream=True, stream_cls=openai.Stream[ChatCompletionChunk]
            )
            assert all(chunk.choices for chunk in stream)
    assert body == {**ASKED, "stream": True}
    assert all(INPUT in dict(span.attributes or {}) for span in capture.spans())


async def _streaming_raw(client: Any) -> list[str]:
    create = client.chat.completions.with_streaming_response.create
    async with Block(create(**ASKED, stream=True)) as response:
        return [line async for line in Chunks(response.iter_lines())]


async def _bare(client: Any) -> list[str]:
    kind: Any = openai.AsyncStream if isinstance(client, openai.AsyncOpenAI) else openai.Stream
    options = {"cast_to": http.Response, "stream": True, "stream_cls": kind[ChatCompletionChunk]}
    response = await call(client.post, "/chat/completions", body={**ASKED, "stream": True}, **options)
    return [
        line async for line in Chunks(response.aiter_lines() if hasattr(kind, "__aiter__") else response.iter_lines())
    ]


async def _no_stream(client: Any) -> list[str]:
    answer = await call(client.chat.completions.create, **ASKED)
    return [answer.choices[0].message.content]


async def _no_stream_of_the_sdk(client: Any) -> Any:
    return await call(client.post, "/chat/completions", body={**ASKED, "stream": True}, cast_to=ChatCompletion)


@both_modes
@pytest.mark.parametrize("ask", [_streaming_raw, _bare, _no_stream, _no_stream_of_the_sdk])
def test_who_reads_bytes_or_no_stream_is_left_alone(
    ask: Callable[..., Any], is_async: bool, server: OpenAIServer, capture: Capture
) -> None:
    _run(server, ask, is_async)
    before = _sent(server)
    capture.instrument(real_clock=True, stream_usage=True)
    assert _run(server, ask, is_async)
    assert _sent(server) == before


def test_the_bytes_of_a_raw_response_show_what_was_asked_for(server: OpenAIServer, capture: Capture) -> None:
    """Whether its caller parses it isn't known before: the one place where the chunk is seen."""
    capture.instrument(real_clock=True, stream_usage=True)
    with openai.OpenAI(base_url=server.url, api_key="sk-secret") as client:
        raw = client.chat.completions.with_raw_response.create(**ASKED, stream=True)
        assert sum('"choices":[]' in line.replace(" ", "") for line in raw.http_response.iter_lines()) == 1


@needs_responses
def test_other_apis_are_left_alone(server: OpenAIServer, capture: Capture) -> None:
    capture.instrument(real_clock=True, stream_usage=True)
    with openai.OpenAI(base_url=server.url, api_key="sk-secret") as client:
        assert list(client.responses.create(model="gpt-4o-mini", input="hi", stream=True))
    assert "stream_options" not in _sent(server)


def test_a_call_that_is_not_observed_is_left_alone(server: OpenAIServer, capture: Capture) -> None:
    capture.instrument(real_clock=True, stream_usage=True)
    capture.uninstrument()
    _run(server, _stream, is_async=False)
    assert "stream_options" not in _sent(server)


@pytest.mark.parametrize(
    ("last", "shown"),
    [
        (chunk(usage=answers.CHAT_USAGE), False),
        (chunk(usage=answers.CHAT_USAGE, choices=None), False),
        (chunk({"content": "!"}, usage=answers.CHAT_USAGE), True),
        (chunk(usage=None, prompt_filter_results=[]), True),
    ],
    ids=["usage alone", "without choices", "usage beside a choice", "a prelude of Azure"],
)
@both_modes
def test_only_a_chunk_of_usage_alone_is_hidden(
    last: dict[str, Any], shown: bool, is_async: bool, capture: Capture
) -> None:
    capture.instrument(stream_usage=True)
    provider = FakeProvider(capture.clock).then(sse_reply(chunk({"content": "Hi"}), last))

    async def read() -> int:
        client: Any = provider.async_client() if is_async else provider.client()
        return len([part async for part in Chunks(await call(client.chat.completions.create, **ASKED, stream=True))])

    assert run(read(), is_async=is_async) == 1 + shown


def test_usage_of_a_stream_that_is_left_before_its_end_is_not_known(server: OpenAIServer, capture: Capture) -> None:
    capture.instrument(real_clock=True, stream_usage=True)
    client = openai.OpenAI(base_url=server.url, api_key="sk-secret")
    with client, client.chat.completions.create(**ASKED, stream=True) as stream:
        for part in stream:
            if part.choices[0].finish_reason:
                break
    assert INPUT not in capture.attributes()
    assert capture.attributes()["gen_ai.response.finish_reasons"] == ("stop",)
