"""``otel-genai replay`` of traces that the real Jaeger, Tempo and ClickHouse have: as it is from files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from examples.anthropic_server import INSTANT, AnthropicServer
from examples.openai_server import OpenAIServer

from ..cli.replay_world import DESCRIBED, SAMPLING, TALK, TOOL, Ask, World, asked_chat
from .programs import wait_until
from .trace_stores import STORES

pytestmark = pytest.mark.stack

FULLY_SAID: Any = {**SAMPLING, "n": 2, "frequency_penalty": 0.25, "presence_penalty": -1.0}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with OpenAIServer(INSTANT) as one, AnthropicServer(INSTANT) as other:
        yield World((one, other), tmp_path, monkeypatch)


def _streamed() -> object:
    options: Any = {"stream": True, "stream_options": {"include_usage": True}, "tools": [TOOL]}
    client: Any = openai.OpenAI()
    return list(client.chat.completions.create(model="gpt-4o-mini", messages=TALK, **options))


def _response() -> object:
    tool: Any = {"type": "function", **DESCRIBED, "strict": False}
    asked: Any = {"instructions": "Be brief.", "max_output_tokens": 99, "reasoning": {"effort": "low"}}
    client: Any = openai.OpenAI()
    return client.responses.create(model="gpt-5-mini", input="Weather in Paris?", tools=[tool], **asked)


def _message() -> object:
    asked: Any = {"system": "Be brief.", "stop_sequences": ["END"], "extra_body": {"temperature": 0.5, "top_k": 5}}
    tool: Any = {"name": "weather", "description": "Tells the weather.", "input_schema": DESCRIBED["parameters"]}
    said: Any = [{"role": "user", "content": "Weather in Paris?"}]
    client: Any = anthropic.Anthropic()
    return client.messages.create(model="claude-haiku-4-5", max_tokens=200, messages=said, tools=[tool], **asked)


CALLS: dict[str, Ask] = {
    "chat": asked_chat("gpt-4o-mini", tools=[TOOL], service_tier="flex", **FULLY_SAID),
    "streamed": _streamed,
    "response": _response,
    "message": _message,
}


@pytest.mark.parametrize("store", STORES)
def test_a_call_is_rebuilt_as_from_files(
    store: str, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traces = {name: (world.record(ask), world.kept.get_finished_spans()) for name, ask in CALLS.items()}
    cut = world.record(asked_chat(messages=[{"role": "user", "content": "x" * 5_000}]), content_max_bytes=400)
    with STORES[store](tmp_path) as kept:
        kept.send([span for _, spans in traces.values() for span in spans] + [*world.kept.get_finished_spans()])

        def replayed(which: str, source: str | None) -> tuple[Any, Any, str]:
            code = world.replay(which, "--format", "json", source=source)
            shown = capsys.readouterr()
            sent = [json.loads(each.body) for each in (*world.openai.received, *world.anthropic.received)]
            told: dict[str, Any] = json.loads(shown.out) if code == 0 else {"answers": []}
            for answer in told["answers"]:
                del answer["duration_ms"]  # that of now
            return sent, told, shown.err

        last, _ = list(traces.values())[-1]
        wait_until(lambda: bool(replayed(last, kept.source)[0]), what="the last trace is there", seconds=60)
        for name, (trace_id, _) in traces.items():
            (from_files, told_by_files, announced), found = replayed(trace_id, None), replayed(trace_id, kept.source)
            assert found[0] == from_files != [], name
            assert found[1] == told_by_files, name
            assert found[2] == announced, name
            assert "what was said in it goes to\n  127.0.0.1" in announced
        assert "bytes of what was said were cut off" in replayed(cut, kept.source)[2]
        assert f"has no trace {'f' * 32}" in replayed("f" * 32, kept.source)[2]
