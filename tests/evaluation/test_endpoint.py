"""The endpoint, message by message."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace

from otel_genai_instr import log
from otel_genai_instr.evaluation import FeedbackApp, endpoint, feedback_token
from otel_genai_instr.settings import CaptureContent, Settings

from .asgi import Answer, Message, Request, ask, exchange
from .judging import KEY, Judging, ids, ids_of_record

SECRET = "what nobody may ever see again"


def refused(answer: Answer | None, status: int) -> Answer:
    """``answer``, when it has the status, a fixed reason, and nothing of the request."""
    assert answer is not None
    assert answer.status == status
    assert set(json.loads(answer.body)) == {"error"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert SECRET not in answer.body.decode() + str(answer.headers)
    return answer


def accepted(answer: Answer | None) -> Answer:
    assert answer is not None
    assert (answer.status, answer.body) == (204, b"")
    return answer


def good(judging: Judging, **fields: object) -> dict[str, object]:
    return {"token": feedback_token(judging.span()), "action": "thumbs_up", **fields}


def test_feedback_is_recorded(judging: Judging) -> None:
    judging.use(Settings(feedback_key=KEY, capture_content=CaptureContent.SPAN_ONLY))
    span = judging.span()
    fields = {"token": feedback_token(span), "action": "thumbs_down", "text": "wrong ☹"}
    accepted(ask(FeedbackApp(), Request(fields)))
    assert ids_of_record(judging.record()) == ids(span.get_span_context())
    assert judging.said()["gen_ai.evaluation.score.label"] == "thumbs_down"
    assert judging.said()["gen_ai.evaluation.explanation"] == "wrong ☹"


@pytest.mark.parametrize("text", [None, ""])
def test_text_may_be_missing(judging: Judging, text: str | None) -> None:
    accepted(ask(FeedbackApp(), Request(good(judging, text=text))))


def test_a_body_in_pieces(judging: Judging) -> None:
    body = json.dumps(good(judging)).encode()
    pieces = [{"type": "http.request", "body": bytes([byte]), "more_body": True} for byte in body]
    accepted(ask(FeedbackApp(), Request(messages=[*pieces, {"type": "http.request"}])))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"[" * 8000,
        b"null",
        b'"token"',
        b"[]",
        b"{}",
        b'{"token": 5, "action": "retry"}',
        b'{"action": "retry"}',
        b'{"token": "x"}',
        b'{"token": "x", "action": "what nobody may ever see again"}',
        b'{"token": "x", "action": ["retry"]}',
        b'{"token": "x", "action": "retry", "text": {}}',
        b'{"token": "x", "action": "retry", "what nobody may ever see again": 1}',
    ],
)
def test_malformed(judging: Judging, body: bytes) -> None:
    refused(ask(FeedbackApp(), Request(body=body)), 400)
    assert judging.records() == []


def test_forged_and_expired(judging: Judging, caplog: pytest.LogCaptureFixture) -> None:
    fields = good(judging)
    for token in (SECRET, "é", "A" * 84):
        refused(ask(FeedbackApp(), Request({**fields, "token": token, "text": SECRET})), 403)
    judging.capture.clock.advance(8 * 24 * 3600)
    assert b"expired" in refused(ask(FeedbackApp(), Request(fields)), 403).body
    assert judging.records() == []
    assert caplog.records == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_other_methods(judging: Judging, method: str) -> None:
    answer = refused(ask(FeedbackApp(), Request(good(judging), method=method)), 405)
    assert answer.headers["allow"] == "POST, OPTIONS"
    assert judging.records() == []


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_other_types(judging: Judging, kind: str) -> None:
    refused(ask(FeedbackApp(), Request(good(judging), headers={"content-type": kind})), 415)
    assert judging.records() == []


def test_the_type_may_have_parameters(judging: Judging) -> None:
    headers = {"content-type": "Application/JSON ; charset=utf-8"}
    accepted(ask(FeedbackApp(), Request(good(judging), headers=headers)))


def test_a_compressed_body_is_not_opened(judging: Judging) -> None:
    refused(ask(FeedbackApp(), Request(good(judging), headers={"content-encoding": "gzip"})), 415)


@pytest.mark.parametrize("length", ["8193", "9" * 5000])
def test_a_body_that_says_it_is_too_large_is_not_read(judging: Judging, length: str) -> None:
    never: list[Message] = []
    refused(ask(FeedbackApp(), Request(headers={"content-length": length}, messages=never)), 413)


def test_the_largest_body(judging: Judging) -> None:
    def padded(size: int) -> bytes:
        body = json.dumps(good(judging)).encode()
        return body + b" " * (size - len(body))

    largest = endpoint.MAX_BODY_BYTES
    accepted(ask(FeedbackApp(), Request(body=padded(largest), headers={"content-length": str(largest)})))
    refused(ask(FeedbackApp(), Request(body=padded(largest + 1))), 413)
    assert len(judging.records()) == 1


@pytest.mark.parametrize("chunk", [b"", b"x", b"x" * 5000])
def test_a_body_without_an_end(judging: Judging, chunk: bytes) -> None:
    endless: Iterator[Message] = itertools.repeat({"type": "http.request", "body": chunk, "more_body": True})
    refused(ask(FeedbackApp(), Request(messages=endless)), 413)


def test_a_body_that_does_not_come(judging: Judging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "BODY_SECONDS", 0.05)
    started = {"type": "http.request", "body": b"{", "more_body": True}
    refused(ask(FeedbackApp(), Request(messages=[started])), 408)


def test_nobody_is_answered_who_has_left(judging: Judging) -> None:
    begun = {"type": "http.request", "body": b"{", "more_body": True}
    assert ask(FeedbackApp(), Request(messages=[begun, {"type": "http.disconnect"}])) is None
    assert judging.records() == []


def test_a_request_that_is_cancelled_is_cancelled() -> None:
    async def cancelled() -> bool:
        task = asyncio.ensure_future(exchange(FeedbackApp(), Request().scope(), []))
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return True
        return False

    assert asyncio.run(cancelled())


def test_one_operation_has_a_limit_whoever_calls(judging: Judging) -> None:
    app = FeedbackApp(per_operation=3)
    span = judging.span()
    for number in range(3):
        fields = {"token": feedback_token(span, expires_in=60 + number), "action": "retry"}
        accepted(ask(app, Request(fields, client=(f"192.0.2.{number}", 1))))
    another_token = {"token": feedback_token(span, expires_in=90), "action": "retry"}
    answer = refused(ask(app, Request(another_token, client=("192.0.2.99", 1))), 429)
    assert answer.headers["retry-after"] == "20"
    accepted(ask(app, Request(good(judging))))
    judging.capture.clock.advance(20)
    accepted(ask(app, Request(another_token)))
    assert len(judging.records()) == 5


def test_the_wait_is_told_in_whole_seconds_that_are_enough(judging: Judging) -> None:
    app = FeedbackApp(per_client=40)  # one in 1.5 seconds
    for _ in range(40):
        ask(app, Request(method="GET"))
    answer = refused(ask(app, Request(method="GET")), 429)
    assert answer.headers["retry-after"] == "2"


def test_operations_without_a_span_do_not_share_a_limit(
    judging: Judging, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an SDK all of them look alike; that there is none is said once."""
    monkeypatch.setattr(log, "_said", {})
    app = FeedbackApp(per_operation=1)
    for _ in range(3):
        accepted(ask(app, Request({"token": feedback_token(trace.INVALID_SPAN), "action": "retry"})))
    (said,) = caplog.messages
    assert "no OpenTelemetry SDK" in said
    assert "opentelemetry-instrument" in said
    assert (judging.records(), judging.scores()) == ([], [])


def test_one_client_has_a_limit_whatever_it_sends(judging: Judging) -> None:
    app = FeedbackApp(per_client=4)
    for request in (
        Request(body=b"{"),
        Request(method="GET"),
        Request(good(judging, token="x")),
        Request(good(judging)),
    ):
        assert ask(app, request) is not None
    answer = refused(ask(app, Request(good(judging), client=("192.0.2.1", 60000))), 429)
    assert answer.headers["retry-after"] == "15"
    accepted(ask(app, Request(good(judging), client=("192.0.2.2", 50000))))
    judging.capture.clock.advance(15)
    accepted(ask(app, Request(good(judging))))


@pytest.mark.parametrize(
    ("first", "second", "is_the_same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1:2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("a.host", "another.host", False),
        (None, None, True),
    ],
)
def test_what_one_client_is(judging: Judging, first: str | None, second: str | None, is_the_same: bool) -> None:
    def client(host: str | None) -> tuple[str, int] | None:
        return None if host is None else (host, 50000)

    app = FeedbackApp(per_client=1)
    accepted(ask(app, Request(good(judging), client=client(first))))
    answer = ask(app, Request(good(judging), client=client(second)))
    assert answer is not None
    assert answer.status == (429 if is_the_same else 204)


def test_without_a_key(judging: Judging, caplog: pytest.LogCaptureFixture) -> None:
    app = FeedbackApp()
    fields = good(judging)
    judging.use(Settings())
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            refused(ask(app, Request(fields)), 503)
    (record,) = caplog.records
    assert "OTEL_GENAI_FEEDBACK_KEY" in record.getMessage()
    judging.use(Settings(feedback_key=KEY))
    accepted(ask(app, Request(fields)))


ORIGIN = {"origin": "https://app.example.com"}


def test_by_default_no_other_site_may_call(judging: Judging) -> None:
    for method in ("OPTIONS", "POST"):
        answer = accepted(ask(FeedbackApp(), Request(good(judging), method=method, headers=ORIGIN)))
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        (["https://app.example.com"], "https://app.example.com"),
        (["*"], "*"),
        (["https://other.example.com"], None),
        (["https://app.example.com:444", "http://app.example.com"], None),
    ],
)
def test_sites_that_may_call(judging: Judging, allowed: list[str], said: str | None) -> None:
    app = FeedbackApp(allow_origins=allowed)
    preflight = {**ORIGIN, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    answers = [
        accepted(ask(app, Request(method="OPTIONS", headers=preflight, messages=[]))),
        accepted(ask(app, Request(good(judging), headers=ORIGIN))),
        refused(ask(app, Request(body=b"{", headers=ORIGIN)), 400),
    ]
    for answer in answers:
        assert answer.headers.get("access-control-allow-origin") == said
        assert answer.headers["vary"] == "Origin"
    if said is not None:
        assert answers[0].headers["access-control-allow-methods"] == "POST"
        assert "content-type" in answers[0].headers["access-control-allow-headers"]


@pytest.mark.parametrize("options", [{"per_operation": 0}, {"per_client": -1}, {"allow_origins": "https://a.example"}])
def test_options_that_are_not_allowed(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(ValueError, match=rf"^{name}=.*allowed: "):
        FeedbackApp(**options)


def test_it_lives_with_its_server() -> None:
    incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = asyncio.run(exchange(FeedbackApp(), {"type": "lifespan"}, incoming))
    assert sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]


def test_a_web_socket_is_refused() -> None:
    sent = asyncio.run(exchange(FeedbackApp(), {"type": "websocket"}, [{"type": "websocket.connect"}]))
    assert sent == [{"type": "websocket.close", "code": 1000}]


def test_another_protocol_is_no_silence() -> None:
    with pytest.raises(NotImplementedError, match="http"):
        asyncio.run(exchange(FeedbackApp(), {"type": "carrier pigeon"}, []))
