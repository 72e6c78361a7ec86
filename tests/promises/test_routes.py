"""Requests that the caller writes: which of them are operations, by method and path, however these are written."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import openai
import pytest
from openai import AsyncStream, Stream
from openai._models import FinalRequestOptions
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, Reply, http, json_reply, sse_reply
from ..support.sdk import HAS_RESPONSES, needs_responses
from .either import Chunks, call, run

BODY: dict[str, Any] = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
STREAMED: dict[str, Any] = {**BODY, "stream": True, "stream_options": {"include_usage": True}}
NOTHING: dict[str, Any] = {"spans": [], "metrics": {}, "events": []}

both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


def _client(provider: FakeProvider, is_async: bool = False, **options: Any) -> Any:
    return (provider.async_client if is_async else provider.client)(**options)


def _post(capture: Capture, path: str, reply: Reply | None = None, **options: Any) -> FakeProvider:
    """A chat completion that is asked for at this path; what reached the server."""
    provider = FakeProvider(capture.clock).then(reply or json_reply(answers.chat()))
    capture.instrument()
    _client(provider, **options).post(path, body=BODY, cast_to=ChatCompletion)
    return provider


RESPONSE: Any = importlib.import_module("openai.types.responses").Response if HAS_RESPONSES else None
ASKED: dict[str, tuple[str, str, dict[str, Any], Any, Any, str, int]] = {
    "chat": ("post", "/chat/completions", {"body": BODY}, ChatCompletion, answers.chat(), "chat gpt-4o-mini", 1000),
    "embeddings": (
        "post",
        "/embeddings",
        {"body": {"model": "text-embedding-3-small", "input": "hi", "encoding_format": "float"}},
        CreateEmbeddingResponse,
        answers.embeddings(),
        "embeddings text-embedding-3-small",
        12,
    ),
    "responses": (
        "post",
        "/responses",
        {"body": {"model": "gpt-4o-mini", "input": "hi"}},
        RESPONSE,
        answers.response(),
        "chat gpt-4o-mini",
        1000,
    ),
    "fetched": ("get", "/responses/resp_1", {}, RESPONSE, answers.response(), "fetch_response", 0),
}


@both_modes
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs_responses if name in ("responses", "fetched") else ()) for name in ASKED]
)
def test_each_api_by_hand(name: str, is_async: bool, capture: Capture) -> None:
    method, path, arguments, cast_to, answer, span_name, tokens = ASKED[name]
    provider = FakeProvider(capture.clock).then(json_reply(answer))

    async def ask() -> Any:
        return await call(getattr(_client(provider, is_async), method), path, cast_to=cast_to, **arguments)

    alone = run(ask(), is_async=is_async)
    capture.instrument()
    assert run(ask(), is_async=is_async) == alone
    assert capture.span().name == span_name
    assert capture.attributes().get("gen_ai.usage.input_tokens", 0) == tokens
    assert capture.attributes().get("gen_ai.response.id") == answer.get("id")


@both_modes
def test_a_stream_by_hand(is_async: bool, capture: Capture) -> None:
    provider = FakeProvider(capture.clock).then(sse_reply(*answers.chat_chunks()))
    kind: Any = AsyncStream[ChatCompletionChunk] if is_async else Stream[ChatCompletionChunk]
    capture.instrument()

    async def ask() -> int:
        stream = await call(
            _client(provider, is_async).post,
            "/chat/completions",
            body=STREAMED,
            cast_to=ChatCompletionChunk,
            stream=True,
            stream_cls=kind,
        )
        assert type(stream) is (AsyncStream if is_async else Stream)
        assert capture.spans() == []
        return len([chunk async for chunk in Chunks(stream)])

    assert run(ask(), is_async=is_async) == len(answers.chat_chunks())
    assert capture.attributes()["gen_ai.usage.input_tokens"] == 1000
    assert capture.attributes()["gen_ai.request.stream"] is True


WAYS: dict[str, tuple[str, dict[str, str]]] = {
    "as_the_sdk_does": ("/chat/completions", {}),
    "no_slash": ("chat/completions", {}),
    "trailing_slash": ("/chat/completions/", {}),
    "doubled_slashes": ("/chat//completions//", {}),
    "query": ("/chat/completions?trace=a/b", {}),
    "version": ("/v1/chat/completions", {"base_url": "https://llm.example"}),
    "beta_version": ("/v1beta/chat/completions?x=1", {"base_url": "https://llm.example/"}),
    "base_without_slash": ("/chat/completions", {"base_url": "https://llm.example/api/v3"}),
}


@pytest.mark.parametrize(("path", "options"), WAYS.values(), ids=WAYS)
def test_ways_to_write_the_path(path: str, options: dict[str, Any], capture: Capture) -> None:
    (received,) = _post(capture, path, **options).received
    assert "chat" in received.url
    assert capture.span().name == "chat gpt-4o-mini"
    assert capture.attributes()["gen_ai.usage.input_tokens"] == 1000


def test_the_method_in_capitals(capture: Capture) -> None:
    client = FakeProvider(capture.clock).then(json_reply(answers.chat())).client()
    capture.instrument()
    options: Any = FinalRequestOptions.construct(method="POST", url="/chat/completions", json_data=BODY)
    client.request(ChatCompletion, options)
    client.request(cast_to=ChatCompletion, options=options)
    assert [span.name for span in capture.spans()] == ["chat gpt-4o-mini"] * 2


ABSOLUTE = {
    "https://api.groq.com/openai/v1/chat/completions": ("groq", "api.groq.com", 443),
    "http://LLM.example:8080/a/proxy/chat/completions?x=1": ("openai", "llm.example", 8080),
    "https://mine.openai.azure.com/openai/v1/chat/completions": ("azure.ai.openai", "mine.openai.azure.com", 443),
}


@pytest.mark.parametrize(("url", "expected"), ABSOLUTE.items(), ids=ABSOLUTE)
def test_an_absolute_url_says_where_it_goes(url: str, expected: tuple[Any, ...], capture: Capture) -> None:
    (received,) = _post(capture, url).received
    assert received.url.lower() == url.lower()
    attributes = capture.attributes()
    assert tuple(attributes[name] for name in ("gen_ai.provider.name", "server.address", "server.port")) == expected
    assert attributes["gen_ai.usage.input_tokens"] == 1000


def test_an_absolute_url_is_not_remembered_for_the_client(capture: Capture) -> None:
    client = FakeProvider(capture.clock).then(json_reply(answers.chat())).client()
    capture.instrument(provider_by_host={"llm.example": "mine"})
    for path in ("/chat/completions", "https://llm.example/chat/completions", "/chat/completions"):
        client.post(path, body=BODY, cast_to=ChatCompletion)
    said = [dict(span.attributes or {}) for span in capture.spans()]
    assert [attributes["gen_ai.provider.name"] for attributes in said] == ["openai", "mine", "openai"]


@pytest.mark.parametrize(
    ("body", "model"),
    [({"messages": []}, "our deployment"), ({"messages": [], "model": "gpt-4o"}, "gpt-4o")],
    ids=["of_the_path", "of_the_body"],
)
def test_a_deployment_of_azure(body: dict[str, Any], model: str, capture: Capture) -> None:
    client = openai.AzureOpenAI(
        azure_endpoint="https://mine.openai.azure.com",
        api_version="2024-10-21",
        api_key="sk-secret",
        http_client=http.Client(transport=FakeProvider(capture.clock).then(json_reply(answers.chat())).transport()),
    )
    capture.instrument()
    client.post("/deployments/our%20deployment/chat/completions", body=body, cast_to=ChatCompletion)
    assert capture.attributes()["gen_ai.request.model"] == model
    assert capture.attributes()["gen_ai.provider.name"] == "azure.ai.openai"


NO_OPERATIONS = (
    ("post", "/files"),
    ("post", "/completions/cmpl-1"),
    ("post", "/fine-tuned/completions"),
    ("post", "/chat/completions/x"),
    ("post", "/chat"),
    ("post", "/assistants/chat/completions"),
    ("post", "/threads/v1/chat/completions"),
    ("post", "/deployments/embeddings"),
    ("post", "/v1/v1/chat/completions"),
    ("post", "/responses/resp_1"),
    ("get", "/responses/resp_1/cancel"),
    ("post", "/responses/resp_1/compact"),
    ("post", "/responses/input_tokens/count"),
    ("get", "/moderations"),
    ("post", "/vector_stores"),
    ("post", "/vector_stores/vs_1"),
    ("get", "/vector_stores/vs_1/search"),
    ("post", "https://llm.example/v1/models"),
    ("post", "/?path=/chat/completions"),
    ("get", "/chat/completions"),
    ("get", "/chat/completions/chatcmpl-1"),
    ("get", "/models"),
    ("get", "/responses"),
    ("get", "/responses/resp_1/input_items"),
    ("delete", "/responses/resp_1"),
    ("put", "/embeddings"),
    ("patch", "/chat/completions"),
)


@both_modes
@pytest.mark.parametrize(("method", "path"), NO_OPERATIONS)
def test_other_requests_are_no_operations(method: str, path: str, is_async: bool, capture: Capture) -> None:
    provider = FakeProvider(capture.clock).then(json_reply({"id": "x"}))
    capture.instrument()

    async def ask() -> Any:
        return await call(getattr(_client(provider, is_async), method), path, cast_to=object)

    assert run(ask(), is_async=is_async) == {"id": "x"}
    assert len(provider.received) == 1
    assert capture.snapshot() == NOTHING


def test_a_body_of_bytes_is_not_read(capture: Capture) -> None:
    if "content" not in inspect.signature(openai.OpenAI.post).parameters:
        pytest.skip("this openai takes no bytes")
    client: Any = FakeProvider(capture.clock).then(json_reply(answers.chat())).client()
    capture.instrument(capture_content="span_only")
    client.post("/chat/completions", content=b'{"model": "gpt-4o-mini", "n": 2}', cast_to=ChatCompletion)
    attributes = capture.attributes()
    assert capture.span().name == "chat"
    assert [name for name in attributes if name.startswith("gen_ai.request.") or "input.messages" in name] == []
    assert attributes["gen_ai.response.model"] == "gpt-4o-mini-2024-07-18"
    assert attributes["gen_ai.usage.input_tokens"] == 1000


def test_without_a_body(capture: Capture) -> None:
    provider = FakeProvider(capture.clock).then(json_reply(answers.chat()))
    capture.instrument(capture_content="span_only")
    provider.client().post("/chat/completions", cast_to=ChatCompletion)
    assert provider.received[0].body in (None, {})
    assert capture.span().name == "chat"
    assert capture.attributes()["gen_ai.usage.output_tokens"] == 200


@both_modes
@pytest.mark.parametrize("cast_to", [http.Response, object, dict[str, Any], str], ids=["http", "object", "dict", "str"])
def test_what_the_answer_is_cast_to(cast_to: Any, is_async: bool, capture: Capture) -> None:
    provider = FakeProvider(capture.clock).then(json_reply(answers.chat()))

    async def ask() -> Any:
        return await call(_client(provider, is_async).post, "/chat/completions", body=BODY, cast_to=cast_to)

    alone = run(ask(), is_async=is_async)
    capture.instrument()
    result = run(ask(), is_async=is_async)
    assert type(result) is type(alone)
    if cast_to is http.Response:
        assert result.json() == answers.chat()
    else:
        assert result == alone
    assert capture.span().status.status_code.name == "UNSET"
    # A text is not parsed for our sake.
    assert capture.attributes().get("gen_ai.usage.input_tokens") == (None if cast_to is str else 1000)


@both_modes
@pytest.mark.parametrize("reading", ["lines", "whole", "closed"])
def test_a_response_whose_body_the_caller_reads(reading: str, is_async: bool, capture: Capture) -> None:
    is_json = reading == "whole"
    reply = json_reply(answers.chat()) if is_json else sse_reply(*answers.chat_chunks())
    provider = FakeProvider(capture.clock).then(reply)
    kind: Any = AsyncStream[ChatCompletionChunk] if is_async else Stream[ChatCompletionChunk]
    capture.instrument()

    async def ask() -> None:
        response = await call(
            _client(provider, is_async).post,
            "/chat/completions",
            body=BODY if is_json else STREAMED,
            cast_to=http.Response,
            stream=True,
            stream_cls=kind,
        )
        assert isinstance(response, http.Response)
        assert capture.spans() == [], "not before it is read"
        if reading == "lines":
            lines = [line async for line in Chunks(response.aiter_lines() if is_async else response.iter_lines())]
            assert lines.count("data: [DONE]") == 1
        elif reading == "whole":
            assert await call(response.aread if is_async else response.read)
        else:
            await call(response.aclose if is_async else response.close)

    run(ask(), is_async=is_async)
    assert capture.span().status.status_code.name == "UNSET"
    assert capture.attributes().get("gen_ai.usage.input_tokens") == (1000 if is_json else None)
