"""Streams as they really come: late, repeated, half empty, and read in every way the SDK offers."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import openai
import pytest

from ..support import answers
from ..support.answers import chunk
from ..support.capture import Capture
from ..support.provider import FakeProvider, Reply, http, sse_reply
from ..support.sdk import chat_stream, needs_responses

MESSAGES: list[Any] = [{"role": "user", "content": "hi"}]
REASONS = "gen_ai.response.finish_reasons"


def _client(capture: Capture, *steps: Any, done: bool = True, **settings: Any) -> Any:
    capture.instrument(**settings)
    return FakeProvider(capture.clock).then(sse_reply(*steps, done=done)).client()


def _chat(client: Any, **more: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True, **more)


def _output(capture: Capture) -> Any:
    return json.loads(capture.attributes()["gen_ai.output.messages"])


def test_a_whole_stream_tells_everything(capture: Capture) -> None:
    list(_chat(_client(capture, 0.2, *answers.chat_chunks()[:2], 0.3, *answers.chat_chunks()[2:])))
    assert capture.attributes() == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.request.stream": True,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
        "gen_ai.response.time_to_first_chunk": 0.2,
        "gen_ai.usage.cache_read.input_tokens": 400,
        "gen_ai.usage.cost.amount": pytest.approx(0.00024),
        "gen_ai.usage.cost.currency": "USD",
        "gen_ai.usage.cost.source": "local",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 200,
        "gen_ai.usage.reasoning.output_tokens": 50,
        "openai.api.type": "chat_completions",
        "openai.response.service_tier": "default",
        "otel_genai.cost.cache_read": pytest.approx(0.00003),
        "otel_genai.cost.input": pytest.approx(0.00009),
        "otel_genai.cost.model": "gpt-4o-mini",
        "otel_genai.cost.output": pytest.approx(0.00012),
        "otel_genai.cost.price_version": capture.attributes()["otel_genai.cost.price_version"],
        "otel_genai.input.message_count": 1,
        "server.address": "api.openai.com",
        "server.port": 443,
    }
    assert capture.snapshot()["spans"][0]["seconds"] == 0.5
    assert capture.count("gen_ai.client.inference.time_to_first_chunk") == 1


def test_usage_that_is_repeated_counts_once(capture: Capture) -> None:
    """Some servers send it, growing, with every chunk: the last one is the truth."""
    growing = [{**answers.CHAT_USAGE, "completion_tokens": tokens} for tokens in (1, 2, 200)]
    deltas = ["Hel", "lo", "!"]
    list(_chat(_client(capture, *(chunk({"content": d}, usage=u) for d, u in zip(deltas, growing, strict=True)))))
    assert capture.attributes()["gen_ai.usage.input_tokens"] == 1000
    assert capture.attributes()["gen_ai.usage.output_tokens"] == 200
    assert capture.total("gen_ai.client.inference.usage.output_tokens") == 200


def test_without_usage_there_are_no_tokens_rather_than_zero(capture: Capture) -> None:
    list(_chat(_client(capture, chunk({"content": "Hi"}), chunk({}, "stop"))))
    attributes = capture.attributes()
    assert [name for name in attributes if "usage" in name] == []
    assert attributes["otel_genai.cost.unpriced_reason"] == "no_usage"
    assert attributes[REASONS] == ("stop",)
    assert "gen_ai.client.inference.usage.input_tokens" not in {
        name for name, points in capture.metrics().items() if points
    }


def test_azures_first_chunk_has_no_choice_and_no_model(capture: Capture) -> None:
    prelude = {**chunk(), "id": "", "model": "", "prompt_filter_results": [{"prompt_index": 0}]}
    list(_chat(_client(capture, prelude, *answers.chat_chunks())))
    attributes = capture.attributes()
    assert attributes["gen_ai.response.model"] == "gpt-4o-mini-2024-07-18"
    assert attributes["gen_ai.response.id"] == "chatcmpl-1"
    assert attributes[REASONS] == ("stop",)


def test_choices_of_none(capture: Capture) -> None:
    received = list(_chat(_client(capture, {**chunk(), "choices": None}, *answers.chat_chunks())))
    assert len(received) == 6
    assert capture.attributes()[REASONS] == ("stop",)


def test_choices_in_the_order_of_their_index(capture: Capture) -> None:
    steps = [
        chunk({"role": "assistant", "content": "B"}, index=1),
        chunk({"role": "assistant", "content": "A"}, index=0),
        chunk({}, "length", index=1),
        chunk({}, "stop", index=0),
    ]
    list(_chat(_client(capture, *steps, capture_content="span_only"), n=2))
    attributes = capture.attributes()
    assert attributes[REASONS] == ("stop", "length")
    assert attributes["gen_ai.request.choice.count"] == 2
    assert _output(capture) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "A"}], "finish_reason": "stop"},
        {"role": "assistant", "parts": [{"type": "text", "content": "B"}], "finish_reason": "length"},
    ]


def test_an_open_choice_beside_a_finished_one(capture: Capture) -> None:
    """Stopped early, only the finished one has a reason; failed, the other one has "error"."""
    steps = [chunk({"content": "A"}, index=0), chunk({"content": "B"}, index=1), chunk({}, "stop", index=0)]
    with _chat(_client(capture, *steps, http.ReadError("dead")), n=2) as stream:
        for _ in range(3):
            next(stream)
    assert capture.attributes()[REASONS] == ("stop",)


def test_an_open_choice_beside_a_finished_one_when_the_line_goes_dead(capture: Capture) -> None:
    steps = [chunk({"content": "A"}, index=0), chunk({"content": "B"}, index=1), chunk({}, "stop", index=0)]
    with pytest.raises((openai.APIConnectionError, http.ReadError)):
        list(_chat(_client(capture, *steps, http.ReadError("dead")), n=2))
    assert capture.attributes()[REASONS] == ("stop", "error")


def _call_delta(index: int | None, **call: Any) -> Any:
    return chunk({"tool_calls": [{"index": index, **call}]})


TOOL_DELTAS = {
    "index_null": [
        _call_delta(None, id="call_1", type="function", function={"name": "find", "arguments": ""}),
        _call_delta(None, function={"arguments": '{"a":'}),
        _call_delta(None, function={"arguments": "1}"}),
        _call_delta(None, id="call_2", type="function", function={"name": "look", "arguments": "{}"}),
    ],
    "sparse_index": [
        _call_delta(1, id="call_1", type="function", function={"name": "find", "arguments": '{"a":1}'}),
        _call_delta(7, id="call_2", type="function", function={"name": "look", "arguments": "{}"}),
    ],
    "empty_fields": [
        _call_delta(0, id="call_1", type="function", function={"name": "find", "arguments": None}),
        _call_delta(0, function=None),
        _call_delta(0, function={"name": None, "arguments": '{"a":1}'}),
        _call_delta(1, id="call_2", type="function", function={"name": "look", "arguments": "{}"}),
    ],
}


@pytest.mark.parametrize("deltas", TOOL_DELTAS.values(), ids=TOOL_DELTAS)
def test_tool_calls_in_pieces(deltas: list[Any], capture: Capture) -> None:
    list(_chat(_client(capture, *deltas, chunk({}, "tool_calls"), capture_content="span_only")))
    assert capture.attributes()[REASONS] == ("tool_calls",)
    assert _output(capture) == [
        {
            "role": "assistant",
            "parts": [
                {"type": "tool_call", "name": "find", "id": "call_1", "arguments": {"a": 1}},
                {"type": "tool_call", "name": "look", "id": "call_2", "arguments": {}},
            ],
            "finish_reason": "tool_call",
        }
    ]


def test_a_refusal_is_text(capture: Capture) -> None:
    steps = [chunk({"refusal": "I "}), chunk({"refusal": "won't."}), chunk({}, "stop")]
    list(_chat(_client(capture, *steps, capture_content="span_only")))
    assert _output(capture) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "I won't."}], "finish_reason": "stop"}
    ]


def test_tier_and_fingerprint_on_the_last_chunk(capture: Capture) -> None:
    steps = [*answers.chat_chunks(), chunk(service_tier="flex", system_fingerprint="fp_9")]
    list(_chat(_client(capture, *steps)))
    assert capture.attributes()["openai.response.service_tier"] == "flex"
    assert capture.attributes()["openai.response.system_fingerprint"] == "fp_9"


@pytest.mark.parametrize("kind", [dict[str, Any], object], ids=["dict", "object"])
def test_chunks_of_a_type_of_the_users_own(kind: Any, capture: Capture) -> None:
    client = _client(capture, *answers.chat_chunks())
    raw = client.chat.completions.with_raw_response.create(model="m", messages=MESSAGES, stream=True)
    received = list(raw.parse(to=openai.Stream[kind]))
    assert received == answers.chat_chunks()
    assert capture.attributes()[REASONS] == ("stop",)
    assert capture.attributes()["gen_ai.usage.input_tokens"] == 1000


def test_a_whole_answer_of_a_type_of_the_users_own(capture: Capture) -> None:
    class Mine(openai.BaseModel):
        anything: str

    capture.instrument()
    reply = Reply(200, [json.dumps({"anything": "goes"}).encode()], {"content-type": "application/json"})
    client = FakeProvider(capture.clock).then(reply).client()
    raw = client.chat.completions.with_raw_response.create(model="m", messages=[])
    assert raw.parse(to=Mine) == Mine(anything="goes")
    assert capture.span().status.status_code.name == "UNSET"


def test_a_stream_that_is_read_in_turns(capture: Capture) -> None:
    stream = _chat(_client(capture, *answers.chat_chunks()))
    assert len([next(stream), *islice(stream, 1), *stream]) == 5
    assert len(capture.spans()) == 1


def test_final_completion_and_until_done(capture: Capture) -> None:
    client = _client(capture, *answers.chat_chunks())
    with chat_stream(client)(model="gpt-4o-mini", messages=MESSAGES) as stream:
        assert stream.until_done() is stream
        assert stream.get_final_completion().choices[0].message.content == "Hello"
    assert capture.attributes()[REASONS] == ("stop",)
    assert capture.attributes()["gen_ai.usage.output_tokens"] == 200


@needs_responses
def test_final_response(capture: Capture) -> None:
    client = _client(capture, *answers.response_events(), done=False)
    with client.responses.stream(model="gpt-4o-mini", input="hi") as stream:
        assert stream.get_final_response().output_text == "Hello"
    assert capture.attributes()[REASONS] == ("stop",)


def test_a_manager_that_is_never_entered_is_no_operation(capture: Capture) -> None:
    client = _client(capture, *answers.chat_chunks())
    chat_stream(client)(model="gpt-4o-mini", messages=MESSAGES)
    client.chat.completions.with_streaming_response.create(model="gpt-4o-mini", messages=MESSAGES)
    assert capture.spans() == []


def test_closing_the_http_response_ends_the_operation(capture: Capture) -> None:
    stream = _chat(_client(capture, *answers.chat_chunks()))
    next(stream)
    assert capture.spans() == []
    stream.response.close()
    assert capture.span().status.status_code.name == "UNSET"


def test_a_close_that_fails_is_the_users_to_see(capture: Capture) -> None:
    capture.instrument()
    provider = FakeProvider(capture.clock).then(sse_reply(*answers.chat_chunks()))
    stream = _chat(provider.client())
    next(stream)

    def fail() -> None:
        raise OSError("close failed")

    provider.bodies[0].close = fail
    with pytest.raises(OSError, match="close failed"):
        stream.close()
    assert capture.span().status.status_code.name == "ERROR"
    assert capture.attributes()["error.type"] == "OSError"


@needs_responses
def test_a_response_that_fails_within_http_200(capture: Capture) -> None:
    failed = answers.response("failed", error={"code": "rate_limit_exceeded", "message": "Slow down."})
    events = [
        answers.response_events()[0],
        {"type": "response.failed", "response": failed, "sequence_number": 1},
    ]
    client = _client(capture, *events, done=False)
    assert len(list(client.responses.create(model="gpt-4o-mini", input="hi", stream=True))) == 2
    assert capture.span().status.status_code.name == "ERROR"
    assert capture.attributes()["error.type"] == "rate_limit_exceeded"
    assert capture.attributes()["otel_genai.error.code"] == "rate_limit_exceeded"
    assert capture.attributes()[REASONS] == ("error",)


@needs_responses
def test_an_error_event_of_a_response(capture: Capture) -> None:
    error = {"type": "error", "code": "server_error", "message": "Oh.", "param": None, "sequence_number": 1}
    client = _client(capture, answers.response_events()[0], error, done=False)
    list(client.responses.create(model="gpt-4o-mini", input="hi", stream=True))
    assert capture.span().status.status_code.name == "ERROR"
    assert capture.attributes()["error.type"] == "server_error"
    assert capture.attributes()[REASONS] == ("error",)


@needs_responses
@pytest.mark.parametrize(
    ("reason", "finish"), [("max_output_tokens", "length"), ("content_filter", "content_filter"), (None, "length")]
)
def test_an_incomplete_response_is_no_failure(reason: str | None, finish: str, capture: Capture) -> None:
    details = {"reason": reason} if reason else None
    incomplete = answers.response("incomplete", incomplete_details=details, usage=answers.RESPONSES_USAGE)
    event = {"type": "response.incomplete", "response": incomplete, "sequence_number": 1}
    client = _client(capture, answers.response_events()[0], event, done=False)
    list(client.responses.create(model="gpt-4o-mini", input="hi", stream=True))
    assert capture.span().status.status_code.name == "UNSET"
    assert capture.attributes()[REASONS] == (finish,)
    assert capture.attributes()["gen_ai.usage.output_tokens"] == 200


@needs_responses
def test_a_response_that_breaks_off_keeps_what_came(capture: Capture) -> None:
    client = _client(capture, *answers.response_events()[:5], done=False, capture_content="span_only")
    with client.responses.create(model="gpt-4o-mini", input="hi", stream=True) as stream:
        for _ in range(5):
            next(stream)
    assert _output(capture) == [{"role": "assistant", "parts": [{"type": "text", "content": "Hel"}]}]
    assert REASONS not in capture.attributes()
