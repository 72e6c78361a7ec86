"""Loops of the SDK that run the application's tools: each call of a model is an operation, each tool a step."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan

import otel_genai_instr

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, Reply, json_reply, sse_reply
from .either import call, run

pytestmark = pytest.mark.skipif(
    find_spec("openai.lib.responses_tool_runner") is None, reason="this openai runs no tools"
)
both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
ARGUMENTS = '{"city": "Paris"}'
DECLARED: dict[str, Any] = {
    "type": "function",
    "name": "lookup",
    "description": "Weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
ASKED: dict[str, Any] = {"model": "gpt-4o-mini", "input": "the secret prompt of the user"}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def _asks(name: str = "lookup", identity: str = "call_1") -> dict[str, Any]:
    return {
        "type": "function_call",
        "id": f"fc_{identity}",
        "call_id": identity,
        "name": name,
        "arguments": ARGUMENTS,
        "status": "completed",
    }


def _answered(*calls: dict[str, Any]) -> Reply:
    return json_reply(answers.response(output=list(calls)) if calls else answers.response())


def _runner(is_async: bool, execute: Callable[[Any], Any]) -> Any:
    """A runner with one function."""
    lib: Any = importlib.import_module("openai.lib.responses_tool_runner")
    if not is_async:
        return lib.ResponsesToolRunner(functions=[lib.RegisteredFunction(DECLARED, execute, independent=True)])

    async def execute_awaited(arguments: Any) -> Any:
        await asyncio.sleep(0)
        return execute(arguments)

    function = lib.AsyncRegisteredFunction(DECLARED, execute_awaited, independent=True)
    return lib.AsyncResponsesToolRunner(functions=[function])


def _go(capture: Capture, is_async: bool, execute: Callable[[Any], Any], *replies: Reply, **options: Any) -> Any:
    provider = FakeProvider(capture.clock).then(*replies)
    client: Any = provider.async_client() if is_async else provider.client()
    runner = _runner(is_async, execute)

    async def ask() -> Any:
        return await call(lambda: runner.run(client, ASKED, max_steps=5, **options))

    return run(ask(), is_async=is_async)


def _tools(capture: Capture) -> list[ReadableSpan]:
    return [span for span in capture.spans() if span.name.startswith("execute_tool")]


@both_modes
@pytest.mark.parametrize("content", [False, True], ids=["no_content", "content"])
def test_a_tool_is_a_step(content: bool, is_async: bool, capture: Capture) -> None:
    capture.instrument(capture_content="span_and_event" if content else "no_content")
    inside: list[trace.Span] = []

    def execute(arguments: dict[str, object]) -> str:
        inside.append(trace.get_current_span())
        return f"sunny in {arguments['city']}"

    with otel_genai_instr.agent("forecaster") as agent:
        answer = _go(capture, is_async, execute, _answered(_asks()), _answered())
    assert answer.output_text == "Hello"
    around = agent.span.get_span_context().span_id
    names = ["chat gpt-4o-mini", "execute_tool lookup", "chat gpt-4o-mini", "invoke_agent forecaster"]
    assert [span.name for span in capture.spans()] == names
    assert [span.parent and span.parent.span_id for span in capture.spans()] == [around, around, around, None]
    (tool,) = _tools(capture)
    assert tool.context == inside[0].get_span_context()
    assert tool.kind is trace.SpanKind.INTERNAL
    expected: dict[str, Any] = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "lookup",
        "gen_ai.tool.call.id": "call_1",
        "gen_ai.tool.description": "Weather of a city.",
        "gen_ai.agent.name": "forecaster",
    }
    if content:
        expected["gen_ai.tool.call.arguments"] = '{"city":"Paris"}'
        expected["gen_ai.tool.call.result"] = '"sunny in Paris"'
    assert dict(tool.attributes or {}) == expected
    totals = dict(capture.spans()[-1].attributes or {})
    assert totals["otel_genai.total.inference_calls"] == 2
    assert totals["otel_genai.total.tool_calls"] == 1


@both_modes
def test_a_tool_that_fails(is_async: bool, capture: Capture) -> None:
    capture.instrument()

    def execute(arguments: object) -> str:
        raise LookupError(arguments)

    with pytest.raises(RuntimeError, match="stopped before completion"):
        _go(capture, is_async, execute, _answered(_asks()))
    (tool,) = _tools(capture)
    assert tool.status.status_code.name == "ERROR"
    assert dict(tool.attributes or {})["error.type"] == "LookupError"
    assert "Paris" not in str(capture.snapshot())


@both_modes
def test_tools_that_run_beside_each_other(is_async: bool, capture: Capture) -> None:
    """While the answer still streams: in threads, or in tasks."""
    capture.instrument()
    items = [_asks(identity="call_1"), _asks(identity="call_2")]
    over = answers.response(output=items)
    events = [
        {"type": "response.created", "sequence_number": 0, "response": answers.response("in_progress", output=[])},
        *(
            {"type": f"response.output_item.{what}", "sequence_number": 1, "output_index": index, "item": item}
            for index, item in enumerate(items)
            for what in ("added", "done")
        ),
        {"type": "response.completed", "sequence_number": 9, "response": over},
    ]
    last = sse_reply(*answers.response_events(), done=False)
    with otel_genai_instr.agent("forecaster") as agent:
        _go(capture, is_async, lambda _: "sunny", sse_reply(*events, done=False), last, stream=True, eager=True)
    assert [dict(span.attributes or {})["gen_ai.tool.call.id"] for span in _tools(capture)] == ["call_1", "call_2"]
    assert {span.parent and span.parent.span_id for span in _tools(capture)} == {agent.span.get_span_context().span_id}
    assert sum(span.name.startswith("chat") for span in capture.spans()) == 2


@both_modes
def test_a_block_of_the_app_around_the_same_run_is_the_same_span(is_async: bool, capture: Capture) -> None:
    capture.instrument(capture_content="span_only")

    def execute(arguments: Any) -> str:
        with otel_genai_instr.tool("lookup", type="function", arguments={"city": "Rome"}) as block:
            assert block.span.is_recording()
            block.result = "rainy"
        assert block.span.is_recording(), "the SDK's part of it is not over"
        return "sunny"

    _go(capture, is_async, execute, _answered(_asks()), _answered())
    (tool,) = _tools(capture)
    attributes = dict(tool.attributes or {})
    assert attributes["gen_ai.tool.type"] == "function"
    assert attributes["gen_ai.tool.call.id"] == "call_1"
    assert attributes["gen_ai.tool.call.arguments"] == '{"city":"Paris"}', "what the model said"
    assert attributes["gen_ai.tool.call.result"] == '"sunny"', "what the model is told"
    assert capture.count("gen_ai.execute_tool.duration") == 1


def test_a_decorated_tool_is_the_same_span(capture: Capture) -> None:
    capture.instrument()

    @otel_genai_instr.tool
    def lookup(_arguments: Any) -> str:
        return "sunny"

    _go(capture, False, lookup, _answered(_asks()), _answered())
    assert len(_tools(capture)) == 1


def test_a_block_that_fails_fails_the_run(capture: Capture) -> None:
    capture.instrument()

    @otel_genai_instr.tool
    def lookup(_arguments: Any) -> str:
        raise LookupError

    with pytest.raises(RuntimeError):
        _go(capture, False, lookup, _answered(_asks()))
    (tool,) = _tools(capture)
    assert dict(tool.attributes or {})["error.type"] == "LookupError"


def test_other_blocks_inside_are_spans_of_their_own(capture: Capture) -> None:
    """One with another name, one inside another span, and the second one with the same name."""
    capture.instrument()

    def execute(_arguments: Any) -> str:
        with otel_genai_instr.tool("another"):
            pass
        with otel_genai_instr.step("further in"), otel_genai_instr.tool("lookup"):
            pass
        with otel_genai_instr.tool("lookup"), otel_genai_instr.tool("lookup"):
            pass
        return "sunny"

    _go(capture, False, execute, _answered(_asks()), _answered())
    names = [span.name for span in _tools(capture)]
    assert names == ["execute_tool another", *["execute_tool lookup"] * 3]


class Screen:
    """Drives a computer that has nothing but a screen."""

    def screenshot(self) -> Any:
        return {"type": "computer_screenshot", "image_url": f"data:image/png;base64,{PIXEL}"}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._act

    def _act(self, action: Any) -> None:
        """Nothing."""


def test_a_computer_is_a_tool(capture: Capture) -> None:
    capture.instrument()
    computer: Any = importlib.import_module("openai.lib.computer")
    use = {
        "type": "computer_call",
        "id": "cu_1",
        "call_id": "call_1",
        "status": "completed",
        "pending_safety_checks": [],
        "actions": [{"type": "wait"}],
    }
    provider = FakeProvider(capture.clock).then(_answered(use), _answered())
    asked = {**ASKED, "tools": [{"type": "computer"}]}
    assert computer.ComputerToolset(Screen()).run(provider.client(), asked).output_text == "Hello"
    (tool,) = _tools(capture)
    assert tool.name == "execute_tool computer"
    assert dict(tool.attributes or {})["gen_ai.tool.call.id"] == "call_1"


def test_nothing_of_it_is_seen_after_uninstrument(capture: Capture) -> None:
    capture.instrument()
    otel_genai_instr.uninstrument()
    _go(capture, False, lambda _: "sunny", _answered(_asks()), _answered())
    assert capture.spans() == []
