"""The Realtime API with the real SDK over a real websocket, from both sides of the SDK."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

import openai
import pytest
from opentelemetry.sdk.trace import ReadableSpan

from ..support.capture import Capture

pytest.importorskip("websockets")
pytest.importorskip("openai.resources.realtime")

from websockets.exceptions import ConnectionClosedError

from . import events
from .events import COST, MODEL, SESSION, created, delta, done, session
from .server import Close, Script, Server, Wait, server

Do = Callable[[Any], Any]
"""What the app does: with a connection, each of whose methods may have to be awaited."""


async def _maybe(result: Any) -> Any:
    return await result if hasattr(result, "__await__") else result


async def _each(connection: Any) -> AsyncIterator[Any]:
    if hasattr(connection, "__aiter__"):
        async for event in connection:
            yield event
    else:
        for event in connection:
            yield event


async def read(connection: Any, last: str = "response.done", count: int = 1) -> list[Any]:
    """Events until the last one of this type."""
    read: list[Any] = []
    async for event in _each(connection):
        read.append(event)
        count -= event.type == last
        if not count:
            break
    return read


def run(here: Server, is_async: bool, app: Do, **options: Any) -> Any:
    """Let ``app`` work with a connection to ``here``; return what it does."""

    async def go() -> Any:
        if is_async:
            client = here.client(openai.AsyncOpenAI)
            async with client.realtime.connect(**{"model": MODEL, **options}) as connection:
                return await app(connection)
        with here.client().realtime.connect(**{"model": MODEL, **options}) as connection:
            return await app(connection)

    return asyncio.run(asyncio.wait_for(go(), 30))


def ask(**more: Any) -> dict[str, Any]:
    """A request for a response."""
    return {"type": "response.create", **more}


async def one_answer(connection: Any) -> list[Any]:
    """Ask, and read the answer."""
    await _maybe(connection.send(ask()))
    return await read(connection)


def chats(capture: Capture) -> list[ReadableSpan]:
    return [span for span in capture.spans() if said(span).get("gen_ai.operation.name") == "chat"]


def said(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def of_session(capture: Capture) -> ReadableSpan:
    (found,) = [span for span in capture.spans() if span.name.startswith("realtime")]
    return found


both: Final = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
ANSWER: Final[Script] = [session(), Wait("response.create"), created(), delta(), delta(), done()]


@both
def test_a_response_is_an_operation_linked_to_its_session(capture: Capture, is_async: bool) -> None:
    capture.instrument()
    with server(ANSWER) as here:
        run(here, is_async, one_answer)
        port = here.port
    chat, whole = capture.spans()
    assert (chat.name, whole.name) == (f"chat {MODEL}", f"realtime {MODEL}")
    assert [link.context for link in chat.links] == [whole.context]
    assert chat.parent is None
    assert said(whole) == {
        "gen_ai.operation.name": "realtime",
        "gen_ai.provider.name": "openai",
        "server.address": "127.0.0.1",
        "server.port": port,
        "gen_ai.request.model": MODEL,
        "gen_ai.response.model": MODEL,
        "gen_ai.conversation.id": SESSION,
        "openai.api.type": "realtime",
    }
    expected: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": MODEL,
        "gen_ai.request.stream": True,
        "gen_ai.request.max_tokens": 4096,
        "gen_ai.output.type": "speech",
        "gen_ai.conversation.id": SESSION,
        "gen_ai.response.id": "resp_1",
        "gen_ai.response.model": MODEL,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 120,
        "gen_ai.usage.output_tokens": 60,
        "gen_ai.usage.text.input_tokens": 40,
        "gen_ai.usage.audio.input_tokens": 80,
        "gen_ai.usage.cache_read.input_tokens": 32,
        "gen_ai.usage.text.cache_read.input_tokens": 12,
        "gen_ai.usage.audio.cache_read.input_tokens": 20,
        "gen_ai.usage.text.output_tokens": 10,
        "gen_ai.usage.audio.output_tokens": 50,
        "gen_ai.usage.cost.amount": pytest.approx(COST),
    }
    assert expected == {name: said(chat).get(name) for name in expected}
    assert "gen_ai.response.time_to_first_chunk" in said(chat)


@both
def test_the_app_sees_and_sends_what_it_does_without_us(capture: Capture, is_async: bool) -> None:
    def story() -> tuple[list[str], list[Any]]:
        with server(ANSWER) as here:
            read = run(here, is_async, one_answer)
        return [event.to_json() for event in read], here.received

    without = story()
    capture.instrument()
    assert story() == without
    assert capture.spans()


@both
def test_the_first_piece_of_output_is_the_first_chunk(capture: Capture, is_async: bool) -> None:
    capture.instrument()

    async def slowly(connection: Any) -> None:
        await _maybe(connection.send(ask()))
        async for event in _each(connection):
            capture.clock.advance(1)
            if event.type == "response.done":
                return

    with server(ANSWER) as here:
        run(here, is_async, slowly)
    (chat,) = chats(capture)
    assert said(chat)["gen_ai.response.time_to_first_chunk"] == 2  # the session and `created` came before


@both
def test_a_response_is_a_child_of_what_asked_for_it(capture: Capture, is_async: bool) -> None:
    capture.instrument()
    tracer = capture.tracer_provider.get_tracer("app")

    async def under_a_span(connection: Any) -> None:
        with tracer.start_as_current_span("turn"):
            await _maybe(connection.send(ask()))
        await read(connection)

    with server(ANSWER) as here:
        run(here, is_async, under_a_span)
    (chat,) = chats(capture)
    (turn,) = [span for span in capture.spans() if span.name == "turn"]
    assert chat.parent == turn.context


@both
def test_the_server_may_begin_a_response(capture: Capture, is_async: bool) -> None:
    """As it does when it hears that the user has stopped speaking."""
    capture.instrument()
    with server([session(), created(), delta(), done()]) as here:
        run(here, is_async, read)
    (chat,) = chats(capture)
    assert [link.context for link in chat.links] == [of_session(capture).context]
    assert said(chat)["gen_ai.usage.input_tokens"] == 120


@both
def test_responses_beside_each_other_are_told_apart(capture: Capture, is_async: bool) -> None:
    capture.instrument()
    apart = {"metadata": {"topic": "mood"}, "conversation": "none", "output_modalities": ["text"]}
    script = [
        session(),
        *(Wait("response.create"), Wait("response.create")),
        created("resp_2", metadata={"topic": "mood"}),
        created("resp_1"),
        delta("resp_1"),
        delta("resp_2", "output_text"),
        done("resp_2", usage={"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}),
        done("resp_1"),
    ]

    async def ask_twice(connection: Any) -> None:
        await _maybe(connection.send(ask()))
        await _maybe(connection.send(ask(response=apart)))
        await read(connection, count=2)

    with server(script) as here:
        run(here, is_async, ask_twice)
    second, first = chats(capture)
    assert (said(first)["gen_ai.response.id"], said(first)["gen_ai.output.type"]) == ("resp_1", "speech")
    assert (said(second)["gen_ai.response.id"], said(second)["gen_ai.output.type"]) == ("resp_2", "text")
    assert (said(first)["gen_ai.usage.input_tokens"], said(second)["gen_ai.usage.input_tokens"]) == (120, 7)


STATUSES: Final[dict[str, tuple[Any, tuple[str, ...], str | None]]] = {
    "cancelled": ({"type": "cancelled", "reason": "turn_detected"}, ("turn_detected",), None),
    "incomplete": ({"type": "incomplete", "reason": "max_output_tokens"}, ("length",), None),
    "failed": (
        {"type": "failed", "error": {"type": "server_error", "code": "overloaded", "message": "qu0te"}},
        ("error",),
        "overloaded",
    ),
}


@pytest.mark.parametrize("status", STATUSES)
@both
def test_how_a_response_ended(capture: Capture, is_async: bool, status: str) -> None:
    details, reasons, error = STATUSES[status]
    capture.instrument()
    with server([session(), Wait("response.create"), created(), done(status=status, status_details=details)]) as here:
        run(here, is_async, one_answer)
    (chat,) = chats(capture)
    assert said(chat)["gen_ai.response.finish_reasons"] == reasons
    assert said(chat).get("error.type") == error
    assert chat.status.is_ok is (error is None)
    assert said(chat)["gen_ai.usage.cost.amount"] == pytest.approx(COST)  # billed, however it ended


@both
def test_a_request_that_the_server_refuses_fails(capture: Capture, is_async: bool) -> None:
    capture.instrument()
    error = {"type": "invalid_request_error", "code": "invalid_value", "message": "qu0te", "event_id": "mine"}
    script = [session(), Wait("response.create"), {"type": "error", "event_id": "event_x", "error": error}]

    async def ask_wrongly(connection: Any) -> None:
        await _maybe(connection.send(ask(event_id="mine")))
        await read(connection, last="error")

    with server(script) as here:
        run(here, is_async, ask_wrongly)
    (chat,) = chats(capture)
    assert said(chat)["error.type"] == "invalid_value"
    assert "gen_ai.usage.cost.amount" not in said(chat)
    assert of_session(capture).status.is_ok


@both
def test_a_tool_call_is_a_finish_reason(capture: Capture, is_async: bool) -> None:
    capture.instrument(capture_content=True)
    call = events.called("find", '{"q": "n00n"}')
    script = [session(), Wait("response.create"), created(), delta(kind="function_call_arguments"), done(output=[call])]

    async def answer_a_tool(connection: Any) -> None:
        output = {"type": "function_call_output", "call_id": "call_0", "output": "12:00"}
        await _maybe(connection.send({"type": "conversation.item.create", "item": output}))
        await one_answer(connection)

    with server(script) as here:
        run(here, is_async, answer_a_tool)
    (chat,) = chats(capture)
    assert said(chat)["gen_ai.response.finish_reasons"] == ("tool_calls",)
    (answer,) = json.loads(said(chat)["gen_ai.output.messages"])
    assert answer["parts"] == [{"type": "tool_call", "id": "call_1", "name": "find", "arguments": {"q": "n00n"}}]
    (asked,) = json.loads(said(chat)["gen_ai.input.messages"])
    assert asked["parts"] == [{"type": "tool_call_response", "id": "call_0", "response": "12:00"}]


SECONDS: Final = {"type": "duration", "seconds": 30}
TOKENS: Final = {
    "type": "tokens",
    "input_tokens": 26,
    "output_tokens": 17,
    "total_tokens": 43,
    "input_token_details": {"text_tokens": 0, "audio_tokens": 26},
}


@both
def test_a_transcript_is_billed_apart_by_its_own_model(capture: Capture, is_async: bool) -> None:
    capture.instrument(capture_content=True)
    listens = {"input": {"transcription": {"model": "whisper-1"}}}
    committed = {"type": "input_audio_buffer.committed", "event_id": "e", "item_id": "item_u", "previous_item_id": None}
    script = [
        session(audio=listens),
        committed,
        created(),
        delta(),
        events.transcribed(SECONDS),
        done(),
    ]
    with server(script) as here:
        run(here, is_async, read)
    transcript, chat, _whole = capture.spans()
    assert transcript.name == "transcription whisper-1"
    assert [link.context for link in transcript.links] == [of_session(capture).context]
    assert said(transcript)["gen_ai.conversation.id"] == SESSION
    assert said(transcript)["gen_ai.usage.cost.amount"] == pytest.approx(0.003)  # half a minute at $0.006
    # It came after the response had begun, and is what that was asked.
    (asked,) = json.loads(said(chat)["gen_ai.input.messages"])
    assert asked == {"role": "user", "parts": [{"type": "text", "content": "What t1me is it?"}]}
    assert said(chat)["gen_ai.usage.cost.amount"] == pytest.approx(COST)


def test_a_transcript_may_be_billed_by_tokens(capture: Capture) -> None:
    capture.instrument()
    listens = {"input": {"transcription": {"model": "gpt-4o-transcribe"}}}

    async def listen(connection: Any) -> None:
        await read(connection, last=events.transcribed(TOKENS)["type"])

    with server([session(audio=listens), events.transcribed(TOKENS)]) as here:
        run(here, False, listen)
    transcript, _whole = capture.spans()
    assert said(transcript)["gen_ai.usage.audio.input_tokens"] == 26
    # https://platform.openai.com/docs/pricing: audio in 6, text out 10 dollars a million tokens
    assert said(transcript)["gen_ai.usage.cost.amount"] == pytest.approx((26 * 6 + 17 * 10) / 1e6)


def test_a_transcript_that_fails(capture: Capture) -> None:
    capture.instrument()
    kind = "conversation.item.input_audio_transcription.failed"
    failed = {
        "type": kind,
        "event_id": "e",
        "item_id": "item_u",
        "content_index": 0,
        "error": {"code": "unintelligible"},
    }

    async def listen(connection: Any) -> None:
        await read(connection, last=kind)

    with server([session(), failed]) as here:
        run(here, False, listen)
    transcript, _whole = capture.spans()
    assert said(transcript)["error.type"] == "unintelligible"


@both
def test_content_is_texts_and_transcripts_and_never_sound(capture: Capture, is_async: bool) -> None:
    capture.instrument(capture_content=True)
    heard: dict[str, Any] = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "S0und"}]}
    heard["content"].append({"type": "input_text", "text": "What t1me is it?"})

    async def say_it(connection: Any) -> None:
        await _maybe(connection.send({"type": "conversation.item.create", "item": heard}))
        await one_answer(connection)

    with server(ANSWER) as here:
        run(here, is_async, say_it)
    (chat,) = chats(capture)
    assert json.loads(said(chat)["gen_ai.system_instructions"]) == [{"type": "text", "content": "Be br1ef."}]
    (asked,) = json.loads(said(chat)["gen_ai.input.messages"])
    assert asked["parts"] == [{"type": "text", "content": "What t1me is it?"}]
    (answer,) = json.loads(said(chat)["gen_ai.output.messages"])
    assert answer["parts"] == [{"type": "text", "content": "It is n00n."}]
    assert "S0und" not in str([said(span) for span in capture.spans()])


def test_without_capturing_nothing_that_was_said_is_told(capture: Capture) -> None:
    capture.instrument()
    with server(ANSWER) as here:
        run(here, False, one_answer)
    told = str([(said(span), span.events) for span in capture.spans()]) + str(capture.spans())
    assert not [secret for secret in ("br1ef", "n00n") if secret in told]


BREAKS: Final[dict[str, tuple[Close, str | None]]] = {
    "broken": (Close(1011), "websockets.exceptions.ConnectionClosedError"),
    "cut": (Close(None), "websockets.exceptions.ConnectionClosedError"),
    "closed in order": (Close(1000), None),
}


@pytest.mark.parametrize("how", BREAKS)
@both
def test_a_connection_that_ends_ends_what_is_under_way(capture: Capture, is_async: bool, how: str) -> None:
    closes, error = BREAKS[how]
    capture.instrument()

    async def read_all(connection: Any) -> None:
        await _maybe(connection.send(ask()))
        async for _event in _each(connection):
            pass

    with server([session(), Wait("response.create"), created(), delta(), closes]) as here:
        if error is None:
            run(here, is_async, read_all)
        else:
            with pytest.raises(ConnectionClosedError):
                run(here, is_async, read_all)
    chat, whole = capture.spans()
    assert (said(chat).get("error.type"), said(whole).get("error.type")) == (error, error)
    assert said(chat)["gen_ai.response.id"] == "resp_1"
    if how == "broken":
        assert said(chat)["otel_genai.error.code"] == "1011"


@both
def test_a_connection_that_is_left_early_stops_its_responses(capture: Capture, is_async: bool) -> None:
    capture.instrument()

    async def leave(connection: Any) -> None:
        await _maybe(connection.send(ask()))
        await read(connection, last="response.created")

    with server(ANSWER) as here:
        run(here, is_async, leave)
    chat, whole = capture.spans()
    assert chat.status.is_ok
    assert whole.status.is_ok
    assert "gen_ai.usage.input_tokens" not in said(chat)


@both
def test_a_block_that_is_left_by_an_exception_fails_them(capture: Capture, is_async: bool) -> None:
    capture.instrument()

    async def fail(connection: Any) -> None:
        await _maybe(connection.send(ask()))
        raise LookupError("the app's own")

    with server(ANSWER) as here, pytest.raises(LookupError):
        run(here, is_async, fail)
    assert [said(span)["error.type"] for span in capture.spans()] == ["LookupError", "LookupError"]


def test_a_connection_that_is_dropped_ends(capture: Capture) -> None:
    capture.instrument()
    with server([session(), Wait("response.create"), created(), Close(1000)]) as here:
        connection = here.client().realtime.connect(model=MODEL).enter()
        connection.send(ask())
        assert connection.recv().type == "session.created"
        socket = connection._connection
        del connection
        gc.collect()
        names = [span.name for span in capture.spans()]
        socket.close()
    assert sorted(names) == [f"chat {MODEL}", f"realtime {MODEL}"]


def test_a_request_that_cannot_be_sent_fails_and_leaves_no_trace(capture: Capture) -> None:
    capture.instrument()

    async def send_twice(connection: Any) -> None:
        with pytest.raises(TypeError):
            connection.send(ask(response={"metadata": object()}))
        await one_answer(connection)

    with server(ANSWER) as here:
        run(here, False, send_twice)
    unsent, chat = chats(capture)
    assert said(unsent)["error.type"] == "TypeError"
    assert said(chat)["gen_ai.response.id"] == "resp_1"


def test_instrumented_in_the_middle(capture: Capture) -> None:
    """What had begun before is nobody's; the next message begins the session."""

    async def late(connection: Any) -> None:
        await _maybe(connection.send(ask()))
        await read(connection, last="response.created")
        capture.instrument()
        await read(connection)
        await one_answer(connection)

    with server([*ANSWER, Wait("response.create"), created("resp_2"), done("resp_2")]) as here:
        run(here, False, late)
    chat, whole = capture.spans()
    assert said(chat)["gen_ai.response.id"] == "resp_2"
    assert [link.context for link in chat.links] == [whole.context]


def test_turned_off_in_the_middle(capture: Capture) -> None:
    capture.instrument()

    async def early(connection: Any) -> None:
        await _maybe(connection.send(ask()))
        await read(connection, last="response.created")
        capture.uninstrument()
        await read(connection)

    with server(ANSWER) as here:
        run(here, False, early)
    gc.collect()
    assert sorted(span.name for span in capture.spans()) == [f"chat {MODEL}", f"realtime {MODEL}"]


def test_a_session_is_no_call_of_the_block_around_it(capture: Capture) -> None:
    import otel_genai_instr

    capture.instrument()
    with server(ANSWER) as here, otel_genai_instr.workflow("talk"):
        run(here, False, one_answer)
    (block,) = [span for span in capture.spans() if span.name.endswith("talk")]
    assert said(block)["otel_genai.total.inference_calls"] == 1
    assert said(block)["otel_genai.total.input_tokens"] == 120
    assert said(block)["otel_genai.total.cost"] == pytest.approx(COST)


def test_an_azure_host_is_azure(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The websocket goes to a loopback server; where it says that it goes is Azure's."""
    capture.instrument(provider_by_host={"127.0.0.1": "azure.ai.openai"})
    with server(ANSWER) as here:
        client = here.client(
            openai.AzureOpenAI, base_url=None, api_version="2024-10-01-preview", azure_endpoint="http://unused"
        )
        with client.realtime.connect(model="my-deployment") as connection:
            connection.send(ask())
            for event in connection:
                if event.type == "response.done":
                    break
    (chat,) = chats(capture)
    assert chat.name == "chat my-deployment"
    assert said(chat)["gen_ai.provider.name"] == "azure.ai.openai"
    assert said(chat)["gen_ai.response.model"] == MODEL


def test_the_beta_has_words_of_its_own(capture: Capture) -> None:
    capture.instrument()
    beta = session(output_modalities=None, modalities=["text"], max_output_tokens=None, max_response_output_tokens=99)
    with server([beta, Wait("response.create"), created(), delta(kind="text"), done()]) as here:
        client = here.client(default_headers={"Authorization": "Bearer sk-test"})
        with client.beta.realtime.connect(model=MODEL) as connection:
            connection.response.create()
            for event in connection:
                if event.type == "response.done":
                    break
    (chat,) = chats(capture)
    assert said(chat)["gen_ai.output.type"] == "text"
    assert said(chat)["gen_ai.request.max_tokens"] == 99
    assert "gen_ai.response.time_to_first_chunk" in said(chat)


def test_nothing_is_kept_of_a_session_that_goes_on(capture: Capture) -> None:
    """A long one: what is over is forgotten."""
    capture.instrument(capture_content=True)
    turns: Sequence[Any] = [
        step
        for number in range(50)
        for step in (created(f"resp_{number}"), delta(f"resp_{number}"), done(f"resp_{number}"))
    ]

    async def listen(connection: Any) -> None:
        await read(connection, count=50)
        watch = connection.__dict__["_otel_genai_session"]
        assert len(watch._turns) == len(watch.reader._turns) == len(watch.reader._waiting) == 0

    with server([session(), *turns]) as here:
        run(here, False, listen)
    assert len(chats(capture)) == 50


def test_suppressed_instrumentation_sees_nothing(capture: Capture) -> None:
    from opentelemetry.instrumentation.utils import suppress_instrumentation

    capture.instrument()
    with server(ANSWER) as here, suppress_instrumentation():
        run(here, False, one_answer)
    assert capture.spans() == []


def _always(_event: object) -> None:
    """Reconnect as often as the SDK likes."""


def test_reconnecting_is_another_session(capture: Capture) -> None:
    import inspect

    from openai.resources.realtime.realtime import Realtime

    if "on_reconnecting" not in inspect.signature(Realtime.connect).parameters:
        pytest.skip("this openai doesn't reconnect")
    capture.instrument()
    first: Script = [session(), Wait("response.create"), created("resp_0"), Close(1012)]

    async def go_on(connection: Any) -> None:
        await _maybe(connection.send(ask()))
        async for event in _each(connection):
            if event.type == "session.created" and len(here.paths) == 2:
                await _maybe(connection.send(ask()))
            if event.type == "response.done":
                return

    with server(first, ANSWER) as here:
        run(here, False, go_on, on_reconnecting=_always, initial_delay=0.01)
    lost, chat = chats(capture)
    assert said(lost)["error.type"] == "websockets.exceptions.ConnectionClosedError"
    assert said(chat)["gen_ai.response.id"] == "resp_1"
    one, other = [span for span in capture.spans() if span.name.startswith("realtime")]
    assert ([link.context for link in lost.links], [link.context for link in chat.links]) == (
        [one.context],
        [other.context],
    )
