"""Calls through clients that nobody instruments, and the totals of the blocks around them."""

# ``_repr_html_`` is private by its name only: Jupyter calls it.
# pyright: reportPrivateUsage=false
from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest

import otel_genai_instr as genai

from ..support.capture import Capture
from ..support.clock import FakeClock


@pytest.fixture
def on(capture: Capture) -> Capture:
    capture.instrument()
    return capture


def ask(tokens: int = 1000) -> None:
    with genai.inference("openai", "gpt-4o") as call:
        call.usage(input_tokens=tokens, output_tokens=100)
        call.response(id="r1", model="gpt-4o-2024-08-06", finish_reasons=["stop"])


def totals(span: Any) -> dict[str, Any]:
    return {name: value for name, value in span.attributes.items() if name.startswith("otel_genai.total.")}


def test_a_call_is_measured_and_priced_like_any_other(on: Capture, clock: FakeClock) -> None:
    with genai.inference("openai", "gpt-4o", temperature=0.5, server_address="example.com", server_port=443) as call:
        clock.advance(0.25)
        call.first_chunk()
        clock.advance(0.5)
        call.first_chunk()
        call.usage(input_tokens=1000)
        call.usage(output_tokens=100, cache_read_input_tokens=0)
        call.response(id="r1", finish_reasons=["stop"])
        call.response(model="gpt-4o-2024-08-06")
    assert call.response_id == "r1"
    assert on.span().name == "chat gpt-4o"
    assert on.span().kind.name == "CLIENT"
    found = on.attributes()
    assert found["gen_ai.request.stream"] is True
    assert found["gen_ai.response.time_to_first_chunk"] == 0.25
    assert found["gen_ai.request.temperature"] == 0.5
    assert found["server.port"] == 443
    assert found["gen_ai.response.finish_reasons"] == ("stop",)
    assert found["gen_ai.usage.input_tokens"] == 1000
    assert found["gen_ai.usage.cost.amount"] == pytest.approx(1000 * 2.5e-6 + 100 * 10e-6)
    assert on.total("gen_ai.client.operation.cost") == pytest.approx(0.0035)
    assert on.total("gen_ai.client.inference.usage.input_tokens") == 1000
    assert on.total("gen_ai.client.inference.duration") == 0.75
    assert on.total("gen_ai.client.inference.time_to_first_chunk") == 0.25


def test_embeddings_are_priced_too(on: Capture) -> None:
    with genai.embeddings("openai", "text-embedding-3-small", dimension_count=3) as call:
        call.usage(input_tokens=1_000_000)
    found = on.attributes()
    assert on.span().name == "embeddings text-embedding-3-small"
    assert found["gen_ai.embeddings.dimension.count"] == 3
    assert found["gen_ai.usage.cost.amount"] == pytest.approx(0.02)


def test_a_failed_call_keeps_what_was_said(on: Capture) -> None:
    def fail() -> None:
        with genai.inference("openai", "gpt-4o") as call:
            call.usage(input_tokens=7)
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        fail()
    assert on.attributes()["error.type"] == "OSError"
    assert on.attributes()["gen_ai.usage.input_tokens"] == 7


def test_agents_and_workflows_add_up_but_bear_no_usage(on: Capture) -> None:
    with genai.workflow("w"):
        ask()
        with genai.agent("outer"):
            ask()
            with genai.tool("t"), genai.agent("inner"):
                ask()
                with genai.tool("u"):
                    pass
    spans = {span.name: span for span in on.spans()}
    workflow, outer, inner = (spans[f"invoke_{name}"] for name in ("workflow w", "agent outer", "agent inner"))
    cost = pytest.approx(0.0035)
    assert totals(inner) == {
        "otel_genai.total.inference_calls": 1,
        "otel_genai.total.tool_calls": 1,
        "otel_genai.total.input_tokens": 1000,
        "otel_genai.total.output_tokens": 100,
        "otel_genai.total.cost": cost,
        "otel_genai.total.currency": "USD",
    }
    assert totals(outer)["otel_genai.total.inference_calls"] == 2
    assert totals(outer)["otel_genai.total.tool_calls"] == 2
    assert totals(workflow)["otel_genai.total.input_tokens"] == 3000
    for span in (workflow, outer, inner):
        assert not [name for name in span.attributes or {} if name.startswith("gen_ai.usage.")]
    own = {
        point["attributes"]["gen_ai.agent.name"]: point["sum"]
        for point in on.metrics()["gen_ai.invoke_agent.inference_calls"]
    }
    assert own == {"outer": 1, "inner": 1}


def test_calls_in_threads_count_where_the_context_went(on: Capture) -> None:
    with genai.workflow("w"), ThreadPoolExecutor(4) as pool:
        for job in [pool.submit(copy_context().run, ask) for _ in range(20)]:
            job.result()
        stranger = threading.Thread(target=ask)
        stranger.start()
        stranger.join()
    (workflow,) = (span for span in on.spans() if span.name == "invoke_workflow w")
    assert totals(workflow)["otel_genai.total.inference_calls"] == 20


def test_a_call_without_a_price_is_counted_as_such(on: Capture) -> None:
    with genai.agent("a"), genai.inference("openai", "model-that-nobody-sells") as call:
        call.usage(input_tokens=5)
    (_, agent) = on.spans()
    assert totals(agent)["otel_genai.total.unpriced_calls"] == 1
    assert "otel_genai.total.cost" not in totals(agent)


def test_the_summary_of_a_piece_of_code(on: Capture, clock: FakeClock) -> None:
    with genai.trace_summary() as outer:
        with genai.trace_summary() as summary:
            ask()
            clock.advance(0.5)
            with pytest.raises(ValueError, match="no"), genai.tool("t"):
                raise ValueError("no")
        ask()
    assert summary.as_dict() == {
        "spans": 2,
        "inference_calls": 1,
        "tool_calls": 1,
        "input_tokens": 1000,
        "output_tokens": 100,
        "cost": {"USD": pytest.approx(0.0035)},
        "unpriced_calls": 0,
        "errors": 1,
        "models": {"gpt-4o-2024-08-06": 1},
        "ms": 500.0,
    }
    title, headings, _, call, tool, *sums = str(summary).splitlines()
    assert title == "2 traces"
    assert headings.split() == ["ms", "%", "in", "out", "cost"]
    assert call.split()[:2] == ["chat", "gpt-4o"]
    assert call.split()[-3:] == ["1000", "100", "$0.0035"]
    assert tool.startswith("execute_tool t  ValueError")
    assert [line.strip() for line in sums] == [
        "total  500 ms · 2 spans · 1 inference call · 1 tool call · 1,000 tokens in · 100 out · $0.0035",
        "1 error · gpt-4o-2024-08-06 x1",
    ]
    assert "execute_tool t" in summary._repr_html_()
    assert outer.as_dict()["inference_calls"] == 2


def test_the_prompt_is_on_inference_alone(capture: Capture) -> None:
    capture.instrument(capture_content="span_only")
    with genai.prompt("code_review", version="2026-03-15", template="Review {code}", variables={"n": 1}) as prompt:
        assert prompt.render(code="x = 1") == "Review x = 1"
        ask()
        with genai.embeddings("openai", "m"):
            pass
    ask()
    chat, embedding, after = (dict(span.attributes or {}) for span in capture.spans())
    assert chat["gen_ai.prompt.name"] == "code_review"
    assert chat["gen_ai.prompt.version"] == "2026-03-15"
    assert chat["otel_genai.prompt.fingerprint"] == prompt.fingerprint
    assert chat["gen_ai.prompt.variable.code"] == "x = 1"
    assert chat["gen_ai.prompt.variable.n"] == "1"
    assert not [name for name in {**embedding, **after} if "prompt" in name]
    points = capture.metrics()["gen_ai.client.inference.duration"]
    assert sorted(str(point["attributes"].get("gen_ai.prompt.name")) for point in points) == ["None", "code_review"]


def test_variables_are_content(on: Capture) -> None:
    with genai.prompt("p", template="{x}", variables={"x": "s3cret"}) as prompt:
        prompt.render()
        ask()
    assert "s3cret" not in repr(on.snapshot())


def test_a_template_fills_names_and_nothing_else() -> None:
    prompt = genai.prompt("p", template='{"a": {{b}}, "c": {d}} {d.real} {0} {}', variables={"d": 1})
    assert prompt.render(d=2) == '{"a": {b}, "c": 2} {d.real} {0} {}'
    with pytest.raises(ValueError, match=r"prompt 'p' has no value for 'x'; given: y"):
        genai.prompt("p", template="{x}").render(y=1)
    with pytest.raises(ValueError, match="no template"):
        genai.prompt("p").render()


def test_the_fingerprint_tells_texts_apart() -> None:
    def fingerprint(template: str) -> str | None:
        return genai.prompt("p", template=template).fingerprint

    assert fingerprint("a") == fingerprint("a") == "ca978112ca1bbdca"  # the start of SHA-256 of "a"
    assert fingerprint("a") != fingerprint("b")
