"""What is said of OpenAI's calls beside chat: moderations, searches, and what can be done with responses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import openai
import pytest

from ..support import answers
from ..support.capture import Capture
from ..support.marking import rows
from ..support.provider import FakeProvider, json_reply
from ..support.sdk import needs_cancel, needs_compact, needs_input_tokens, needs_search
from .either import call, run

both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
Ask = Callable[[Any], Any]


def _moderate(client: Any) -> Any:
    return client.moderations.create(model="omni-moderation-latest", input="I hate it")


def _moderate_without_a_model(client: Any) -> Any:
    return client.moderations.create(input="I hate it")


def _cancel(client: Any) -> Any:
    return client.responses.cancel("resp_1")


def _compact(client: Any) -> Any:
    return client.responses.compact(model="gpt-4o-mini", input="Hi", instructions="Be brief.", previous_response_id="p")


def _count(client: Any) -> Any:
    return client.responses.input_tokens.count(model="gpt-4o-mini", input="Hi")


def _count_without_a_model(client: Any) -> Any:
    return client.responses.input_tokens.count(conversation="conv_1")


ENDPOINT = {"gen_ai.provider.name": "openai", "server.address": "api.openai.com", "server.port": 443}
CALLS: dict[str, tuple[Ask, Any, str, dict[str, Any]]] = {
    "moderation": (
        _moderate,
        answers.moderation(),
        "moderation omni-moderation-latest",
        {
            "gen_ai.request.model": "omni-moderation-latest",
            "gen_ai.response.model": "omni-moderation-2024-09-26",
            "gen_ai.response.id": "modr-1",
        },
    ),
    "moderation_without_a_model": (
        _moderate_without_a_model,
        answers.moderation(),
        "moderation",
        {"gen_ai.response.model": "omni-moderation-2024-09-26", "gen_ai.response.id": "modr-1"},
    ),
    "cancel": (
        _cancel,
        answers.response("cancelled", usage=answers.RESPONSES_USAGE),
        "cancel_response",
        {
            "openai.api.type": "responses",
            "gen_ai.response.id": "resp_1",
            "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
            "gen_ai.response.status": "cancelled",
            "gen_ai.response.finish_reasons": ("error",),
            "openai.response.service_tier": "default",
        },
    ),
    "count": (
        _count,
        answers.token_count(),
        "count_tokens gpt-4o-mini",
        {
            "openai.api.type": "responses",
            "gen_ai.request.model": "gpt-4o-mini",
            "otel_genai.count_tokens.input_tokens": 1000,
            "otel_genai.input.message_count": 1,
        },
    ),
    "count_without_a_model": (
        _count_without_a_model,
        answers.token_count(),
        "count_tokens",
        {"openai.api.type": "responses", "otel_genai.count_tokens.input_tokens": 1000},
    ),
}
NOT_IN_OLD_SDKS = {
    "cancel": needs_cancel,
    "count": needs_input_tokens,
    "count_without_a_model": needs_input_tokens,
}


def _tell(capture: Capture, ask: Ask, answer: Any, is_async: bool = False) -> dict[str, Any]:
    provider = FakeProvider(capture.clock).then(json_reply(answer))
    client: Any = provider.async_client() if is_async else provider.client()

    async def body() -> None:
        assert await call(ask, client)

    run(body(), is_async=is_async)
    return capture.attributes()


@both_modes
@pytest.mark.parametrize(("ask", "answer", "name", "expected"), rows(CALLS, NOT_IN_OLD_SDKS))
def test_what_costs_nothing(
    ask: Ask, answer: Any, name: str, expected: dict[str, Any], is_async: bool, capture: Capture
) -> None:
    """Neither tokens nor a cost, nor a reason why there is none: nothing is charged."""
    capture.instrument(capture_content="span_and_event")
    attributes = _tell(capture, ask, answer, is_async)
    assert capture.span().name == name
    assert capture.span().kind.name == "CLIENT"
    operation = name.partition(" ")[0]
    assert attributes == {"gen_ai.operation.name": operation, **ENDPOINT, **expected}
    assert [metric for metric, points in capture.metrics().items() if points] == ["gen_ai.client.operation.duration"]


@needs_compact
@both_modes
def test_a_compaction(is_async: bool, capture: Capture) -> None:
    """gpt-4o-mini: $0.15 for a million tokens of input, $0.075 where cached, $0.60 of output (OpenAI's price page)."""
    capture.instrument(capture_content="span_only")
    search = {
        "id": "ws_1",
        "type": "web_search_call",
        "status": "completed",
        "action": {"type": "search", "query": "x"},
    }
    answer = answers.compaction()
    answer["output"].insert(0, search)  # it was paid for when it ran
    attributes = _tell(capture, _compact, answer, is_async)
    assert capture.span().name == "compaction gpt-4o-mini"
    assert attributes["gen_ai.usage.input_tokens"] == 1000
    assert attributes["gen_ai.usage.cost.amount"] == pytest.approx(600 * 0.15e-6 + 400 * 0.075e-6 + 200 * 0.6e-6)
    assert attributes["gen_ai.request.previous_response.id"] == "p"
    assert attributes["gen_ai.response.id"] == "resp_2"
    assert attributes["gen_ai.conversation.compacted"] is True
    assert json.loads(attributes["gen_ai.system_instructions"]) == [{"type": "text", "content": "Be brief."}]
    assert json.loads(attributes["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "Hi"}]}
    ]
    assert [message["role"] for message in json.loads(attributes["gen_ai.output.messages"])] == [
        "assistant",
        "user",
        "assistant",
    ]


ERROR = {"error": {"code": "overloaded", "message": "try I hate it later"}}


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(_moderate, id="moderation"),
        pytest.param(_count, id="count", marks=needs_input_tokens),
        pytest.param(_compact, id="compaction", marks=needs_compact),
    ],
)
def test_an_error_of_a_gateway(ask: Ask, capture: Capture) -> None:
    """In an answer that says 200."""
    capture.instrument()
    attributes = _tell(capture, ask, ERROR)
    assert attributes["error.type"] == "overloaded"
    assert capture.span().status.status_code.name == "ERROR"
    assert "I hate it" not in repr(capture.snapshot())


def _search(client: Any, query: Any = "hello") -> Any:
    return client.vector_stores.search("vs_1", query=query, max_num_results=3)


FOUND = {
    "gen_ai.operation.name": "retrieval",
    **ENDPOINT,
    "gen_ai.data_source.id": "vs_1",
    "gen_ai.retrieval.top_k": 3,
}
DOCUMENT = {
    "id": "file-1",
    "score": 0.75,
    "filename": "hello.txt",
    "attributes": {"lang": "en"},
    "content": "Hello\nthere",
}


@needs_search
@both_modes
@pytest.mark.parametrize("mode", ["no_content", "event_only", "span_only"])
def test_a_search(mode: str, is_async: bool, capture: Capture) -> None:
    """Query and documents only with content; there is no event for them."""
    capture.instrument(capture_content=mode)
    attributes = _tell(capture, _search, answers.found(), is_async)
    assert capture.span().name == "retrieval vs_1"
    assert capture.span().kind.name == "CLIENT"
    tier = attributes.pop("otel_genai.content.tier", "none")
    assert tier == {"no_content": "none", "event_only": "digest", "span_only": "full"}[mode]
    if mode == "span_only":
        assert attributes.pop("gen_ai.retrieval.query.text") == "hello"
        assert json.loads(attributes.pop("gen_ai.retrieval.documents")) == [DOCUMENT]
    assert attributes == FOUND
    assert [metric for metric, points in capture.metrics().items() if points] == ["gen_ai.client.operation.duration"]
    assert capture.events() == []


@needs_search
def test_several_queries_are_lines(capture: Capture) -> None:
    capture.instrument(capture_content="span_only")
    attributes = _tell(capture, lambda client: _search(client, ["hello", "there"]), answers.found(data=[]))
    assert attributes["gen_ai.retrieval.query.text"] == "hello\nthere"
    assert attributes["gen_ai.retrieval.documents"] == "[]"


@needs_search
def test_a_search_that_failed_says_what_for(capture: Capture) -> None:
    capture.instrument(capture_content="span_only")
    provider = FakeProvider(capture.clock).then(json_reply({"error": {"code": "gone", "message": "no store"}}, 404))
    with pytest.raises(openai.NotFoundError):
        _search(provider.client())
    attributes = capture.attributes()
    assert attributes["gen_ai.retrieval.query.text"] == "hello"
    assert attributes["error.type"] == "openai.NotFoundError"
    assert "gen_ai.retrieval.documents" not in attributes


@needs_search
def test_pages_of_a_search_are_gone_through(capture: Capture) -> None:
    capture.instrument()
    client: Any = FakeProvider(capture.clock).then(json_reply(answers.found())).client()
    assert [result.file_id for result in _search(client)] == ["file-1"]
    assert capture.span().name == "retrieval vs_1"
