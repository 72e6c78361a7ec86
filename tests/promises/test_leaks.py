"""With content off, nothing that the user or the provider wrote is in the telemetry; keys and headers never are."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from ..support import answers
from ..support.capture import Capture
from ..support.marking import names
from ..support.provider import FakeProvider, Reply, http, json_reply, sse_reply
from ..support.sdk import needs_responses
from .either import Chunks, call, run

SECRETS = {
    "prompt": "pr0mpt of the user",
    "system": "syst3m instructions",
    "arguments": "argum3nt of a tool",
    "answer": "answ3r of the model",
    "message": "the provid3r quotes",
    "key": "sk-secret",
    "header": "h3ader of the user",
    "organization": "org-s3cret",
    "tool answer": "tool answ3r",
    "user": "us3r-identity",
}
QUOTE = f"{SECRETS['message']}: {SECRETS['prompt']}"

MESSAGES: list[Any] = [
    {"role": "system", "content": SECRETS["system"]},
    {"role": "user", "content": SECRETS["prompt"]},
    {
        "role": "assistant",
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "find", "arguments": SECRETS["arguments"]}}
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": SECRETS["tool answer"]},
]
INPUT: list[Any] = [
    {"role": "user", "content": SECRETS["prompt"]},
    {"type": "function_call", "call_id": "call_1", "name": "find", "arguments": SECRETS["arguments"]},
    {"type": "function_call_output", "call_id": "call_1", "output": SECRETS["tool answer"]},
]
CALL_BACK = {
    "id": "call_2",
    "type": "function",
    "function": {"name": "find", "arguments": json.dumps({"q": SECRETS["arguments"]})},
}
ERROR: dict[str, Any] = {"message": QUOTE, "type": "invalid_request_error", "param": None, "code": "bad_prompt"}


def _refused(status: int = 400) -> Reply:
    return json_reply({"error": ERROR}, status)


def _answered() -> Reply:
    reply = answers.chat(SECRETS["answer"])
    reply["choices"][0]["message"]["tool_calls"] = [CALL_BACK]
    return json_reply(reply, x_request_id=SECRETS["header"])


def _chunks() -> list[Any]:
    return [
        answers.chunk({"role": "assistant", "content": SECRETS["answer"]}),
        answers.chunk({"tool_calls": [{"index": 0, **CALL_BACK}]}),
    ]


def _failed_response() -> Any:
    return answers.response("failed", error={"code": "server_error", "message": QUOTE})


SCENES: dict[str, tuple[str, Reply, str | None]] = {
    # what the user calls, what is answered, the error.type of the span
    "chat": ("chat", _answered(), None),
    "chat_stream": ("chat_stream", sse_reply(*_chunks(), answers.chunk({}, "stop")), None),
    "chat_refused": ("chat", _refused(), "openai.BadRequestError"),
    "chat_rate_limited": ("chat", _refused(429), "openai.RateLimitError"),
    "chat_stream_refused": ("chat_stream", _refused(), "openai.BadRequestError"),
    "chat_stream_error_event": ("chat_stream", sse_reply(*_chunks(), {"error": ERROR}), "openai.APIError"),
    "chat_stream_broken": (
        "chat_stream",
        sse_reply(*_chunks(), http.ReadError(QUOTE), done=False),
        "openai.APIConnectionError",
    ),
    "chat_unreachable": ("chat", Reply(error=http.ConnectError(QUOTE)), "openai.APIConnectionError"),
    "responses": (
        "responses",
        json_reply(answers.response(instructions=SECRETS["system"], user=SECRETS["user"])),
        None,
    ),
    "responses_failed": ("responses", json_reply(_failed_response()), "server_error"),
    "responses_refused": ("responses", _refused(), "openai.BadRequestError"),
    "responses_stream_failed": (
        "responses_stream",
        sse_reply(
            answers.response_events()[0],
            {"type": "response.failed", "response": _failed_response(), "sequence_number": 1},
            done=False,
        ),
        "server_error",
    ),
    "embeddings": ("embeddings", json_reply(answers.embeddings()), None),
    "embeddings_refused": ("embeddings", _refused(), "openai.BadRequestError"),
}
WITH_RESPONSES = ("responses", "responses_failed", "responses_refused", "responses_stream_failed")
every_scene = pytest.mark.parametrize("scene", names(SCENES, dict.fromkeys(WITH_RESPONSES, needs_responses)))
both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


async def _ask(client: Any, api: str) -> None:
    more: dict[str, Any] = {"extra_headers": {"x-own": SECRETS["header"]}, "user": SECRETS["user"]}
    if api.startswith("chat"):
        answer = await call(
            client.chat.completions.create, model="m", messages=MESSAGES, stream=api == "chat_stream", **more
        )
    elif api.startswith("responses"):
        answer = await call(
            client.responses.create,
            model="m",
            input=INPUT,
            instructions=SECRETS["system"],
            stream=api == "responses_stream",
            **more,
        )
    else:
        answer = await call(
            client.embeddings.create, model="m", input=SECRETS["prompt"], encoding_format="float", **more
        )
    if api.endswith("_stream"):
        async for _ in Chunks(answer):
            pass


def _told(capture: Capture, scene: str, is_async: bool, **settings: Any) -> str:
    """All the telemetry of a scene as one text."""
    api, reply, error_type = SCENES[scene]
    provider = FakeProvider(capture.clock).then(reply)
    capture.instrument(**settings)
    client: Any = (provider.async_client if is_async else provider.client)(organization=SECRETS["organization"])
    try:
        run(_ask(client, api), is_async=is_async)
    except openai.OpenAIError:
        assert error_type is not None
    except http.ReadError:  # before 3.x the HTTP client's own error reached the user
        assert error_type == "openai.APIConnectionError"
        error_type = f"{http.__name__}.ReadError"
    (received,) = provider.received
    assert SECRETS["key"] in received.headers["authorization"]
    assert received.headers["x-own"] == SECRETS["header"]
    assert SECRETS["prompt"] in str(received.body)
    assert capture.attributes().get("error.type") == error_type
    (span,) = capture.spans()
    return str((capture.snapshot(), [dict(event.attributes or {}) for event in span.events], span.to_json()))


def _found(told: str) -> set[str]:
    return {name for name, secret in SECRETS.items() if secret in told}


@every_scene
@both_modes
def test_nothing_with_content_off(scene: str, is_async: bool, capture: Capture) -> None:
    assert _found(_told(capture, scene, is_async)) == set()


@every_scene
def test_only_the_message_with_error_messages_on(scene: str, capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_GENAI_ERROR_MESSAGES", "true")
    found = _found(_told(capture, scene, False))
    quotes = SCENES[scene][2] is not None
    assert found == ({"message", "prompt"} if quotes else set())


@every_scene
@both_modes
def test_keys_headers_and_identities_never(scene: str, is_async: bool, capture: Capture) -> None:
    found = _found(_told(capture, scene, is_async, capture_content="span_and_event", error_messages=True))
    assert not found & {"key", "header", "organization", "user"}
    if not scene.startswith("embeddings"):
        assert {"prompt", "arguments", "tool answer", "system"} <= found
