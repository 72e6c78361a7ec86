"""The Responses websocket with the real SDK: the same operations as by HTTP, in lanes."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

import openai
import pytest

from ..support.capture import Capture

pytest.importorskip("websockets")
pytest.importorskip("openai.resources.responses")

from openai.resources.responses import responses as resources

from .events import Event
from .server import Close, Script, Wait, server

pytestmark = pytest.mark.skipif(
    not hasattr(resources, "ResponsesConnection"), reason="this openai has no websocket for responses"
)

MODEL: Final = "gpt-5-mini"
USAGE: Final[Event] = {
    "input_tokens": 1000,
    "output_tokens": 100,
    "total_tokens": 1100,
    "input_tokens_details": {"cached_tokens": 400},
    "output_tokens_details": {"reasoning_tokens": 60},
}
# https://developers.openai.com/api/docs/pricing, gpt-5-mini, dollars a million tokens: in 0.25, cached 0.025, out 2
COST: Final = (600 * 0.25 + 400 * 0.025 + 100 * 2) / 1e6


def event(kind: str, identity: str = "resp_1", lane: str | None = None, **more: Any) -> Event:
    """Something about a response."""
    status = {"created": "in_progress"}.get(kind, kind)
    response: Event = {"id": identity, "object": "response", "model": MODEL, "status": status, "output": [], **more}
    said: Event = {"type": f"response.{kind}", "sequence_number": 0, "response": response}
    return said if lane is None else {**said, "stream_id": lane}


def text(piece: str, lane: str | None = None) -> Event:
    """A piece of the answer."""
    said: Event = {"type": "response.output_text.delta", "sequence_number": 1, "delta": piece, "logprobs": []}
    said |= {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    return said if lane is None else {**said, "stream_id": lane}


def completed(identity: str = "resp_1", lane: str | None = None, **more: Any) -> Event:
    """It is over."""
    content: list[Event] = [{"type": "output_text", "text": "n00n", "annotations": []}]
    item: Event = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content}
    return event("completed", identity, lane, **{"usage": USAGE, "output": [item], **more})


def ask(**more: Any) -> Any:
    """A request."""
    return {"type": "response.create", "model": MODEL, "input": "What t1me is it?", **more}


def said(span: Any) -> dict[str, Any]:
    return dict(span.attributes or {})


ANSWER: Final[Script] = [Wait("response.create"), event("created"), text("n00n"), completed()]


def read(connection: Any, count: int = 1) -> list[Any]:
    read: list[Any] = []
    for received in connection:
        read.append(received)
        count -= received.type == "response.completed"
        if not count:
            break
    return read


def test_a_response_is_the_operation_that_it_is_by_http(capture: Capture) -> None:
    capture.instrument(capture_content=True)
    with server(ANSWER) as here, here.client().responses.connect() as connection:
        connection.send(ask(temperature=0.5, max_output_tokens=99))
        read(connection)
    chat, whole = capture.spans()
    assert (chat.name, whole.name) == (f"chat {MODEL}", "realtime")
    assert [link.context for link in chat.links] == [whole.context]
    assert said(whole)["openai.api.type"] == "responses"
    expected: dict[str, Any] = {
        "openai.api.type": "responses",
        "gen_ai.request.stream": True,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 99,
        "gen_ai.response.id": "resp_1",
        "gen_ai.response.model": MODEL,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 100,
        "gen_ai.usage.cache_read.input_tokens": 400,
        "gen_ai.usage.reasoning.output_tokens": 60,
        "gen_ai.usage.cost.amount": pytest.approx(COST),
    }
    assert expected == {name: said(chat).get(name) for name in expected}
    (asked,) = json.loads(said(chat)["gen_ai.input.messages"])
    assert asked["parts"] == [{"type": "text", "content": "What t1me is it?"}]
    (answer,) = json.loads(said(chat)["gen_ai.output.messages"])
    assert answer["parts"] == [{"type": "text", "content": "n00n"}]


def test_asynchronous_and_by_the_resource(capture: Capture) -> None:
    async def story(here: Any) -> None:
        async with here.client(openai.AsyncOpenAI).responses.connect() as connection:
            await connection.response.create(model=MODEL, input="What t1me is it?")
            async for received in connection:
                if received.type == "response.completed":
                    return

    capture.instrument()
    with server(ANSWER) as here:
        asyncio.run(asyncio.wait_for(story(here), 30))
    chat, _whole = capture.spans()
    assert said(chat)["gen_ai.usage.cost.amount"] == pytest.approx(COST)


def test_the_beta(capture: Capture) -> None:
    pytest.importorskip("openai.resources.beta.responses")
    capture.instrument()
    with server(ANSWER) as here, here.client().beta.responses.connect() as connection:
        connection.send(ask())
        read(connection)
    chat, _whole = capture.spans()
    assert said(chat)["gen_ai.usage.cost.amount"] == pytest.approx(COST)


def test_the_app_sees_and_sends_what_it_does_without_us(capture: Capture) -> None:
    def story() -> tuple[list[str], list[Any]]:
        with server(ANSWER) as here, here.client().responses.connect() as connection:
            connection.send(ask())
            events = read(connection)
        return [received.to_json() for received in events], here.received

    without = story()
    capture.instrument()
    assert story() == without


def test_requests_of_one_lane_are_answered_in_their_order(capture: Capture) -> None:
    capture.instrument()
    script = [Wait("response.create"), *ANSWER, event("created", "resp_2"), completed("resp_2")]
    with server(script) as here, here.client().responses.connect() as connection:
        connection.send(ask())
        connection.send(ask(model="gpt-5-nano"))
        read(connection, 2)
    first, second, _whole = capture.spans()
    assert (first.name, said(first)["gen_ai.response.id"]) == (f"chat {MODEL}", "resp_1")
    assert (second.name, said(second)["gen_ai.response.id"]) == ("chat gpt-5-nano", "resp_2")


def test_lanes_beside_each_other_are_told_apart(capture: Capture) -> None:
    sessions = pytest.importorskip("openai.lib.responses_websocket")
    limits = sessions.ResponsesWebSocketLimits(
        max_lanes=4, max_events_per_lane=50, max_events=100, max_bytes_per_lane=10**6, max_bytes=10**6
    )
    capture.instrument()
    script = [
        *(Wait("response.create"), Wait("response.create")),
        event("created", "resp_b", "b"),
        event("created", "resp_a", "a"),
        text("n00n", "b"),
        completed("resp_a", "a"),
        completed("resp_b", "b", usage={"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}),
    ]
    with server(script) as here, here.client().responses.connect() as connection:
        session = sessions.ResponsesWebSocketSession(connection, limits=limits)
        a, b = session.lane("a"), session.lane("b")
        with session:
            a.send(ask())
            b.send(ask(model="gpt-5-nano"))
            ids = [lane.get_final_response(timeout=10).id for lane in (a, b)]
    assert ids == ["resp_a", "resp_b"]
    of_a, of_b, _whole = capture.spans()
    assert (of_a.name, said(of_a)["gen_ai.response.id"]) == (f"chat {MODEL}", "resp_a")
    assert (of_b.name, said(of_b)["gen_ai.response.id"]) == ("chat gpt-5-nano", "resp_b")
    assert (said(of_a)["gen_ai.usage.input_tokens"], said(of_b)["gen_ai.usage.input_tokens"]) == (1000, 7)


def test_a_response_that_nobody_was_seen_to_ask_for(capture: Capture) -> None:
    """As after steering, or of a text that the app sent itself."""
    capture.instrument()
    with server(ANSWER) as here, here.client().responses.connect() as connection:
        connection.send_raw(json.dumps(ask()))
        read(connection)
    chat, _whole = capture.spans()
    assert (chat.name, said(chat)["gen_ai.usage.cost.amount"]) == (f"chat {MODEL}", pytest.approx(COST))


def test_an_error_ends_the_request_that_it_is_about(capture: Capture) -> None:
    capture.instrument()
    error = {"type": "invalid_request_error", "code": "previous_response_not_found", "message": "qu0te"}
    script = [Wait("response.create"), {"type": "error", "status": 400, "error": error}, *ANSWER]
    with server(script) as here, here.client().responses.connect() as connection:
        connection.send(ask(previous_response_id="resp_0"))
        assert connection.recv().type == "error"
        connection.send(ask())
        read(connection)
    refused, chat, whole = capture.spans()
    assert said(refused)["error.type"] == "previous_response_not_found"
    assert chat.status.is_ok
    assert whole.status.is_ok


def test_a_connection_that_breaks(capture: Capture) -> None:
    capture.instrument()
    script = [Wait("response.create"), event("created"), text("n0"), Close(1011)]
    from websockets.exceptions import ConnectionClosedError

    with server(script) as here, here.client().responses.connect() as connection:
        connection.send(ask())
        with pytest.raises(ConnectionClosedError):
            read(connection)
    chat, whole = capture.spans()
    assert said(chat)["error.type"] == said(whole)["error.type"] == "websockets.exceptions.ConnectionClosedError"
    assert said(chat)["otel_genai.error.code"] == "1011"
