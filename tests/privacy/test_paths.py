"""Masks by path in what tools are given and answer."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from otel_genai_instr.privacy.paths import WrongPath, masked, parsed
from otel_genai_instr.privacy.tools import Masks
from otel_genai_instr.semconv import attributes as names

M = "[masked]"


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("$", {"a": 1}, M),
        ("$.a", {"a": 1, "b": 2}, {"a": M, "b": 2}),
        ("$.a.b", {"a": {"b": [1], "c": 2}}, {"a": {"b": M, "c": 2}}),
        ("$['a b'].c", {"a b": {"c": 1}}, {"a b": {"c": M}}),
        ('$["a.b"]', {"a.b": 1, "a": {"b": 2}}, {"a.b": M, "a": {"b": 2}}),
        ("$.a[*].c", {"a": [{"c": 1}, {"c": 2, "d": 3}, 4]}, {"a": [{"c": M}, {"c": M, "d": 3}, 4]}),
        ("$.a[1]", {"a": [1, 2, 3]}, {"a": [1, M, 3]}),
        ("$.a[7]", {"a": [1]}, {"a": [1]}),
        ("$.*.x", {"a": {"x": 1}, "b": {"x": 2, "y": 3}, "x": 4}, {"a": {"x": M}, "b": {"x": M, "y": 3}, "x": 4}),
        ("$[*]", [1, 2], [M, M]),
        ("$..p", {"p": 1, "a": [{"p": {"p": 2}}, {"b": {"p": 3}}]}, {"p": M, "a": [{"p": M}, {"b": {"p": M}}]}),
        ("$.a..p", {"p": 1, "a": {"b": {"p": 2}}}, {"p": 1, "a": {"b": {"p": M}}}),
        ("$..['p q']", [{"p q": 1}], [{"p q": M}]),
        ("$..[0]", {"a": [1, 2]}, {"a": [M, 2]}),
        ("$.a", '{"a": "é", "b": 2}', '{"a":"[masked]","b":2}'),
        ("$.a.b", {"a": '{"b": 1}'}, {"a": '{"b":"[masked]"}'}),
        ("$.a", '{"b": 2}', '{"b": 2}'),
        ("$.a", '{"a": "cut', M),
        ("$.a", "{'a': 'of Python'}", M),
        ("$.a", "sunny", "sunny"),
        ("$.a", [{"type": "text", "text": '{"a": 1}'}], [{"type": "text", "text": '{"a":"[masked]"}'}]),
        ("$.a", None, None),
        ("$.straße", {"straße": 1}, {"straße": M}),
    ],
)
def test_what_is_masked(path: str, data: Any, expected: Any) -> None:
    before = copy.deepcopy(data)
    cleaned = masked(data, [parsed(path)])
    assert cleaned == expected
    assert data == before
    assert cleaned is data or expected != before


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "a.b",
        "$a",
        "$.",
        "$..",
        "$.a.",
        "$.a..",
        "$...a",
        "$[",
        "$[-1]",
        "$[0:2]",
        "$[0,1]",
        "$[?(@.a)]",
        "$.a[?@.b]",
        "$['a",
        "$.['a']",
        "$[a]",
        "$.(a)",
        "",
        "$.a b",
        5,
    ],
)
def test_what_is_no_path(path: object) -> None:
    with pytest.raises(WrongPath):
        parsed(path)


MASKS = Masks({"pay": ["$.card"], "*": ["$..password"], names.RETRIEVAL_DOCUMENTS: ["$[*].owner"]})


def test_calls_and_answers_in_messages_by_the_name_of_the_tool() -> None:
    content: dict[str, object] = {
        names.INPUT_MESSAGES: [
            {
                "role": "assistant",
                "parts": [
                    {"type": "tool_call", "id": "c1", "name": "pay", "arguments": {"card": 1, "password": 2, "n": 3}},
                    {"type": "tool_call", "id": "c2", "name": "find", "arguments": '{"card": 1, "password": 2}'},
                ],
            },
            {
                "role": "tool",
                "parts": [
                    {"type": "tool_call_response", "id": "c1", "response": {"card": 1, "ok": True}},
                    {"type": "tool_call_response", "id": "c2", "response": {"card": 1, "a": [{"password": 2}]}},
                    {"type": "tool_call_response", "id": "of before", "response": {"card": 1}},
                    {"type": "text", "content": '{"card": 1, "password": 2}'},
                ],
            },
        ],
        names.OUTPUT_MESSAGES: [
            {
                "role": "assistant",
                "parts": [{"type": "server_tool_call", "id": "s", "name": "pay", "server_tool_call": {"card": 1}}],
            }
        ],
        names.RETRIEVAL_DOCUMENTS: [{"id": "1", "owner": "Joe"}],
    }
    before = copy.deepcopy(content)
    cleaned: Any = MASKS.on(content, None)
    assert content == before
    calls, answers = (message["parts"] for message in cleaned[names.INPUT_MESSAGES])
    assert [call["arguments"] for call in calls] == [
        {"card": M, "password": M, "n": 3},
        '{"card":1,"password":"[masked]"}',
    ]
    assert [answer["response"] for answer in answers[:3]] == [
        {"card": M, "ok": True},
        {"card": 1, "a": [{"password": M}]},
        {"card": M},  # nobody knows whose it is
    ]
    assert answers[3]["content"] == '{"card": 1, "password": 2}'
    assert cleaned[names.OUTPUT_MESSAGES][0]["parts"][0]["server_tool_call"] == {"card": M}
    assert cleaned[names.RETRIEVAL_DOCUMENTS] == [{"id": "1", "owner": M}]


@pytest.mark.parametrize(("tool", "card"), [("pay", M), ("find", 1), (None, M)])
def test_attributes_of_a_tool(tool: str | None, card: object) -> None:
    content: dict[str, object] = {
        names.TOOL_CALL_ARGUMENTS: {"card": 1, "password": "x"},
        names.TOOL_CALL_RESULT: {"card": 1},
    }
    assert MASKS.on(content, tool) == {
        names.TOOL_CALL_ARGUMENTS: {"card": card, "password": M},
        names.TOOL_CALL_RESULT: {"card": card},
    }
