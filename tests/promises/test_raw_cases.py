"""Raw responses stay as lazy, as cached and as plain as the SDK makes them."""

from __future__ import annotations

from typing import Any

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply, sse_reply

MESSAGES: list[Any] = [{"role": "user", "content": "hi"}]


def _ask(create: Any, **more: Any) -> Any:
    return create(model="gpt-4o-mini", messages=MESSAGES, **more)


def test_headers_and_request_id(capture: Capture) -> None:
    capture.instrument()
    client = FakeProvider(capture.clock).then(json_reply(answers.chat(), x_request_id="req_7", x_own="mine")).client()
    raw = _ask(client.chat.completions.with_raw_response.create)
    assert (raw.request_id, raw.headers["x-own"], raw.status_code, raw.retries_taken) == ("req_7", "mine", 200, 0)
    assert raw.parse()._request_id == "req_7"
    assert capture.attributes()["gen_ai.usage.input_tokens"] == 1000


def test_a_streaming_raw_response_is_not_read_for_us(capture: Capture) -> None:
    """The body is touched when the user reads it, and not before."""
    capture.instrument(capture_content="span_and_event")
    touched: list[str] = []
    reply = json_reply(answers.chat())
    reply.steps.insert(0, lambda: touched.append("body"))
    client = FakeProvider(capture.clock).then(reply).client()
    with _ask(client.chat.completions.with_streaming_response.create) as response:
        assert touched == []
        assert capture.spans() == []
        assert not response.is_closed
        response.read()
        assert touched == ["body"]
    assert len(capture.spans()) == 1


def test_a_body_that_is_read_as_json_text_or_bytes(capture: Capture) -> None:
    """Reading closes the response before its body is there to be looked at."""
    capture.instrument()
    client = FakeProvider(capture.clock).then(json_reply(answers.chat())).client()
    for read in ("json", "text", "read"):
        with _ask(client.chat.completions.with_streaming_response.create) as response:
            assert getattr(response, read)()
    assert [dict(span.attributes or {}).get("gen_ai.usage.input_tokens") for span in capture.spans()] == [1000] * 3


def test_a_body_drained_without_parsing(capture: Capture) -> None:
    capture.instrument()
    client = FakeProvider(capture.clock).then(sse_reply(*answers.chat_chunks())).client()
    with _ask(client.chat.completions.with_streaming_response.create, stream=True) as response:
        assert b"".join(response.iter_bytes()).endswith(b"data: [DONE]\n\n")
    assert capture.span().status.status_code.name == "UNSET"
    assert "gen_ai.response.finish_reasons" not in capture.attributes()


def test_a_raw_stream_is_parsed_once(capture: Capture) -> None:
    capture.instrument()
    client = FakeProvider(capture.clock).then(sse_reply(*answers.chat_chunks())).client()
    raw = _ask(client.chat.completions.with_raw_response.create, stream=True)
    assert raw.parse() is raw.parse()
    assert len(list(raw.parse())) == 5
    assert capture.attributes()["gen_ai.response.finish_reasons"] == ("stop",)


def test_cached_raw_wrappers_fall_silent_when_turned_off(capture: Capture) -> None:
    """The SDK keeps the bound method in the raw wrapper for as long as the client lives."""
    capture.instrument()
    client = FakeProvider(capture.clock).then(json_reply(answers.chat())).client()
    wrapped = [client.chat.completions.with_raw_response, client.chat.completions.with_streaming_response]
    capture.uninstrument()
    _ask(wrapped[0].create)
    with _ask(wrapped[1].create) as response:
        response.parse()
    assert capture.spans() == []
    assert capture.metrics().get("gen_ai.client.inference.duration") is None
