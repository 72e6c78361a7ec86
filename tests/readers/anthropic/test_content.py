"""Messages, instructions and tools to the parts of the conventions."""

from __future__ import annotations

import io
from typing import Any

import pytest

from otel_genai_instr.model import (
    Blob,
    File,
    Generic,
    Message,
    Part,
    Reasoning,
    ServerToolCall,
    Text,
    ToolCall,
    ToolCallResponse,
    Uri,
)
from otel_genai_instr.providers.anthropic.answers import MessageAnswer
from otel_genai_instr.providers.anthropic.content import read_content

from .messages import CALL, COMPACTION, FOUND, REDACTED, SEARCH, TEXT, THINKING, message


def parts(*blocks: Any) -> list[Part]:
    (read,) = read_content({"messages": [{"role": "user", "content": list(blocks)}]}).messages
    return list(read.parts)


def source(kind: str, **said: Any) -> dict[str, Any]:
    return {"type": "image", "source": {"type": kind, **said}}


SEARCH_RESULT: dict[str, Any] = {
    "type": "search_result",
    "title": "Oslo",
    "source": "https://example.com",
    "content": [{"type": "text", "text": "Sunny"}],
}


@pytest.mark.parametrize(
    ("block", "read"),
    [
        (TEXT, [Text("It is sunny.")]),
        ("plain words", [Text("plain words")]),
        (THINKING, [Reasoning("Let me see.")]),
        ({**THINKING, "thinking": ""}, []),
        (REDACTED, [Generic("redacted_thinking")]),
        (CALL, [ToolCall("weather", "toolu_1", {"city": "Oslo"})]),
        ({**CALL, "input": '{"city": "Oslo"}'}, [ToolCall("weather", "toolu_1", {"city": "Oslo"})]),
        ({**CALL, "input": "{broken"}, [ToolCall("weather", "toolu_1", "{broken")]),
        ({"type": "tool_use"}, [ToolCall("unknown")]),
        (source("base64", data="aGk=", media_type="image/png"), [Blob("image", "aGk=", "image/png")]),
        (source("base64", data=io.BytesIO(b"hi")), [Generic("image")]),
        (source("url", url="https://example.com/a.png"), [Uri("image", "https://example.com/a.png")]),
        (source("url", url="data:image/png;base64,aGk="), [Generic("image")]),
        (source("file", file_id="file_1"), [File("image", "file_1")]),
        ({"type": "image", "source": None}, [Generic("image")]),
        (
            {**source("base64", data="JVBERi0=", media_type="application/pdf"), "type": "document"},
            [Blob("document", "JVBERi0=", "application/pdf")],
        ),
        ({**source("text", data="Once", media_type="text/plain"), "type": "document"}, [Text("Once")]),
        ({**source("content", content=[TEXT]), "type": "document"}, [Text("It is sunny.")]),
        ({**source("content", content="Once"), "type": "document"}, [Text("Once")]),
        (
            SEARCH,
            [ServerToolCall("web_search", {"type": "web_search", "input": {"query": "weather Oslo"}}, "srvtoolu_1")],
        ),
        (
            {"type": "mcp_tool_use", "id": "m1", "name": "echo", "server_name": "local", "input": {"a": 1}},
            [ServerToolCall("echo", {"type": "mcp", "server_name": "local", "input": {"a": 1}}, "m1")],
        ),
        (
            FOUND,
            [
                Generic(
                    "server_tool_call_response",
                    {
                        "server_tool_call_response": {
                            "type": "web_search",
                            "content": [
                                {
                                    "type": "web_search_result",
                                    "url": "https://example.com",
                                    "title": "Oslo",
                                    "page_age": None,
                                }
                            ],
                        },
                        "id": "srvtoolu_1",
                    },
                )
            ],
        ),
        (
            {"type": "mcp_tool_result", "tool_use_id": "m1", "content": "1", "is_error": False},
            [
                Generic(
                    "server_tool_call_response",
                    {"server_tool_call_response": {"type": "mcp", "content": "1"}, "id": "m1"},
                )
            ],
        ),
        ({"type": "container_upload", "file_id": "file_1"}, [File("document", "file_1")]),
        (COMPACTION, [Generic("compaction", {"content": "They spoke of Oslo."})]),
        (SEARCH_RESULT, [Generic("search_result", {k: v for k, v in SEARCH_RESULT.items() if k != "type"})]),
        ({"type": "a_new_block", "secret": "x"}, [Generic("a_new_block")]),
        ({"type": ["text"]}, [Generic("unknown")]),
        (None, [Generic("unknown")]),
    ],
    ids=lambda value: str(value)[:60],
)
def test_blocks(block: Any, read: list[Part]) -> None:
    assert parts(block) == read


@pytest.mark.parametrize(
    ("content", "response"),
    [
        ("42", "42"),
        (None, ""),
        ([], []),
        ([{"type": "text", "text": "4"}, {"type": "text", "text": "2"}], "42"),
        ([TEXT, source("file", file_id="f")], [TEXT, source("file", file_id="f")]),
    ],
)
def test_results_of_tools(content: Any, response: object) -> None:
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": content, "is_error": True}
    (read,) = read_content({"messages": [{"role": "user", "content": [result]}]}).messages
    assert read == Message("tool", [ToolCallResponse(response, "toolu_1")])


def test_results_beside_words_come_from_the_user() -> None:
    blocks = [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "42"}, TEXT]
    (read,) = read_content({"messages": [{"role": "user", "content": blocks}]}).messages
    assert read.role == "user"


def test_instructions_and_messages() -> None:
    read = read_content({"system": "Be kind.", "messages": [{"role": "user", "content": "Hi"}, {"role": "system"}]})
    assert read.system_instructions == [Text("Be kind.")]
    assert read.messages == [Message("user", [Text("Hi")]), Message("system", [])]
    assert read.complete
    blocks = [{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}, CALL, {"type": "new"}]
    assert read_content({"system": blocks}).system_instructions == [
        Text("Be kind."),
        Generic("tool_call"),
        Generic("new"),
    ]


def test_what_the_provider_adds_is_not_all_that_was_sent() -> None:
    assert not read_content({"mcp_servers": [{"url": "https://example.com"}]}).complete
    assert not read_content({"container": "container_1"}).complete


def test_tools() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    tools = [
        {"name": "weather", "description": "Of a city", "input_schema": schema},
        {"type": "custom", "name": "clock"},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 5},
        {"type": "mcp_toolset", "mcp_server_name": "local"},
        {"type": "computer_toolset_20260801"},
    ]
    assert read_content({"tools": tools}).tools == [
        {"type": "function", "name": "weather", "description": "Of a city", "parameters": schema},
        {"type": "function", "name": "clock"},
        {"type": "web_search_20250305", "name": "web_search"},
        {"type": "mcp_toolset", "name": "local"},
        {"type": "computer_toolset_20260801", "name": "computer_toolset_20260801"},
    ]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_call"),
        ("refusal", "content_filter"),
        ("compaction", "compaction"),
        ("pause_turn", "pause_turn"),
        (None, None),
    ],
)
def test_reasons_in_the_words_of_the_message_schema(reason: str | None, finish: str | None) -> None:
    read = MessageAnswer(message(stop_reason=reason))
    assert [said.finish_reason for said in read.output()] == [finish]
    assert list(read.details().finish_reasons) == ([reason] if reason else [])


def test_an_answer_of_nothing_is_no_message() -> None:
    assert MessageAnswer({**message(), "content": []}).output() == []


def test_iterators_are_the_servers() -> None:
    messages = iter([{"role": "user", "content": "Hi"}])
    blocks = iter([TEXT])
    read = read_content({"messages": messages, "system": blocks, "tools": iter([CALL])})
    assert (read.messages, read.system_instructions, read.tools) == ([], [], [])
    assert (list(messages), list(blocks)) == ([{"role": "user", "content": "Hi"}], [TEXT])
