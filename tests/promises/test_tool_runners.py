"""Loops of the SDK that run the application's tools: each call of a model is an operation, each tool a step."""

from __future__ import annotations

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
from ..support.running_tools import (
    ASKED,
    COMPUTER_CALL,
    AsyncScreen,
    Screen,
    browser,
    browser_call,
    function_call,
    runner,
)
from .either import call, run

pytestmark = pytest.mark.skipif(
    find_spec("openai.lib.responses_tool_runner") is None, reason="this openai runs no tools"
)
both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


def _answered(*calls: dict[str, Any]) -> Reply:
    return json_reply(answers.response(output=list(calls)) if calls else answers.response())


def _go(capture: Capture, is_async: bool, execute: Callable[[Any], Any], *replies: Reply, **options: Any) -> Any:
    provider = FakeProvider(capture.clock).then(*replies)
    client: Any = provider.async_client() if is_async else provider.client()
    running = runner(is_async, execute)

    async def ask() -> Any:
        return await call(lambda: running.run(client, ASKED, max_steps=5, **options))

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
        answer = _go(capture, is_async, execute, _answered(function_call()), _answered())
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
        expected["otel_genai.content.tier"] = "full"
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
        _go(capture, is_async, execute, _answered(function_call()))
    (tool,) = _tools(capture)
    assert tool.status.status_code.name == "ERROR"
    assert dict(tool.attributes or {})["error.type"] == "LookupError"
    assert "Paris" not in str(capture.snapshot())


@both_modes
def test_tools_that_run_beside_each_other(is_async: bool, capture: Capture) -> None:
    """While the answer still streams: in threads, or in tasks."""
    capture.instrument()
    items = [function_call(identity="call_1"), function_call(identity="call_2")]
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

    _go(capture, is_async, execute, _answered(function_call()), _answered())
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

    _go(capture, False, lookup, _answered(function_call()), _answered())
    assert len(_tools(capture)) == 1


def test_a_block_that_fails_fails_the_run(capture: Capture) -> None:
    capture.instrument()

    @otel_genai_instr.tool
    def lookup(_arguments: Any) -> str:
        raise LookupError

    with pytest.raises(RuntimeError):
        _go(capture, False, lookup, _answered(function_call()))
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

    _go(capture, False, execute, _answered(function_call()), _answered())
    names = [span.name for span in _tools(capture)]
    assert names == ["execute_tool another", *["execute_tool lookup"] * 3]


@both_modes
def test_a_computer_is_a_tool(is_async: bool, capture: Capture) -> None:
    capture.instrument()
    lib: Any = importlib.import_module("openai.lib.computer")
    provider = FakeProvider(capture.clock).then(_answered(COMPUTER_CALL), _answered())
    client: Any = provider.async_client() if is_async else provider.client()
    tools = lib.AsyncComputerToolset(AsyncScreen()) if is_async else lib.ComputerToolset(Screen())

    async def ask() -> Any:
        return await call(lambda: tools.run(client, {**ASKED, "tools": [{"type": "computer"}]}))

    assert run(ask(), is_async=is_async).output_text == "Hello"
    (tool,) = _tools(capture)
    assert tool.name == "execute_tool computer"
    assert dict(tool.attributes or {})["gen_ai.tool.call.id"] == "call_1"


@both_modes
@pytest.mark.parametrize("content", [False, True], ids=["no_content", "content"])
def test_what_a_browser_does_is_a_tool(content: bool, is_async: bool, capture: Capture) -> None:
    capture.instrument(capture_content="span_only" if content else "no_content")
    tools = browser(is_async)

    async def act() -> Any:
        return await call(lambda: tools.execute(browser_call()))

    run(act(), is_async=is_async)
    (tool,) = _tools(capture)
    said = dict(tool.attributes or {})
    assert tool.name == "execute_tool browser_read_page"
    assert said["gen_ai.tool.call.id"] == "call_1"
    assert said.get("gen_ai.tool.call.arguments") == ('{"tab_id":"t1","filter":"all"}' if content else None)
    assert ("text of t1" in str(said.get("gen_ai.tool.call.result"))) is content


def test_nothing_of_it_is_seen_after_uninstrument(capture: Capture) -> None:
    capture.instrument()
    otel_genai_instr.uninstrument()
    _go(capture, False, lambda _: "sunny", _answered(function_call()), _answered())
    assert capture.spans() == []
