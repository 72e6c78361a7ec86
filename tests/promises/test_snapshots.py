"""Whole stories: spans, metrics and events in one value, equal for both SDKs.

The files in ``snapshots/`` are what a review looks at. ``UPDATE_SNAPSHOTS=1 pytest tests/promises/test_snapshots.py``
writes them anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import openai
import pytest

from ..support import answers
from ..support.answers import chunk
from ..support.capture import Capture
from ..support.clock import FakeClock
from ..support.marking import names
from ..support.provider import FakeProvider, Reply, json_reply, sse_reply
from ..support.sdk import IS_BEFORE_3, needs_responses
from .either import Chunks, call, run

FOLDER = Path(__file__).parent / "snapshots"

QUESTION: list[Any] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is the weather in Paris?"},
]
TOOL: Any = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


async def _chat(client: Any) -> None:
    await call(
        client.chat.completions.create,
        model="gpt-4o-mini",
        messages=QUESTION,
        temperature=0.2,
        max_tokens=100,
        stop="END",
    )


async def _chat_stream_with_tools(client: Any) -> None:
    stream = await call(
        client.chat.completions.create,
        model="gpt-4o-mini",
        messages=QUESTION,
        tools=[TOOL],
        stream=True,
        stream_options={"include_usage": True},
    )
    assert [chunk async for chunk in Chunks(stream)]


async def _responses_stream(client: Any) -> None:
    stream = await call(
        client.responses.create,
        model="gpt-4o-mini",
        instructions="Be brief.",
        input="What is the weather in Paris?",
        previous_response_id="resp_0",
        stream=True,
    )
    assert [event async for event in Chunks(stream)]


async def _embeddings(client: Any) -> None:
    await call(client.embeddings.create, model="text-embedding-3-small", input=["a", "b"], encoding_format="float")


async def _refused(client: Any) -> None:
    with pytest.raises(openai.RateLimitError):
        await _chat(client)


def _tool_chunks() -> Reply:
    first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
    return sse_reply(
        0.25,
        chunk({"role": "assistant", "content": None, "tool_calls": [first]}),
        0.125,
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"city":'}}]}),
        0.125,
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '"Paris"}'}}]}),
        chunk({}, "tool_calls"),
        chunk(usage=answers.CHAT_USAGE, service_tier="default"),
    )


def _refusal() -> Reply:
    message = "Rate limit reached for: What is the weather in Paris?"
    return json_reply(
        {"error": {"message": message, "type": "requests", "param": None, "code": "rate_limit_exceeded"}},
        429,
        after=0.5,
    )


Story = tuple[Callable[[Any], Awaitable[None]], Callable[[], Reply], dict[str, Any]]
STORIES: dict[str, Story] = {
    "chat": (_chat, lambda: json_reply(answers.chat(), after=0.5), {}),
    "chat_with_content": (
        _chat,
        lambda: json_reply(answers.chat(), after=0.5),
        {"capture_content": "span_and_event"},
    ),
    "chat_legacy_metrics": (_chat, lambda: json_reply(answers.chat(), after=0.5), {"metrics_compat": "legacy"}),
    "chat_stream_with_tools": (_chat_stream_with_tools, _tool_chunks, {}),
    "chat_stream_with_tools_and_content": (
        _chat_stream_with_tools,
        _tool_chunks,
        {"capture_content": "span_and_event"},
    ),
    "chat_stream_all_metrics": (
        _chat_stream_with_tools,
        _tool_chunks,
        {"metrics_compat": "both", "time_per_output_chunk": True},
    ),
    "responses_stream": (
        _responses_stream,
        lambda: sse_reply(0.25, *answers.response_events(), done=False),
        {"capture_content": "event_only"},
    ),
    "embeddings": (_embeddings, lambda: json_reply(answers.embeddings(), after=0.125), {"metrics_compat": "both"}),
    "rate_limited": (_refused, _refusal, {}),
    "rate_limited_with_message": (_refused, _refusal, {"error_messages": True}),
}


def _tell(name: str, is_async: bool) -> Any:
    """All the telemetry of a story as JSON data, without what changes by itself."""
    story, reply, settings = STORIES[name]
    capture = Capture(FakeClock())
    provider = FakeProvider(capture.clock).then(reply())
    capture.instrument(**settings)
    client: Any = provider.async_client() if is_async else provider.client()

    async def body() -> None:
        await story(client)

    run(body(), is_async=is_async)
    capture.uninstrument()
    snapshot = json.loads(json.dumps(capture.snapshot()), parse_float=lambda text: float(f"{float(text):.12g}"))
    for signal in [*snapshot["spans"], *snapshot["events"]]:
        _mask(signal["attributes"], "otel_genai.cost.price_version", "<of the price list>")
        _mask(signal["attributes"], "exception.stacktrace", "<of this machine>")
    snapshot["metrics"] = {metric: points for metric, points in sorted(snapshot["metrics"].items()) if points}
    return snapshot


def _mask(attributes: dict[str, Any], name: str, text: str) -> None:
    if name in attributes:
        assert attributes[name]
        attributes[name] = text


NOT_IN_OLD_SDKS = {
    "responses_stream": needs_responses,
    "rate_limited_with_message": pytest.mark.skipif(IS_BEFORE_3, reason="this openai words its error differently"),
}


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("name", names(STORIES, NOT_IN_OLD_SDKS))
def test_whole_telemetry(name: str, is_async: bool) -> None:
    told = _tell(name, is_async)
    file = FOLDER / f"{name}.json"
    if os.environ.get("UPDATE_SNAPSHOTS") == "1" and not is_async:
        FOLDER.mkdir(exist_ok=True)
        file.write_text(json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    assert told == json.loads(file.read_text())


def test_no_snapshot_without_a_story() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(STORIES)
