"""A response that is fetched says again what it was asked with: recorded only where content is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, Reply, json_reply, sse_reply
from ..support.sdk import needs_responses
from .either import Chunks, call, run

pytestmark = needs_responses

SECRET = "Speak like a pirate."
TOOL: dict[str, Any] = {
    "type": "function",
    "name": "weather",
    "description": "How is it there?",
    "parameters": {"type": "object", "properties": {}},
}
STORED: dict[str, Any] = {"instructions": SECRET, "tools": [{**TOOL, "strict": True}]}
ASKED = {
    "gen_ai.system_instructions": [{"type": "text", "content": SECRET}],
    "gen_ai.tool.definitions": [TOOL],
}
ANSWERED = [{"role": "assistant", "parts": [{"type": "text", "content": "Hello"}], "finish_reason": "stop"}]


def _stored(**more: Any) -> Any:
    return answers.response(**{**STORED, **more})


def _events() -> list[Any]:
    return [{**event, "response": _stored()} if "response" in event else event for event in answers.response_events()]


async def _whole(client: Any) -> None:
    await call(client.responses.retrieve, "resp_1")


async def _raw(client: Any) -> None:
    raw = await call(client.responses.with_raw_response.retrieve, "resp_1")
    await call(raw.parse)


async def _by_hand(client: Any) -> None:
    assert await call(client.get, "/responses/resp_1", cast_to=object)


async def _streamed(client: Any) -> None:
    stream = await call(client.responses.retrieve, "resp_1", stream=True)
    assert [event async for event in Chunks(stream)]


FORMS: dict[str, tuple[Any, Any]] = {
    "whole": (_whole, lambda: json_reply(_stored())),
    "raw": (_raw, lambda: json_reply(_stored())),
    "by_hand": (_by_hand, lambda: json_reply(_stored())),
    "streamed": (_streamed, lambda: sse_reply(*_events(), done=False)),
}
every_form = pytest.mark.parametrize("form", FORMS)
both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


def _fetch(capture: Capture, form: str, is_async: bool, reply: Reply | None = None) -> dict[str, Any]:
    story, whole = FORMS[form]
    provider = FakeProvider(capture.clock).then(reply or whole())
    client: Any = provider.async_client() if is_async else provider.client()
    run(story(client), is_async=is_async)
    assert capture.span().name == "fetch_response"
    return capture.attributes()


@both_modes
@every_form
def test_with_content(form: str, is_async: bool, capture: Capture) -> None:
    capture.instrument(capture_content="span_only")
    attributes = _fetch(capture, form, is_async)
    assert {name: json.loads(attributes[name]) for name in ASKED} == ASKED
    assert json.loads(attributes["gen_ai.output.messages"]) == ANSWERED
    assert "gen_ai.input.messages" not in attributes, "a response doesn't say them again"


@both_modes
@every_form
@pytest.mark.parametrize("mode", ["no_content", "event_only"])
def test_without_content(mode: str, form: str, is_async: bool, capture: Capture) -> None:
    """Events are of inference only, and this is none."""
    capture.instrument(capture_content=mode)
    attributes = _fetch(capture, form, is_async)
    assert attributes["gen_ai.response.id"] == "resp_1"
    assert not set(attributes) & {*ASKED, "gen_ai.output.messages"}
    said = repr(capture.snapshot())
    assert SECRET not in said
    assert "How is it there?" not in said
    assert "Hello" not in said
    assert capture.events() == []


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({"instructions": None, "tools": []}, {}),
        (
            {"instructions": [{"type": "message", "role": "developer", "content": "Be brief."}], "tools": []},
            {"gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}]},
        ),
    ],
    ids=["nothing", "items_of_a_prompt"],
)
def test_what_it_was_asked_with(stored: dict[str, Any], expected: dict[str, Any], capture: Capture) -> None:
    capture.instrument(capture_content="span_only")
    attributes = _fetch(capture, "whole", False, json_reply(_stored(**stored)))
    assert {name: json.loads(attributes[name]) for name in ASKED if name in attributes} == expected
