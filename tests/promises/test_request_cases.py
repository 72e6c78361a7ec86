"""What a request says, in all the shapes in which users write it."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionMessage
from pydantic import BaseModel

from ..support import answers
from ..support.capture import Capture
from ..support.marking import rows
from ..support.provider import FakeProvider, json_reply
from ..support.sdk import HAS_CHAT_PARSE, HAS_REASONING_EFFORT, HAS_RESPONSES, needs_responses

MESSAGES: list[Any] = [{"role": "user", "content": "hi"}]
ALWAYS = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "unpriced",
    "server.address": "api.openai.com",
    "server.port": 443,
    "otel_genai.input.message_count": 1,
}
CHAT = {**ALWAYS, "openai.api.type": "chat_completions"}
RESPONSES = {**ALWAYS, "openai.api.type": "responses"}


HI = {
    "content": "",
    "size": 2,
    "digest": "sha256:8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4",
}
"""Of the file that holds "hi": what `sha256sum` says."""


class Answer(BaseModel):
    """What the user wants to be answered with."""

    text: str


def _requested(capture: Capture) -> dict[str, Any]:
    """The span's attributes without what the (empty) answer adds."""
    return {name: value for name, value in capture.attributes().items() if not name.startswith("otel_genai.cost")}


def _chat(capture: Capture, messages: Any = MESSAGES, method: str = "create", **more: Any) -> dict[str, Any]:
    provider = FakeProvider(capture.clock).then(json_reply({"choices": []}))
    getattr(provider.client().chat.completions, method)(**{"model": "unpriced", "messages": messages, **more})
    return _requested(capture)


def _responses(capture: Capture, method: str = "create", **more: Any) -> dict[str, Any]:
    provider = FakeProvider(capture.clock).then(json_reply({"output": []}))
    getattr(provider.client().responses, method)(**{"model": "unpriced", "input": "hi", **more})
    return _requested(capture)


def _absent() -> Any:
    return getattr(openai, "omit", openai.NOT_GIVEN)


def _schema(kind: str) -> Any:
    return {"type": "json_schema", "json_schema": {"name": kind, "schema": {"type": "object"}}}


CHAT_ARGUMENTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": ({}, {}),
    "not_given": ({"temperature": openai.NOT_GIVEN, "stop": openai.NOT_GIVEN, "n": openai.NOT_GIVEN}, {}),
    "omit": ({"temperature": _absent(), "stop": _absent(), "stream": _absent(), "service_tier": _absent()}, {}),
    "none": ({"temperature": None, "stop": None, "n": None, "response_format": openai.NOT_GIVEN}, {}),
    "sampling": (
        {"temperature": 0, "top_p": 0.5, "seed": 7, "frequency_penalty": 0.1, "presence_penalty": -0.2},
        {
            "gen_ai.request.temperature": 0.0,
            "gen_ai.request.top_p": 0.5,
            "gen_ai.request.seed": 7,
            "gen_ai.request.frequency_penalty": 0.1,
            "gen_ai.request.presence_penalty": -0.2,
        },
    ),
    "stop_text": ({"stop": "END"}, {"gen_ai.request.stop_sequences": ("END",)}),
    "stop_list": ({"stop": ["a", "b"]}, {"gen_ai.request.stop_sequences": ("a", "b")}),
    "one_choice": ({"n": 1}, {}),
    "two_choices": ({"n": 2}, {"gen_ai.request.choice.count": 2}),
    "max_tokens": ({"max_tokens": 9}, {"gen_ai.request.max_tokens": 9}),
    "max_completion_tokens": ({"max_completion_tokens": 8, "max_tokens": 9}, {"gen_ai.request.max_tokens": 8}),
    "extra_body": (
        {"extra_body": {"max_tokens": 5, "top_k": 40, "temperature": 0.25}},
        {"gen_ai.request.max_tokens": 5, "gen_ai.request.top_k": 40, "gen_ai.request.temperature": 0.25},
    ),
    "tier_auto": ({"service_tier": "auto"}, {}),
    "tier_flex": ({"service_tier": "flex"}, {"openai.request.service_tier": "flex"}),
    "tier_in_extra_body": ({"extra_body": {"service_tier": "flex"}}, {"openai.request.service_tier": "flex"}),
    "reasoning": ({"reasoning_effort": "low"}, {"gen_ai.request.reasoning.level": "low"}),
    "format_text": ({"response_format": {"type": "text"}}, {"gen_ai.output.type": "text"}),
    "format_json": ({"response_format": {"type": "json_object"}}, {"gen_ai.output.type": "json"}),
    "format_schema": ({"response_format": _schema("a")}, {"gen_ai.output.type": "json"}),
    "format_class": ({"response_format": Answer, "method": "parse"}, {"gen_ai.output.type": "json"}),
    "audio": (
        {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}},
        {"gen_ai.output.type": "speech"},
    ),
}


NOT_IN_OLD_SDKS = {
    "reasoning": pytest.mark.skipif(not HAS_REASONING_EFFORT, reason="this openai has no reasoning_effort"),
    "format_class": pytest.mark.skipif(not HAS_CHAT_PARSE, reason="this openai has no chat.completions.parse"),
}


@pytest.mark.parametrize(("arguments", "expected"), rows(CHAT_ARGUMENTS, NOT_IN_OLD_SDKS))
def test_chat_arguments(arguments: dict[str, Any], expected: dict[str, Any], capture: Capture) -> None:
    capture.instrument()
    assert _chat(capture, **arguments) == {**CHAT, **expected}


RESPONSES_ARGUMENTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": ({}, {}),
    "omit": ({"conversation": _absent(), "text": _absent(), "reasoning": _absent()}, {}),
    "conversation_id": ({"conversation": "conv_1"}, {"gen_ai.conversation.id": "conv_1"}),
    "conversation": ({"conversation": {"id": "conv_2"}}, {"gen_ai.conversation.id": "conv_2"}),
    "previous": ({"previous_response_id": "resp_0"}, {"gen_ai.request.previous_response.id": "resp_0"}),
    "limits": (
        {"max_output_tokens": 64, "temperature": 1, "top_p": 1.0},
        {"gen_ai.request.max_tokens": 64, "gen_ai.request.temperature": 1.0, "gen_ai.request.top_p": 1.0},
    ),
    "reasoning": ({"reasoning": {"effort": "high"}}, {"gen_ai.request.reasoning.level": "high"}),
    "tier": ({"service_tier": "priority"}, {"openai.request.service_tier": "priority"}),
    "format_text": ({"text": {"format": {"type": "text"}}}, {"gen_ai.output.type": "text"}),
    "format_json": ({"text": {"format": {"type": "json_object"}}}, {"gen_ai.output.type": "json"}),
    "format_class": ({"text_format": Answer, "method": "parse"}, {"gen_ai.output.type": "json"}),
}


@needs_responses
@pytest.mark.parametrize(("arguments", "expected"), RESPONSES_ARGUMENTS.values(), ids=RESPONSES_ARGUMENTS)
def test_responses_arguments(arguments: dict[str, Any], expected: dict[str, Any], capture: Capture) -> None:
    capture.instrument()
    assert _responses(capture, **arguments) == {**RESPONSES, **expected}


@needs_responses
@pytest.mark.parametrize("by_position", [True, False], ids=["positional", "keyword"])
def test_a_response_that_is_fetched(by_position: bool, capture: Capture) -> None:
    capture.instrument()
    client = FakeProvider(capture.clock).then(json_reply(answers.response())).client()
    if by_position:
        client.responses.retrieve("resp_1")
    else:
        client.responses.retrieve(response_id="resp_1")
    assert capture.span().name == "fetch_response"
    assert capture.attributes() == {
        "gen_ai.operation.name": "fetch_response",
        "gen_ai.provider.name": "openai",
        "gen_ai.response.id": "resp_1",
        "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.status": "completed",
        "openai.api.type": "responses",
        "openai.response.service_tier": "default",
        "server.address": "api.openai.com",
        "server.port": 443,
    }


@pytest.mark.parametrize(
    ("arguments", "vector", "expected"),
    [
        ({}, "zczMPc3MzD3NzMw9zczMPQ==", {"gen_ai.embeddings.dimension.count": 4}),
        ({"encoding_format": "base64"}, "zczMPc3MzD3NzMw9zczMPQ==", {"gen_ai.embeddings.dimension.count": 4}),
        ({"encoding_format": "base64"}, "zczMPc3MzD3NzMw9", {"gen_ai.embeddings.dimension.count": 3}),
        ({"encoding_format": "float"}, [0.1] * 8, {"gen_ai.embeddings.dimension.count": 8}),
        ({"encoding_format": "float", "dimensions": 256}, [0.1] * 8, {"gen_ai.embeddings.dimension.count": 8}),
        ({"encoding_format": "float", "dimensions": 256}, [], {"gen_ai.embeddings.dimension.count": 256}),
    ],
    ids=["sdk_decodes", "base64_padded", "base64", "float", "dimensions", "dimensions_only"],
)
def test_embeddings(arguments: dict[str, Any], vector: Any, expected: dict[str, Any], capture: Capture) -> None:
    capture.instrument()
    body = {"data": [{"embedding": vector, "index": 0}], "model": "e-1", "usage": {"prompt_tokens": 3}}
    client = FakeProvider(capture.clock).then(json_reply(body)).client()
    client.embeddings.create(model="e", input="a", **arguments)
    wants_floats = arguments.get("encoding_format") == "float"  # base64 is what the SDK asks for by itself
    assert _requested(capture) == {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "e",
        "gen_ai.response.model": "e-1",
        "gen_ai.usage.input_tokens": 3,
        "server.address": "api.openai.com",
        "server.port": 443,
        **({"gen_ai.request.encoding_formats": ("float",)} if wants_floats else {}),
        **expected,
    }


def test_without_a_model_the_sdk_complains(capture: Capture) -> None:
    client: Any = FakeProvider(capture.clock).client()
    with pytest.raises(TypeError) as alone:
        client.chat.completions.create(messages=MESSAGES)
    capture.instrument()
    with pytest.raises(TypeError) as instrumented:
        client.chat.completions.create(messages=MESSAGES)
    assert str(instrumented.value) == str(alone.value)
    assert capture.snapshot() == {"spans": [], "metrics": {}, "events": []}, "no request, no operation"


def test_without_a_model_in_a_request_of_the_callers_own(capture: Capture) -> None:
    """Only the service can complain then; the operation is recorded without a model."""
    capture.instrument()
    refusal = {"error": {"message": "you must provide a model parameter", "type": "invalid_request_error"}}
    client = FakeProvider(capture.clock).then(json_reply(refusal, 400)).client()
    with pytest.raises(openai.BadRequestError):
        client.post("/chat/completions", body={"messages": MESSAGES}, cast_to=ChatCompletion)
    assert capture.span().name == "chat"
    assert capture.attributes()["error.type"] == "openai.BadRequestError"
    assert "gen_ai.request.model" not in capture.attributes()


def test_messages_of_the_wrong_type_are_the_sdks_business(capture: Capture) -> None:
    def ask() -> Any:
        provider = FakeProvider(capture.clock).then(json_reply({"choices": []}))
        client: Any = provider.client()
        try:
            client.chat.completions.create(model="m", messages=5)
        except Exception as error:
            return repr(error), provider.received
        return provider.received

    alone = ask()
    capture.instrument(capture_content="span_and_event")
    assert ask() == alone
    assert len(capture.spans()) == 1


HISTORY: dict[str, tuple[Any, list[Any]]] = {
    "tuple": (({"role": "user", "content": "hi"},), [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]),
    "tuple_content": (
        [{"role": "user", "content": ({"type": "text", "text": "a"}, {"type": "text", "text": "b"})}],
        [{"role": "user", "parts": [{"type": "text", "content": "a"}, {"type": "text", "content": "b"}]}],
    ),
    "sdk_object": (
        [ChatCompletionMessage(role="assistant", content="Hello")],
        [{"role": "assistant", "parts": [{"type": "text", "content": "Hello"}]}],
    ),
    "broken_arguments": (
        [{"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": '{"a":'}}]}],
        [{"role": "assistant", "parts": [{"type": "tool_call", "name": "f", "id": "c", "arguments": '{"a":'}]}],
    ),
    "arguments_as_object": (
        [{"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {"a": 1}}}]}],
        [{"role": "assistant", "parts": [{"type": "tool_call", "name": "f", "id": "c", "arguments": {"a": 1}}]}],
    ),
    "tool_answer": (
        [{"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "4"}]}],
        [{"role": "tool", "parts": [{"type": "tool_call_response", "response": "4", "id": "c"}]}],
    ),
    "image_url": (
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]}],
        [{"role": "user", "parts": [{"type": "uri", "modality": "image", "uri": "https://x.example/a.png"}]}],
    ),
    "image_base64": (
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}]}],
        [
            {
                "role": "user",
                "parts": [{"type": "blob", "modality": "image", "mime_type": "image/png", **HI}],
            }
        ],
    ),
    "image_percent": (
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:text/plain,h%69"}}]}],
        [
            {
                "role": "user",
                "parts": [{"type": "blob", "modality": "image", "mime_type": "text/plain", **HI}],
            }
        ],
    ),
    "image_malformed": (
        [
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,#!"}},
                    {"type": "text", "text": "what is it?"},
                ],
            }
        ],
        [{"role": "user", "parts": [{"type": "text", "content": "what is it?"}]}],
    ),
}


@pytest.mark.parametrize(("history", "expected"), HISTORY.values(), ids=HISTORY)
def test_history(history: Any, expected: Any, capture: Capture) -> None:
    capture.instrument(capture_content="span_only")
    attributes = _chat(capture, history)
    assert json.loads(attributes["gen_ai.input.messages"]) == expected


@needs_responses
def test_parallel_calls_of_a_responses_history_are_one_turn(capture: Capture) -> None:
    capture.instrument(capture_content="span_only")
    calls = [{"type": "function_call", "call_id": c, "name": "f", "arguments": "{}"} for c in ("c1", "c2")]
    outputs = [{"type": "function_call_output", "call_id": "c1", "output": "4"}]
    attributes = _responses(capture, input=[{"role": "user", "content": "hi"}, *calls, *outputs], instructions="Be.")
    assert json.loads(attributes["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "hi"}]},
        {
            "role": "assistant",
            "parts": [{"type": "tool_call", "name": "f", "id": c, "arguments": {}} for c in ("c1", "c2")],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "response": "4", "id": "c1"}]},
    ]
    assert json.loads(attributes["gen_ai.system_instructions"]) == [{"type": "text", "content": "Be."}]


TAKES_A_CITY: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string", "description": "Where?"}}}
WEATHER: dict[str, Any] = {"name": "weather", "description": "How is it there?", "parameters": TAKES_A_CITY}
TOLD: dict[str, Any] = {"type": "function", **WEATHER}


@pytest.mark.parametrize(
    ("ask", "offered", "definitions"),
    [
        (_chat, {"tools": [{"type": "function", "function": {**WEATHER, "strict": True}}]}, [TOLD]),
        (_chat, {"functions": [WEATHER]}, [TOLD]),
        (_chat, {"tools": [{"type": "function", "function": {"name": "f"}}]}, [{"type": "function", "name": "f"}]),
        (_chat, {"tools": [{"type": "custom", "custom": {"name": "c"}}]}, [{"type": "custom", "name": "c"}]),
        (_responses, {"tools": [TOLD]}, [TOLD]),
        (_responses, {"tools": [{"type": "web_search"}]}, [{"type": "web_search", "name": "web_search"}]),
        (_responses, {"tools": [{"type": "custom", "name": "c"}]}, [{"type": "custom", "name": "c"}]),
    ],
    ids=["chat", "functions", "bare", "custom", "responses", "provider's", "custom of responses"],
)
def test_tools_carry_what_the_model_is_told_of_them(capture: Capture, ask: Any, offered: Any, definitions: Any) -> None:
    if ask is _responses and not HAS_RESPONSES:
        pytest.skip("this openai has no Responses API")
    capture.instrument(capture_content="span_only")
    assert json.loads(ask(capture, **offered)["gen_ai.tool.definitions"]) == definitions
