"""What every call tells of what was said, without saying it: messages, characters, tools. Right values by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import pytest

from otel_genai_instr.providers.openai.answers import ChatAnswer, ResponseAnswer
from otel_genai_instr.providers.openai.completions import CompletionAnswer
from otel_genai_instr.providers.openai.requests import (
    read_chat_request,
    read_completion_request,
    read_count_request,
    read_embeddings_request,
    read_responses_request,
)

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply, sse_reply
from ..support.sdk import needs_input_tokens, needs_responses

MESSAGES = "otel_genai.input.message_count"
LENGTH = "otel_genai.output.length"
TOOLS = "otel_genai.output.tool_names"

Told = dict[str, Any]
Ask = Callable[[Any], Any]


def _counts(attributes: Mapping[str, Any]) -> Told:
    return {name: said for name, said in attributes.items() if name in (MESSAGES, LENGTH, TOOLS)}


def _turns(number: int) -> list[Any]:
    return [{"role": "user", "content": "Hello?"}] * number


def _function(name: str) -> Told:
    return {"id": "call_1", "type": "function", "function": {"name": name, "arguments": '{"city": "Oslo"}'}}


def _custom(name: str) -> Told:
    return {"id": "call_2", "type": "custom", "custom": {"name": name, "input": "a long input"}}


def _chat(*said: Told) -> Any:
    messages: list[Told] = [{"role": "assistant", "content": None, "refusal": None, **each} for each in said]
    choices = [{"index": at, "message": each, "finish_reason": "stop"} for at, each in enumerate(messages)]
    return answers.chat(choices=choices)


def _message(*content: Told) -> Told:
    return {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": list(content)}


def _text(text: str) -> Told:
    return {"type": "output_text", "text": text, "annotations": []}


def _call(kind: str, name: str) -> Told:
    field = "arguments" if kind == "function_call" else "input"
    return {"id": "fc_1", "type": kind, "call_id": "call_1", "name": name, field: "{}", "status": "completed"}


REASONING: Told = {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Let me see."}]}
SEARCH: Told = {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": {"type": "search"}}


def _asks_chat(client: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o-mini", messages=_turns(3))


def _asks_response(client: Any) -> Any:
    return client.responses.create(model="gpt-4o-mini", input=_turns(2), instructions="Be brief.")


def _asks_completion(client: Any) -> Any:
    return client.completions.create(model="gpt-3.5-turbo-instruct", prompt=["Say it", "or not"])


CHATS: dict[str, tuple[Any, Told]] = {
    "text": (_chat({"content": "Hello, Åsa 👋"}), {LENGTH: 12}),
    "choices": (_chat({"content": "One"}, {"content": "Three"}), {LENGTH: 8}),
    "nothing": (_chat({"content": ""}), {LENGTH: 0}),
    "refusal": (_chat({"refusal": "I won't."}), {LENGTH: 8}),
    "reasoning": (_chat({"content": "Yes", "reasoning_content": "Let me see."}), {LENGTH: 3}),
    "tools": (
        _chat({"tool_calls": [_function("weather"), _custom("sql"), _function("weather")]}),
        {LENGTH: 0, TOOLS: ("weather", "sql")},
    ),
    "older_form": (_chat({"function_call": {"name": "weather", "arguments": "{}"}}), {LENGTH: 0, TOOLS: ("weather",)}),
    "text_and_tools": (_chat({"content": "Wait", "tool_calls": [_function("tide")]}), {LENGTH: 4, TOOLS: ("tide",)}),
}
RESPONSES: dict[str, tuple[Any, Told]] = {
    "text": (answers.response(output=[_message(_text("Hello, Åsa 👋"))]), {LENGTH: 12}),
    "texts": (answers.response(output=[_message(_text("One"), _text("two")), _message(_text("Three"))]), {LENGTH: 11}),
    "refusal": (answers.response(output=[_message({"type": "refusal", "refusal": "I won't."})]), {LENGTH: 8}),
    "nothing": (answers.response(output=[]), {LENGTH: 0}),
    "reasoning_and_search": (answers.response(output=[REASONING, SEARCH, _message(_text("Yes"))]), {LENGTH: 3}),
    "tools": (
        answers.response(
            output=[
                _call("function_call", "weather"),
                _call("custom_tool_call", "sql"),
                _call("function_call", "weather"),
            ]
        ),
        {LENGTH: 0, TOOLS: ("weather", "sql")},
    ),
    "under_way": (answers.response("queued"), {}),
}
COMPLETIONS: dict[str, tuple[Any, Told]] = {
    "text": (answers.completion(), {LENGTH: 5}),
    "texts": (
        answers.completion(
            choices=[
                {"index": at, "text": text, "finish_reason": "stop", "logprobs": None}
                for at, text in enumerate(("One", "", "Three"))
            ]
        ),
        {LENGTH: 8},
    ),
}
ALL = [
    *(pytest.param(_asks_chat, 3, ChatAnswer, *case, id=f"chat-{name}") for name, case in CHATS.items()),
    *(
        pytest.param(_asks_response, 2, ResponseAnswer, *case, id=f"responses-{name}", marks=needs_responses)
        for name, case in RESPONSES.items()
    ),
    *(
        pytest.param(_asks_completion, 2, CompletionAnswer, *case, id=f"completion-{n}")
        for n, case in COMPLETIONS.items()
    ),
]


@pytest.mark.parametrize(("ask", "messages", "read", "body", "counts"), ALL)
def test_an_answer(
    ask: Ask, messages: int, read: Callable[[Any], Any], body: Any, counts: Told, capture: Capture
) -> None:
    """Its body, the SDK's object of it, and the raw response say the same."""
    assert _counts(read(body).details().attributes or {}) == counts
    capture.instrument()
    client: Any = FakeProvider(capture.clock).then(json_reply(body)).client()
    ask(client)
    ask(client.with_raw_response)
    with_object, raw = (dict(span.attributes or {}) for span in capture.spans())
    assert _counts(with_object) == _counts(raw) == {MESSAGES: messages, **counts}


def _once(items: list[Any]) -> Iterator[Any]:
    yield from items


SENT: list[tuple[Callable[[Any], Any], str, Any, int | None]] = [
    (read_chat_request, "messages", _turns(4), 4),
    (read_chat_request, "messages", (), 0),
    (read_chat_request, "messages", _once(_turns(4)), None),
    (read_chat_request, "messages", "Hello?", None),
    (read_chat_request, "messages", {"role": "user"}, None),
    (read_chat_request, "messages", None, None),
    (read_responses_request, "input", _turns(4), 4),
    (read_responses_request, "input", "Hello?", 1),
    (read_responses_request, "input", _once(_turns(4)), None),
    (read_responses_request, "input", 7, None),
    (read_count_request, "input", _turns(4), 4),
    (read_count_request, "input", "Hello?", 1),
    (read_completion_request, "prompt", "Say it", 1),
    (read_completion_request, "prompt", ["Say it", "or not"], 2),
    (read_completion_request, "prompt", [46864, 433, 1], 1),
    (read_completion_request, "prompt", [[46864, 433], [1]], 2),
    (read_completion_request, "prompt", _once(["Say it"]), None),
    (read_embeddings_request, "input", ["a", "b"], None),
]


@pytest.mark.parametrize(("read", "field", "given", "count"), SENT)
def test_what_is_sent(read: Callable[[Any], Any], field: str, given: Any, count: int | None) -> None:
    assert read({"model": "m", field: given}).attributes.get(MESSAGES) == count
    if isinstance(given, Iterator):
        assert next(cast("Iterator[object]", given)), "it is still the SDK's"


def test_no_message_is_looked_at() -> None:
    class Messages(list[Any]):
        def __iter__(self) -> Iterator[Any]:
            raise AssertionError

        def __getitem__(self, at: Any) -> Any:
            raise AssertionError

    assert read_chat_request({"messages": Messages(_turns(3))}).attributes[MESSAGES] == 3


def test_a_generator_is_counted_when_the_sdk_has_made_a_list_of_it(capture: Capture) -> None:
    capture.instrument()
    client: Any = FakeProvider(capture.clock).then(json_reply(answers.chat())).client()
    client.chat.completions.create(model="gpt-4o-mini", messages=_once(_turns(3)))
    assert capture.attributes()[MESSAGES] == 3


@needs_input_tokens
def test_counting_tokens(capture: Capture) -> None:
    capture.instrument()
    counted = {"object": "response.input_tokens", "input_tokens": 7}
    client: Any = FakeProvider(capture.clock).then(json_reply(counted)).client()
    client.responses.input_tokens.count(model="gpt-4o-mini", input=_turns(5))
    assert _counts(capture.attributes()) == {MESSAGES: 5}


@pytest.mark.parametrize(
    ("message", "counts"),
    [
        (None, {}),
        ({}, {}),
        ("Hello", {}),
        ({"role": "assistant"}, {LENGTH: 0}),
        ({"content": 7}, {}),
        ({"content": {"text": "Hello"}}, {}),
        ({"content": "Hello", "refusal": ["No", 7]}, {LENGTH: 7}),
        ({"content": ["He", {"type": "text", "text": "llo"}, {"type": "image"}, None, 7]}, {LENGTH: 5}),
        ({"content": [{"type": "text", "text": None}]}, {}),
        ({"content": [{"type": ["text"], "text": "Hello"}]}, {LENGTH: 0}),
        ({"content": "Hi", "tool_calls": 7, "function_call": "weather"}, {LENGTH: 2}),
        ({"content": "Hi", "tool_calls": [None, {}, {"function": {"name": ""}}, {"function": 7}]}, {LENGTH: 2}),
        ({"tool_calls": [{"function": {"name": 7}}, {"function": {"name": "\ud800"}}]}, {LENGTH: 0, TOOLS: ("?",)}),
    ],
)
def test_odd_chats(message: Any, counts: Told) -> None:
    assert _counts(ChatAnswer({"choices": [{"message": message}]}).details().attributes or {}) == counts


@pytest.mark.parametrize("choices", [None, [], 7, "Hello", {"message": {"content": "Hello"}}, [None], [7]])
def test_no_choices(choices: Any) -> None:
    for answer in (ChatAnswer({"choices": choices}), CompletionAnswer({"choices": choices})):
        assert _counts(answer.details().attributes or {}) == {}


@pytest.mark.parametrize(
    ("output", "counts"),
    [
        (None, {}),
        ("Hello", {}),
        ([None, 7, "Hello"], {LENGTH: 0}),
        ([{"type": "message"}], {LENGTH: 0}),
        ([{"type": "message", "content": "Hello"}], {LENGTH: 5}),
        ([{"type": "message", "content": 7}], {}),
        ([{"type": "function_call"}, {"type": "function_call", "name": 7}], {LENGTH: 0}),
    ],
)
def test_odd_responses(output: Any, counts: Told) -> None:
    answer = ResponseAnswer({"status": "completed", "output": output})
    assert _counts(answer.details().attributes or {}) == counts


def test_a_stream_of_chat_has_no_length(capture: Capture) -> None:
    """Its pieces aren't looked at."""
    capture.instrument()
    client: Any = FakeProvider(capture.clock).then(sse_reply(*answers.chat_chunks())).client()
    list(client.chat.completions.create(model="gpt-4o-mini", messages=_turns(2), stream=True))
    assert _counts(capture.attributes()) == {MESSAGES: 2}


@needs_responses
def test_a_stream_of_a_response_ends_with_all_of_it(capture: Capture) -> None:
    capture.instrument()
    client: Any = FakeProvider(capture.clock).then(sse_reply(*answers.response_events())).client()
    list(client.responses.create(model="gpt-4o-mini", input="Hi", stream=True))
    assert _counts(capture.attributes()) == {MESSAGES: 1, LENGTH: 5}


@needs_responses
def test_a_stream_of_a_response_that_is_left_has_no_length(capture: Capture) -> None:
    capture.instrument()
    client: Any = FakeProvider(capture.clock).then(sse_reply(*answers.response_events())).client()
    stream = client.responses.create(model="gpt-4o-mini", input="Hi", stream=True)
    next(iter(stream))
    stream.close()
    assert _counts(capture.attributes()) == {MESSAGES: 1}
