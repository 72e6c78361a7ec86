"""What the events of a message say, whole and cut off anywhere."""

from __future__ import annotations

import gc
import json
import sys
import weakref
from collections.abc import Callable
from typing import Any, Final, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_genai_instr.model import Details, Generic, Message, Reasoning, Response, ServerToolCall, Text, ToolCall
from otel_genai_instr.providers.anthropic.answers import MessageAnswer
from otel_genai_instr.providers.anthropic.streams import MessageStreamReader, open_message_stream

from . import messages
from .messages import CALL, COMPACTION, FOUND, REDACTED, SEARCH, TEXT, THINKING, block_events, delta, end, start


class Model:
    """As an SDK object."""

    __pydantic_extra__ = None

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)


def as_is(event: Any) -> Any:
    return event


def as_models(data: Any) -> Any:
    if isinstance(data, dict):
        return Model({name: as_models(value) for name, value in cast("dict[str, Any]", data).items()})
    return [as_models(item) for item in cast("list[Any]", data)] if isinstance(data, list) else data


Form = Callable[[Any], Any]
FORMS: Final[tuple[Form, ...]] = (as_is, as_models)
forms = pytest.mark.parametrize("form", FORMS)


def fed(events: list[Any], capture: bool = True, form: Form = as_is) -> MessageStreamReader:
    reader = open_message_stream(capture)
    for event in events:
        reader.feed(form(event))
    return reader


def events_of(whole: dict[str, Any], *json_texts: str | None, size: int = 3) -> list[dict[str, Any]]:
    texts = [*json_texts, *[None] * len(whole["content"])]
    blocks = [
        event
        for index, block in enumerate(whole["content"])
        for event in block_events(index, block, texts[index], size)
    ]
    return [start(whole), {"type": "ping"}, *blocks, *end(whole)]


def assert_agrees(reader: MessageStreamReader, whole: dict[str, Any], capture: bool = True) -> None:
    plain = MessageAnswer(whole)
    assert reader.response() == plain.response()
    assert reader.details() == messages.without_length(plain.details())
    assert reader.output() == (plain.output() if capture else [])


@forms
@pytest.mark.parametrize("capture", [True, False])
def test_a_stream_reads_as_the_whole_message(form: Form, capture: bool) -> None:
    whole = messages.message(COMPACTION, THINKING, REDACTED, SEARCH, FOUND, TEXT, CALL, stop_reason="tool_use")
    texts = (None, None, None, json.dumps(SEARCH["input"]), None, None, json.dumps(CALL["input"]))
    assert_agrees(fed(events_of(whole, *texts), capture, form), whole, capture)


@settings(max_examples=60, deadline=None)
@given(
    blocks=st.lists(
        st.one_of(
            st.text(st.characters(codec="utf-8"), max_size=9).map(lambda text: {**TEXT, "text": text}),
            st.text(st.characters(codec="utf-8"), max_size=9).map(lambda text: {**THINKING, "thinking": text}),
            st.dictionaries(st.text(max_size=3), st.integers(0, 9), min_size=1).map(
                lambda said: {**CALL, "input": said}
            ),
            st.sampled_from([REDACTED, FOUND, COMPACTION]),
        ),
        max_size=5,
    ),
    size=st.integers(1, 4),
    capture=st.booleans(),
    form=st.sampled_from(FORMS),
)
def test_any_stream_reads_as_the_whole_message(
    blocks: list[dict[str, Any]], size: int, capture: bool, form: Form
) -> None:
    whole = {**messages.message(), "content": blocks}
    texts = [json.dumps(block["input"]) if "input" in block else None for block in blocks]
    assert_agrees(fed(events_of(whole, *texts, size=size), capture, form), whole, capture)


@forms
@pytest.mark.parametrize("capture", [True, False])
def test_a_stream_that_is_cut_keeps_what_was_received(form: Form, capture: bool) -> None:
    whole = messages.message(TEXT)
    events = events_of(whole)
    assert fed([], capture).response() == Response()
    assert fed([], capture).details() == Details(finish_reasons=[])
    for last in range(1, len(events) - 2):
        cut = fed(events[:last], capture, form)
        usage = cut.response().usage
        assert usage is not None
        assert (usage.input_tokens, usage.output_tokens) == (1700, 1)
        assert cut.response().model == "claude-opus-5-5"
        assert list(cut.details().finish_reasons) == [None]
        words = "".join(event["delta"]["text"] for event in events[:last] if event["type"] == "content_block_delta")
        if not capture:
            assert cut.output() == []
        elif last > 2:  # the block has begun
            assert cut.output() == [Message("assistant", [Text(words)])]


def test_the_end_says_only_what_has_changed() -> None:
    unsaid = {"input_tokens": None, "cache_read_input_tokens": None, "cache_creation_input_tokens": None}
    usage_now = {**unsaid, "output_tokens": 77}  # SDK objects have all fields
    events = [start(messages.message()), {"type": "message_delta", "delta": {}, "usage": usage_now}]
    usage = fed(events).response().usage
    assert usage is not None
    assert (usage.input_tokens, usage.cache_read_tokens, usage.cache_write_1h_tokens) == (1700, 400, 100)
    assert usage.output_tokens == 77


def test_counts_are_never_added() -> None:
    ends = [{"type": "message_delta", "delta": {}, "usage": {"output_tokens": count}} for count in (5, 9, 12)]
    usage = fed([start(messages.message()), *ends]).response().usage
    assert usage is not None
    assert usage.output_tokens == 12


def test_a_call_that_was_not_written_to_its_end_is_none() -> None:
    whole = messages.message(CALL, stop_reason="tool_use")
    events = events_of(whole, json.dumps(CALL["input"]))
    (stop,) = [at for at, event in enumerate(events) if event["type"] == "content_block_stop"]
    for last in range(3, stop + 1):
        (message,) = fed(events[:last]).output()
        (part,) = message.parts
        assert isinstance(part, Generic)
        assert (part.type, part.fields["name"], part.fields["id"]) == ("unfinished_tool_use", "weather", "toolu_1")
        assert json.dumps(CALL["input"]).startswith(str(part.fields.get("content", "")))
    (message,) = fed(events[: stop + 1]).output()
    assert message.parts == [ToolCall("weather", "toolu_1", {"city": "Oslo"})]


def test_arguments_that_are_broken_stay_text() -> None:
    (message,) = fed(events_of(messages.message(CALL), '{"city": "Os')).output()
    assert message.parts == [ToolCall("weather", "toolu_1", '{"city": "Os')]


def test_a_tool_without_arguments() -> None:
    whole = messages.message({**CALL, "input": {}})
    (message,) = fed(events_of(whole, "")).output()
    assert message.parts == [ToolCall("weather", "toolu_1", {})]


def test_a_search_that_is_under_way() -> None:
    events = [start(messages.message()), *block_events(0, SEARCH, json.dumps(SEARCH["input"]), 4)[:3]]
    (message,) = fed(events).output()
    assert message.parts == [
        ServerToolCall("web_search", {"type": "web_search", "input": '{"query"'[:8]}, "srvtoolu_1")
    ]


def test_citations_and_signatures_are_no_words() -> None:
    events = [
        start(messages.message()),
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        delta(0, "thinking_delta", "thinking", "Let me see."),
        delta(0, "signature_delta", "signature", "c2ln"),
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": "It "}},
        delta(1, "citations_delta", "citation", "page 7"),
        delta(1, "text_delta", "text", "is."),
    ]
    for form in FORMS:
        (message,) = fed(events, form=form).output()
        assert message.parts == [Reasoning("Let me see."), Text("It is.")]


@forms
def test_pieces_of_a_block_that_never_began(form: Form) -> None:
    events = [delta(2, "text_delta", "text", "late"), delta(0, "text_delta", "text", "early")]
    (message,) = fed(events, form=form).output()
    assert message.parts == [Text("early"), Text("late")]


@forms
@pytest.mark.parametrize("capture", [True, False])
def test_a_compaction_that_failed_is_none(form: Form, capture: bool) -> None:
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "compaction", "content": None}}
    failed = {"type": "content_block_delta", "index": 0, "delta": {"type": "compaction_delta", "content": None}}
    events = [start(messages.message()), block, failed, {"type": "content_block_stop", "index": 0}]
    assert "gen_ai.conversation.compacted" not in (fed(events, capture, form).details().attributes or {})
    events[2] = {"type": "content_block_delta", "index": 0, "delta": {"type": "compaction_delta", "content": "Oslo"}}
    assert (fed(events, capture, form).details().attributes or {})["gen_ai.conversation.compacted"] is True


@forms
def test_an_error_among_the_events(form: Form) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    read = fed([*events_of(messages.message())[:5], error], form=form).response()
    assert (read.error_code, read.error_message) == ("overloaded_error", "Overloaded")
    assert read.usage is not None
    assert read.model == "claude-opus-5-5"


class Odd:
    """Has no fields at all."""

    __slots__ = ("__weakref__",)


@pytest.mark.parametrize("capture", [True, False])
@pytest.mark.parametrize(
    "odd",
    [
        None,
        5,
        "event",
        [],
        Odd(),
        {},
        {"type": []},
        {"type": "content_block_delta"},
        {"type": "content_block_delta", "index": [], "delta": {"type": "text_delta", "text": "x"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": {}, "text": "x"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": 5}},
        {"type": "content_block_start", "index": "a", "content_block": 7},
        {"type": "content_block_stop", "index": 99},
        {"type": "message_start", "message": "m"},
        {"type": "message_delta", "delta": None, "usage": [1]},
        {"type": "a_new_event"},
    ],
    ids=str,
)
def test_odd_events_cost_nothing_else(odd: Any, capture: bool) -> None:
    whole = messages.message(TEXT)
    events = events_of(whole)
    for form in FORMS:
        reader = open_message_stream(capture)
        for event in events[:4]:
            reader.feed(form(event))
        reader.feed(form(odd))
        reader.feed(odd)
        for event in events[4:]:
            reader.feed(form(event))
        usage = reader.response().usage
        assert usage is not None
        assert usage.output_tokens == 200
        assert list(reader.details().finish_reasons) == ["end_turn"]


@pytest.mark.parametrize("capture", [True, False])
def test_no_event_is_kept(capture: bool) -> None:
    reader = open_message_stream(capture)
    seen: list[weakref.ref[Any]] = []
    for event in events_of(messages.message(TEXT, CALL), None, json.dumps(CALL["input"])):
        model = as_models(event)
        seen.append(weakref.ref(model))
        reader.feed(model)
        del model
    gc.collect()
    assert [ref() for ref in seen if ref() is not None] == []


def test_without_content_a_piece_leaves_nothing_behind() -> None:
    reader = open_message_stream(False)
    for event in events_of(messages.message(TEXT))[:4]:
        reader.feed(as_models(event))
    pieces = [as_models(delta(0, "text_delta", "text", "word")) for _ in range(1000)]
    before = sys.getallocatedblocks()
    for piece in pieces:
        reader.feed(piece)
    assert sys.getallocatedblocks() - before < 20
