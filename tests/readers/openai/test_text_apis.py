"""Completions, moderations, compactions and searches as careless servers and apps write them; right values by hand."""

from __future__ import annotations

from typing import Any

import pytest

from otel_genai_instr.model import Generic, Message, Text, Usage
from otel_genai_instr.providers.openai.compactions import CompactedAnswer
from otel_genai_instr.providers.openai.completions import (
    CompletionAnswer,
    open_completion_stream,
    read_completion_content,
)
from otel_genai_instr.providers.openai.plain import PlainAnswer, TokenCount
from otel_genai_instr.providers.openai.searches import SearchAnswer, read_search_content, read_search_request


def _ids(*tokens: object) -> Generic:
    return Generic("token_ids", {"token_ids": list(tokens)})


PROMPTS: list[tuple[Any, list[Any]]] = [
    (None, []),
    ("", []),
    ([], []),
    ({"text": "Look"}, []),
    (7, []),
    (["Look", None, "", [1, 2], {}], [Text("Look"), _ids(1, 2)]),
    ([1, "2"], [_ids(1, "2")]),
    ("\ud800", [Text("?")]),
]


@pytest.mark.parametrize(("prompt", "parts"), PROMPTS)
def test_prompts(prompt: object, parts: list[Any]) -> None:
    assert read_completion_content({"prompt": prompt}).messages == [Message("user", [part]) for part in parts]


@pytest.mark.parametrize(
    ("more", "is_complete"),
    [
        ({}, True),
        ({"suffix": None, "echo": False}, True),
        ({"suffix": "."}, False),
        ({"echo": True}, False),
        ({"best_of": 3}, False),
    ],
)
def test_what_is_read_or_written_beside(more: dict[str, object], is_complete: bool) -> None:
    read = read_completion_content({"prompt": "Look", **more})
    assert (read.complete, read.framed) == (is_complete, False)


def _said(text: str) -> Message:
    return Message("assistant", [Text(text)], finish_reason="stop")


def test_choices_that_are_none() -> None:
    choices: list[Any] = [None, "x", {"text": 7, "finish_reason": []}, {"text": "Hello", "finish_reason": "stop"}]
    answer = CompletionAnswer({"choices": choices})
    nothing = Message("assistant", [])
    assert answer.output() == [nothing, nothing, nothing, _said("Hello")]
    assert answer.details().finish_reasons == [None, None, None, "stop"]
    assert CompletionAnswer({"choices": {"text": "Hello"}}).output() == []


def test_pieces_out_of_order() -> None:
    reader = open_completion_stream(True)
    for choice in (
        {"index": 1, "text": "B", "finish_reason": "length"},
        {"index": "0", "text": "Hel", "finish_reason": None},  # no number: the first one
        {"text": ["no text"]},
        None,
        {"index": 0, "text": "lo", "finish_reason": "stop"},
    ):
        reader.feed({"model": "m", "choices": [choice]})
    assert reader.output() == [_said("Hello"), Message("assistant", [Text("B")], finish_reason="length")]
    assert reader.details().finish_reasons == ["stop", "length"]


@pytest.mark.parametrize("said", [None, "x", [], {"model": 7, "id": {}, "error": "x"}, {"error": {}}])
def test_a_judgement_that_says_nothing(said: object) -> None:
    answer = PlainAnswer(said)
    assert (answer.response().model, answer.response().error_code) == (None, None)
    assert answer.details().attributes is None
    assert answer.output() == []


@pytest.mark.parametrize("count", [None, -1, "12", 1.5, True, 2**63])
def test_a_count_that_is_none(count: object) -> None:
    assert TokenCount({"input_tokens": count}).details().attributes is None


@pytest.mark.parametrize("usage", [None, {}, "x", {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}])
def test_a_compaction_without_usage(usage: object) -> None:
    """Zero tokens are no fact: something was read."""
    assert CompactedAnswer({"usage": usage, "output": None}).response().usage is None


def test_a_compaction_is_billed_by_tokens_alone() -> None:
    """What ran in the conversation was billed when it ran."""
    usage = {"input_tokens": 1000, "output_tokens": 200, "total_tokens": 1200}
    items = [{"type": "web_search_call", "action": {"type": "search"}}, {"type": "compaction"}, 7]
    answer = CompactedAnswer({"usage": usage, "output": items, "service_tier": "flex"})
    assert answer.response().usage == Usage(input_tokens=1000, output_tokens=200)
    assert answer.response().service_tier == "flex"
    assert answer.details().attributes == {"gen_ai.conversation.compacted": True}


@pytest.mark.parametrize(("given", "text"), [("a", "a"), (["a", None, "b"], "a\nb"), ([], None), ({}, None), (7, None)])
def test_queries(given: object, text: str | None) -> None:
    said = read_search_content({"query": given}).attributes
    assert said == ({} if text is None else {"gen_ai.retrieval.query.text": text})


@pytest.mark.parametrize(("store", "name"), [("vs_1", "retrieval vs_1"), (None, "retrieval"), ("", "retrieval")])
def test_stores(store: object, name: str) -> None:
    request = read_search_request({"vector_store_id": store, "max_num_results": -1})
    assert request.span_name == name
    assert request.attributes == ({"gen_ai.data_source.id": "vs_1"} if store else {})


def test_documents() -> None:
    found: list[Any] = [
        None,
        {"file_id": 7, "score": "high", "content": "x", "attributes": []},
        {
            "file_id": "f",
            "score": 1,
            "content": [None, {"text": "a"}, {"text": 7}, {"text": "b"}],
            "attributes": {"n": 1},
        },
    ]
    read = SearchAnswer({"data": found}).details().content
    assert read is not None
    documents = read().attributes["gen_ai.retrieval.documents"]
    assert documents == [{}, {}, {"id": "f", "score": 1.0, "attributes": {"n": 1}, "content": "a\nb"}]
    nothing = SearchAnswer({"data": {}}).details().content
    assert nothing is not None
    assert nothing().attributes == {"gen_ai.retrieval.documents": []}
