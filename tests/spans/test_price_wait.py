"""Waiting for the price list is no time of the app's blocks, and yet everything is in place when they are left."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from types import FunctionType
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan

import otel_genai_instr as genai
from otel_genai_instr import guard
from otel_genai_instr.pricing import Pricer, PriceSource
from otel_genai_instr.pricing.loading import LazySource, bundled_prices
from otel_genai_instr.telemetry.price_wait import PriceWait

from ..robustness import injection
from ..support.capture import Capture
from ..support.clock import FakeClock
from ..support.settling import settle

SOON = 0.3
"""Seconds in which a block is left."""
COST = pytest.approx(0.0035)


class SlowList:
    """Prices that come after a while, which takes a minute by the clock of the spans."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._ready = threading.Event()

    def load(self) -> PriceSource:
        assert self._ready.wait(10)
        self._clock.advance(60)
        return bundled_prices.get()

    def come_soon(self) -> None:
        threading.Timer(SOON, self._ready.set).start()


@pytest.fixture
def prices(capture: Capture, clock: FakeClock) -> SlowList:
    bundled_prices.get()
    prices = SlowList(clock)
    capture.instrument(pricer=Pricer(LazySource(prices.load)))
    return prices


def ask() -> None:
    with genai.inference("openai", "gpt-4o") as call:
        call.usage(input_tokens=1000, output_tokens=100)


def seconds(span: ReadableSpan) -> float:
    assert span.start_time is not None
    assert span.end_time is not None
    return (span.end_time - span.start_time) / 1e9


def told(span: ReadableSpan, name: str) -> Any:
    return (span.attributes or {}).get(name)


def test_blocks_take_their_own_time_and_their_sums_are_right(
    capture: Capture, clock: FakeClock, prices: SlowList
) -> None:
    with genai.workflow("w"):
        with genai.agent("a"):
            ask()
            clock.advance(0.5)
        with genai.retrieval("r"):
            clock.advance(0.25)
        prices.come_soon()
    assert [(span.name, seconds(span)) for span in capture.spans()] == [
        ("chat gpt-4o", 0),
        ("invoke_agent a", 0.5),
        ("retrieval r", 0.25),
        ("invoke_workflow w", 0.75),
    ]
    chat, agent, _, workflow = capture.spans()
    assert told(chat, "gen_ai.usage.cost.amount") == COST
    assert [told(span, "otel_genai.total.cost") for span in (agent, workflow)] == [COST, COST]
    assert capture.total("gen_ai.client.operation.cost") == COST
    assert capture.total("gen_ai.invoke_agent.duration") == 0.5
    with genai.workflow("again"):
        ask()
        assert len(capture.spans()) == 5  # nothing is put off any more


def test_a_failure_is_one_all_the_same(capture: Capture, prices: SlowList) -> None:
    prices.come_soon()
    with pytest.raises(ValueError, match="no"), genai.agent("a"), genai.inference("openai", "gpt-4o"):
        raise ValueError("no")
    assert [told(span, "error.type") for span in capture.spans()] == ["ValueError", "ValueError"]


def test_a_call_outside_any_block_has_ended_when_it_returns(capture: Capture, prices: SlowList) -> None:
    prices.come_soon()
    ask()
    assert seconds(capture.span()) == 0
    assert capture.attributes()["gen_ai.usage.cost.amount"] == COST


def test_calls_in_threads_are_waited_for_as_well(capture: Capture, prices: SlowList) -> None:
    with genai.workflow("w"):
        with ThreadPoolExecutor(4) as pool:
            for job in [pool.submit(copy_context().run, ask) for _ in range(8)]:
                job.result()
        prices.come_soon()
    *calls, workflow = capture.spans()
    assert len(calls) == 8
    assert told(workflow, "otel_genai.total.inference_calls") == 8
    assert told(workflow, "otel_genai.total.cost") == pytest.approx(8 * 0.0035)
    assert seconds(workflow) == 0


def test_a_summary_has_its_own_time_and_all_sums(prices: SlowList) -> None:
    with genai.trace_summary() as summary:
        ask()
        prices.come_soon()
    found = summary.as_dict()
    assert (found["ms"], found["cost"], found["spans"]) == (0, {"USD": COST}, 1)


def test_who_reads_a_summary_inside_gets_the_sums(prices: SlowList) -> None:
    with genai.workflow("w"), genai.trace_summary() as summary:
        ask()
        prices.come_soon()
        assert summary.as_dict()["cost"] == {"USD": COST}


@pytest.mark.parametrize("broken", [PriceWait.put_off, PriceWait.close, PriceWait.settle])
def test_a_fault_of_ours_there_costs_no_span(
    broken: FunctionType, capture: Capture, prices: SlowList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "strict", False)
    prices.come_soon()
    with injection.raising(broken), genai.workflow("w"), genai.agent("a"):
        ask()
    settle()
    assert sorted(span.name for span in capture.spans()) == ["chat gpt-4o", "invoke_agent a", "invoke_workflow w"]
    assert guard.counts()


FIRST = """
import time, sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
import otel_genai_instr as genai
trace.set_tracer_provider(TracerProvider())
genai.instrument()
begin = time.perf_counter()
with genai.workflow("w") as block:
    with genai.inference("openai", "gpt-4o") as call:
        call.usage(input_tokens=1000, output_tokens=100)
whole = time.perf_counter() - begin
span = block.span
assert span.attributes["otel_genai.total.cost"] == 0.0035
print((span.end_time - span.start_time) / 1e9 / whole)
"""


def test_the_first_block_of_a_process() -> None:
    run = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=False, env=os.environ)
    assert run.returncode == 0, run.stderr
    assert float(run.stdout) < 0.5  # some 0.05; all of it, if it waited
