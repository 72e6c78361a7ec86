"""Content within a budget: always JSON, never above it, and what was cut is said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_genai_instr as genai
from otel_genai_instr.telemetry.cutting import as_json, bytes_of, fitted, shortened_text

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply

INPUT, OUTPUT = "gen_ai.input.messages", "gen_ai.output.messages"
CUT = "otel_genai.content.cut_bytes"

data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.text('\x00\n"é\U0001f600', min_size=50),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=20), inner, max_size=8),
    max_leaves=60,
)


def message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def texts(messages: Any) -> list[str]:
    return [part.get("content", "") for message in messages for part in message["parts"]]


@settings(max_examples=100, deadline=None)
@given(data, st.integers(0, 2_000))
def test_any_data_in_any_budget(value: Any, room: int) -> None:
    cut = fitted(value, room)
    if cut is not None:
        assert len(json.dumps(cut, ensure_ascii=False, separators=(",", ":")).encode()) <= room
        assert json.loads(as_json(cut)) == cut
    if len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) <= room:
        assert cut == value


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=500), st.integers(0, 500))
def test_any_text_in_any_budget(text: str, room: int) -> None:
    cut = shortened_text(text, room)
    assert bytes_of(cut) <= room
    assert cut == text or bytes_of(text) > room


def test_a_text_says_how_much_is_missing() -> None:
    cut = shortened_text("a" * 1_000 + "z" * 1_000, 200)
    begin, missing, end = cut.split("…")
    assert missing == f" [{2_000 - len(begin) - len(end):,} characters cut] "
    assert (set(begin), set(end)) == ({"a"}, {"z"})
    assert bytes_of(cut) > 190


def test_system_messages_and_the_last_turns_stay() -> None:
    turns = [message("user" if number % 2 else "assistant", f"turn {number:04} " * 5) for number in range(1_000)]
    said = [message("system", "Be brief."), *turns]
    cut: Any = fitted(said, 4_000)

    assert cut[0] == message("system", "Be brief.")
    mark = cut[1]["parts"][0]
    assert (cut[1]["role"], mark["type"]) == ("cut", "cut")
    whole = [turn for turn in cut[2:] if turn in turns]
    assert whole == turns[-len(whole) :]
    assert len(cut[2:]) - len(whole) <= 2  # the oldest that are shown are shortened, so that they fit
    assert mark["items"] == 1_000 - len(cut[2:])
    left_out = turns[: mark["items"]]
    assert mark["bytes"] == sum(len(as_json(turn)) + 1 for turn in left_out)


def test_one_long_turn_is_shortened_and_the_others_are_not() -> None:
    said = [message("system", "s" * 300), message("user", "long " * 2_000), message("assistant", "ok")]
    system, user, assistant = texts(fitted(said, 4_000))
    assert (system, assistant) == ("s" * 300, "ok")
    assert user.startswith("long long")
    assert user.endswith("long ")
    assert "characters cut" in user


def test_arguments_stay_an_object() -> None:
    cut: Any = fitted({"path": "a.txt", "text": "x" * 10_000, "append": True}, 500)
    assert (cut["path"], cut["append"]) == ("a.txt", True)
    assert "characters cut" in cut["text"]


def ask(text: str) -> None:
    client: Any = FakeProvider().then(json_reply(answers.chat())).client()
    client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]
    )


@pytest.mark.parametrize(
    "limits", [SpanLimits(max_attribute_length=1_000), SpanLimits(max_span_attribute_length=1_000)]
)
def test_a_limit_of_the_sdk_never_cuts_json(limits: SpanLimits) -> None:
    spans = InMemorySpanExporter()
    provider = TracerProvider(span_limits=limits, resource=Resource.get_empty(), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    genai.instrument(tracer_provider=provider, capture_content="span_only")
    ask("long " * 2_000)

    (span,) = spans.get_finished_spans()
    told: Any = dict(span.attributes or {})
    system, user = texts(json.loads(told[INPUT]))
    assert system == "Be brief."
    assert user.startswith("long long")
    sent = 10_000 + len(as_json([message("system", "Be brief."), message("user", "")]))
    assert told[CUT] == sent - bytes_of(told[INPUT])


def test_a_budget_of_ones_own_holds_for_spans_and_events(capture: Capture) -> None:
    capture.instrument(capture_content="span_and_event", content_max_bytes=500)
    ask("long " * 2_000)
    told = capture.attributes()
    (event,) = capture.events()
    assert bytes_of(told[INPUT]) <= 500
    assert json.loads(json.dumps(event["attributes"][INPUT])) == json.loads(told[INPUT])
    assert event["attributes"][CUT] == told[CUT] > 9_000


def test_what_fits_is_not_touched(capture: Capture) -> None:
    capture.instrument(capture_content="span_and_event")
    ask("long " * 2_000)
    assert texts(json.loads(capture.attributes()[INPUT])) == ["Be brief.", "long " * 2_000]
    assert CUT not in capture.attributes()


def test_what_a_block_records_is_cut_too(capture: Capture) -> None:
    capture.instrument(capture_content="span_only", content_max_bytes=300)
    with genai.tool("write", arguments={"path": "a.txt", "text": "x" * 10_000}) as step:
        step.result = "y" * 5_000
    told = capture.attributes()
    arguments = json.loads(told["gen_ai.tool.call.arguments"])
    assert arguments["path"] == "a.txt"
    assert bytes_of(told["gen_ai.tool.call.arguments"]) <= 300
    assert bytes_of(told["gen_ai.tool.call.result"]) <= 300
    assert json.loads(told["gen_ai.tool.call.result"]).startswith("yyy")
    assert told[CUT] > 14_000
