"""Names, kinds, attributes, metrics and events of each block."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry import trace

import otel_genai_instr as genai
from otel_genai_instr.semconv import values
from otel_genai_instr.telemetry import step_metrics
from otel_genai_instr.telemetry.steps import TRAITS

from ..support.capture import Capture
from ..support.clock import FakeClock

untyped: Any = genai


@pytest.fixture
def on(capture: Capture) -> Capture:
    capture.instrument()
    return capture


@pytest.fixture
def with_content(capture: Capture) -> Capture:
    capture.instrument(capture_content="span_only")
    return capture


def attributes(span: Any) -> dict[str, Any]:
    return dict(span.attributes)


@pytest.mark.parametrize(
    ("block", "name", "kind", "expected"),
    [
        pytest.param(
            lambda: genai.workflow("answer"),
            "invoke_workflow answer",
            "INTERNAL",
            {
                "gen_ai.operation.name": "invoke_workflow",
                "gen_ai.workflow.name": "answer",
                "otel_genai.total.inference_calls": 0,
                "otel_genai.total.tool_calls": 0,
            },
            id="workflow",
        ),
        pytest.param(
            lambda: genai.agent("planner", description="plans"),
            "invoke_agent planner",
            "INTERNAL",
            {
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.agent.name": "planner",
                "gen_ai.agent.description": "plans",
                "otel_genai.total.inference_calls": 0,
                "otel_genai.total.tool_calls": 0,
            },
            id="agent",
        ),
        pytest.param(
            lambda: genai.tool("get_weather", type="function", description="d", call_id="c1", arguments={"a": 1}),
            "execute_tool get_weather",
            "INTERNAL",
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "get_weather",
                "gen_ai.tool.type": "function",
                "gen_ai.tool.description": "d",
                "gen_ai.tool.call.id": "c1",
            },
            id="tool",
        ),
        pytest.param(
            lambda: genai.retrieval("kb", query="secret", top_k=3),
            "retrieval kb",
            "CLIENT",
            {"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": "kb", "gen_ai.retrieval.top_k": 3},
            id="retrieval",
        ),
        pytest.param(
            lambda: genai.rerank("r-3", provider="cohere"),
            "rerank r-3",
            "CLIENT",
            {"gen_ai.operation.name": "rerank", "gen_ai.request.model": "r-3", "gen_ai.provider.name": "cohere"},
            id="rerank",
        ),
        pytest.param(
            lambda: genai.memory("search_memory", store_id="s", record_id="r", query="secret"),
            "search_memory",
            "CLIENT",
            {
                "gen_ai.operation.name": "search_memory",
                "gen_ai.memory.store.id": "s",
                "gen_ai.memory.record.id": "r",
            },
            id="memory",
        ),
        pytest.param(genai.plan, "plan", "INTERNAL", {"gen_ai.operation.name": "plan"}, id="plan"),
        pytest.param(
            lambda: genai.guardrail("pii"),
            "guardrail pii",
            "INTERNAL",
            {"gen_ai.operation.name": "guardrail"},
            id="guardrail",
        ),
        pytest.param(lambda: genai.step("parse"), "parse", "INTERNAL", {}, id="step"),
    ],
)
def test_name_kind_and_attributes(on: Capture, block: Any, name: str, kind: str, expected: dict[str, Any]) -> None:
    with block():
        pass
    span = on.span()
    assert (span.name, span.kind.name, attributes(span)) == (name, kind, expected)
    assert span.status.status_code is trace.StatusCode.UNSET


def test_every_operation_has_its_traits() -> None:
    assert set(values.MEMORY_OPERATIONS) <= set(TRAITS)
    for operation in values.MEMORY_OPERATIONS:
        genai.memory(operation)


def test_a_plan_and_a_tool_are_named_by_the_agent_around(on: Capture) -> None:
    with genai.agent("outer"), genai.agent("inner"):
        with genai.plan():
            pass
        with genai.tool("t"):
            pass
    plan, tool, inner, _ = on.spans()
    assert plan.name == "plan inner"
    assert attributes(plan)["gen_ai.agent.name"] == attributes(tool)["gen_ai.agent.name"] == "inner"
    assert plan.parent is not None
    assert inner.context is not None
    assert plan.parent.span_id == inner.context.span_id


def test_content_is_recorded_only_where_it_is_captured(with_content: Capture) -> None:
    given: dict[str, Any] = {"city": "Rome"}
    with genai.tool("t", arguments=given) as tool:
        given["city"] = "changed later"
        tool.result = '{"degrees": 20}'
    with genai.tool("u", arguments="not JSON") as tool:
        tool.result = "sunny"
    with genai.retrieval("kb", query="where?", top_k=1) as search:
        search.documents = [{"id": "d1", "score": 0.5}]
    with genai.memory("search_memory", query="who?") as memory:
        memory.records = [{"content": "x"}]
    first, second, search_span, memory_span = (attributes(span) for span in with_content.spans())
    assert json.loads(first["gen_ai.tool.call.arguments"]) == {"city": "Rome"}
    assert json.loads(first["gen_ai.tool.call.result"]) == {"degrees": 20}
    assert json.loads(second["gen_ai.tool.call.arguments"]) == "not JSON"
    assert json.loads(second["gen_ai.tool.call.result"]) == "sunny"
    assert search_span["gen_ai.retrieval.query.text"] == "where?"
    assert json.loads(search_span["gen_ai.retrieval.documents"]) == [{"id": "d1", "score": 0.5}]
    assert memory_span["gen_ai.memory.query.text"] == "who?"
    assert json.loads(memory_span["gen_ai.memory.records"]) == [{"content": "x"}]
    assert memory_span["gen_ai.memory.record.count"] == 1


def test_without_capture_nothing_of_the_content_is_recorded(on: Capture) -> None:
    @genai.tool
    def secret_tool(word: str) -> str:
        return word

    @genai.retrieval("kb")
    def search(query: str) -> list[str]:
        return [query]

    secret_tool("s3cret")
    search("s3cret")

    def fail() -> None:
        with genai.retrieval("kb", query="s3cret") as block:
            block.documents = ["s3cret"]
            raise ValueError("s3cret")

    with pytest.raises(ValueError, match="s3cret"):
        fail()
    assert "s3cret" not in repr(on.snapshot())


def test_an_exception_goes_on_unchanged_and_marks_the_block(on: Capture) -> None:
    error = KeyError("x")
    with pytest.raises(KeyError) as raised, genai.workflow("w"), genai.retrieval("kb"):
        raise error
    assert raised.value is error
    assert [(span.status.status_code.name, attributes(span)["error.type"]) for span in on.spans()] == [
        ("ERROR", "KeyError")
    ] * 2
    (event,) = on.events()  # of the client operation only
    assert event["name"] == "gen_ai.client.operation.exception"
    assert event["attributes"] == {"exception.type": "KeyError"}
    (point,) = on.metrics()["gen_ai.invoke_workflow.duration"]
    assert point["attributes"] == {"gen_ai.workflow.name": "w", "error.type": "KeyError"}


def test_messages_of_errors_where_they_are_allowed(capture: Capture) -> None:
    capture.instrument(error_messages=True)
    with pytest.raises(ValueError, match="why"), genai.retrieval("kb"):
        raise ValueError("why")
    assert capture.span().status.description == "why"
    (event,) = capture.events()
    assert event["attributes"]["exception.message"] == "why"
    assert "ValueError: why" in event["attributes"]["exception.stacktrace"]


def test_metrics_of_each_block(on: Capture, clock: FakeClock) -> None:
    with genai.workflow("w"), genai.agent("a"):
        with genai.tool("t", type="function"):
            clock.advance(0.5)
        with genai.retrieval("kb", provider="p"):
            clock.advance(0.25)
        with genai.plan(), genai.guardrail("g"), genai.step("s"):
            clock.advance(1.0)
    found = {
        name: [(point["attributes"], point["sum"]) for point in points]
        for name, points in on.metrics().items()
        if points
    }
    assert found == {
        "gen_ai.execute_tool.duration": [
            ({"gen_ai.tool.name": "t", "gen_ai.tool.type": "function", "gen_ai.agent.name": "a"}, 0.5)
        ],
        "gen_ai.client.operation.duration": [
            ({"gen_ai.operation.name": "retrieval", "gen_ai.provider.name": "p"}, 0.25)
        ],
        "gen_ai.invoke_agent.duration": [({"gen_ai.agent.name": "a"}, 1.75)],
        "gen_ai.invoke_agent.inference_calls": [({"gen_ai.agent.name": "a"}, 0)],
        "gen_ai.invoke_agent.tool_calls": [({"gen_ai.agent.name": "a"}, 1)],
        "gen_ai.invoke_workflow.duration": [({"gen_ai.workflow.name": "w"}, 1.75)],
    }


def test_the_number_of_series_is_bounded(on: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_metrics, "MAX_STEP_SERIES", 3)
    for number in range(5):
        with genai.tool(f"tool {number}"):
            pass
    points = on.metrics()["gen_ai.execute_tool.duration"]
    assert sorted((point["attributes"].get("gen_ai.tool.name", "overflow"), point["count"]) for point in points) == [
        ("overflow", 2),
        ("tool 0", 1),
        ("tool 1", 1),
        ("tool 2", 1),
    ]


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: untyped.memory("remember"), ValueError, "'remember'; allowed: create_memory_store, "),
        (lambda: untyped.workflow(""), ValueError, "name is empty"),
        (lambda: untyped.prompt(None), TypeError, "name is None"),
        (lambda: untyped.retrieval("kb", top_k=-1), ValueError, "top_k is -1; allowed: 0 or more"),
        (lambda: untyped.inference("openai", "m", operation="talk"), ValueError, "'talk'; allowed: chat, "),
        (lambda: untyped.inference("openai", "m", temprature=1), TypeError, "'temprature'; allowed: .*temperature"),
        (lambda: untyped.inference("", "m"), ValueError, "provider is empty"),
        (lambda: untyped.inference("openai", "m").usage(input_tokens=-3), ValueError, "input_tokens is -3"),
        (lambda: untyped.inference("openai", "m").usage(tokens=3), TypeError, "'tokens'; allowed: input_tokens"),
        (lambda: untyped.inference("openai", "m").usage(provider_cost=-0.5), ValueError, "provider_cost is -0.5"),
        (
            lambda: untyped.inference("openai", "m").response(finish_reasons="stop"),
            TypeError,
            "finish_reasons is 'stop'",
        ),
        (lambda: untyped.attribute(user_id=b""), ValueError, "user_id is empty"),
        (lambda: untyped.tool().__enter__(), ValueError, "name is missing"),
        (lambda: untyped.tool(int), TypeError, "can't decorate <class 'int'>"),
    ],
)
def test_wrong_arguments_are_told_at_once(call: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        call()


def test_a_block_is_entered_once(on: Capture) -> None:
    block = genai.step("s")
    with block:
        pass
    with pytest.raises(RuntimeError, match="entered before"), block:
        raise AssertionError("never reached")
    assert len(on.spans()) == 1


def test_faults_of_ours_stay_with_us(on: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    from otel_genai_instr import guard

    monkeypatch.setattr(guard, "strict", False)

    def broken(*_args: object, **_kwargs: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr("otel_genai_instr.spans.steps.Step", broken)
    with genai.agent("a") as block:
        assert block.span is trace.INVALID_SPAN

    @genai.tool
    def answer() -> int:
        return 42

    assert answer() == 42
    assert guard.counts() == {("block.open", "ZeroDivisionError"): 2}


def test_without_an_sdk_nothing_happens_and_nothing_is_raised() -> None:
    @genai.agent("a")
    def run() -> int:
        with (
            genai.attribute(user_id="u"),
            genai.prompt("p", template="{x}") as prompt,
            genai.inference("openai", "gpt-4o") as call,
        ):
            call.first_chunk()
            call.usage(input_tokens=1)
            return len(prompt.render(x="y"))

    assert run() == 1
