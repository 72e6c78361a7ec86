"""Who asked: on every span inside, in the metrics where allowed, and never on anybody else's."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from opentelemetry import baggage, context
from opentelemetry.baggage.propagation import W3CBaggagePropagator

import otel_genai_instr as genai

from ..support.capture import Capture

REQUESTS = 1000
FEATURES = 100
"""Fewer than requests: series of metrics are bounded."""


@pytest.fixture
def on(capture: Capture) -> Capture:
    capture.instrument()
    return capture


def ask() -> None:
    with genai.inference("openai", "gpt-4o") as call:
        call.usage(input_tokens=10, output_tokens=1)


def test_blocks_merge_and_none_takes_away(on: Capture) -> None:
    with genai.attribute(user_id="u", session_id="s", feature="f", tenant="t", tags=["a", "b"], plan="gold", seats=3):
        with genai.attribute(user_id=None, feature="g", tags=["c"], plan=None), genai.step("inner"):
            pass
        with genai.step("outer"):
            pass
    with genai.step("after"):
        pass
    inner, outer, after = (dict(span.attributes or {}) for span in on.spans())
    assert inner == {"session.id": "s", "app.feature": "g", "app.tenant": "t", "app.tags": ("c",), "app.seats": 3}
    assert outer == {
        "user.id": "u",
        "session.id": "s",
        "app.feature": "f",
        "app.tenant": "t",
        "app.tags": ("a", "b"),
        "app.plan": "gold",
        "app.seats": 3,
    }
    assert after == {}


def test_the_conversation_is_on_inference_agents_tools_and_workflows(on: Capture) -> None:
    with genai.attribute(conversation_id="c1"), genai.workflow("w"), genai.agent("a"):
        with genai.tool("t"), genai.plan(), genai.retrieval("kb"), genai.guardrail("g"), genai.step("s"):
            ask()
        with genai.attribute(conversation_id=None):
            ask()
    found = [(span.name, (span.attributes or {}).get("gen_ai.conversation.id")) for span in on.spans()]
    assert found == [
        ("chat gpt-4o", "c1"),
        ("s", None),
        ("guardrail g", None),
        ("retrieval kb", None),
        ("plan a", None),
        ("execute_tool t", "c1"),
        ("chat gpt-4o", None),
        ("invoke_agent a", "c1"),
        ("invoke_workflow w", "c1"),
    ]


def test_dimensions_are_those_that_the_settings_allow(capture: Capture) -> None:
    capture.instrument(metric_dimensions=("app.feature", "app.plan"), metric_dimension_values=2)
    for number in range(4):
        with genai.attribute(user_id="u", feature=f"f{number}", plan="gold"), genai.tool("t"):
            pass
    points = capture.metrics()["gen_ai.execute_tool.duration"]
    assert sorted((point["attributes"]["app.feature"], point["count"]) for point in points) == [
        ("f0", 1),
        ("f1", 1),
        ("other", 2),
    ]
    assert all(point["attributes"]["app.plan"] == "gold" and "user.id" not in point["attributes"] for point in points)


async def one_request(number: int, pool: ThreadPoolExecutor, pauses: random.Random) -> None:
    """Tasks, threads with a copied context, a streaming generator and nested blocks, at once."""
    user, group = f"u{number}", number % FEATURES

    @genai.agent("answering")
    async def answer() -> AsyncIterator[str]:
        for _ in range(2):
            await asyncio.sleep(pauses.random() / 100)
            with genai.tool(f"tool of {group}"):
                yield user

    with genai.attribute(user_id=user, feature=f"feature of {group}"), genai.workflow("flow"):
        context_here = copy_context()
        in_thread = asyncio.get_running_loop().run_in_executor(pool, context_here.run, ask)
        await asyncio.gather(in_thread, asyncio.to_thread(ask), asyncio.create_task(asyncio.sleep(0)))
        async for _ in answer():
            with genai.step(f"step of {user}"):
                await asyncio.sleep(0)


def test_no_request_bears_anothers_identity(capture: Capture) -> None:
    capture.instrument(metric_dimension_values=2 * FEATURES)
    pauses = random.Random(7)

    async def main() -> None:
        with ThreadPoolExecutor(16) as pool:
            await asyncio.gather(*(one_request(number, pool, pauses) for number in range(REQUESTS)))
        with genai.step("nobody"):
            pass

    asyncio.run(main())
    spans = capture.spans()
    assert len(spans) == REQUESTS * 8 + 1
    traces: dict[int, set[Any]] = {}
    for span in spans:
        attributes = dict(span.attributes or {})
        user = attributes.get("user.id")
        if span.name == "nobody":
            assert user is None
            continue
        group = int(str(user)[1:]) % FEATURES
        assert attributes["app.feature"] == f"feature of {group}"
        if span.name.startswith("step"):
            assert span.name == f"step of {user}"
        if span.name.startswith("execute_tool"):
            assert span.name == f"execute_tool tool of {group}"
        assert span.context is not None
        traces.setdefault(span.context.trace_id, set()).add(user)
    assert len(traces) == REQUESTS
    assert all(len(users) == 1 for users in traces.values())
    for point in capture.metrics()["gen_ai.execute_tool.duration"]:
        attributes = point["attributes"]
        assert attributes["app.feature"].removeprefix("feature") == attributes["gen_ai.tool.name"].removeprefix("tool")
        assert point["count"] == 2 * REQUESTS / FEATURES
    assert len(capture.metrics()["gen_ai.execute_tool.duration"]) == FEATURES


def sent() -> dict[str, str]:
    carrier: dict[str, str] = {}
    W3CBaggagePropagator().inject(carrier)
    return carrier


def test_nothing_is_sent_on_unless_asked(on: Capture) -> None:
    with genai.attribute(user_id="u"):
        assert sent() == {}


def test_from_one_service_to_the_next(on: Capture) -> None:
    with genai.attribute(
        user_id="ü ser", conversation_id="c", feature="f", tags=["a,b", "c"], plan="gold", propagate=True
    ):
        carrier = sent()
        assert "gold" not in carrier["baggage"]
    assert sent() == {}
    carrier["baggage"] += f",app.plan=forged,app.tenant={'x' * 300}"
    token = context.attach(W3CBaggagePropagator().extract(carrier))
    try:
        with genai.attribute_from_baggage(), genai.tool("t"):
            ask()
    finally:
        context.detach(token)
    for span in on.spans():
        found = dict(span.attributes or {})
        assert found["user.id"] == "ü ser"
        assert found["gen_ai.conversation.id"] == "c"
        assert found["app.feature"] == "f"
        assert found["app.tags"] == ("a,b", "c")
        assert not {"app.plan", "app.tenant"} & set(found)


def test_a_change_that_is_not_sent_on_takes_the_old_entry_away(on: Capture) -> None:
    with genai.attribute(user_id="u", feature="f", propagate=True):
        with genai.attribute(user_id="v"):
            assert sent() == {"baggage": "app.feature=f"}
        with genai.attribute(user_id=None, propagate=True):
            assert sent() == {"baggage": "app.feature=f"}


def test_no_baggage_goes_to_the_model(on: Capture) -> None:
    with genai.attribute(user_id="u", propagate=True), genai.inference("openai", "gpt-4o"):
        assert baggage.get_all() == {}


def test_as_a_decorator(on: Capture) -> None:
    @genai.attribute(feature="search")
    async def search() -> None:
        with genai.step("s"):
            await asyncio.sleep(0)

    asyncio.run(search())
    assert on.attributes() == {"app.feature": "search"}
