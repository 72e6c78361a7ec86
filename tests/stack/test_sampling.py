"""Which traces the overlay for tail sampling keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from .collector import Collector
from .otlp_receiver import OTLPReceiver
from .programs import wait_until
from .telemetry import Call, calls_trace, export

pytestmark = pytest.mark.stack

SECONDS = 30.0
RunCollector = Callable[..., Collector]


def chat(model: str = "gpt-5", cost: float = 0.001, more: Mapping[str, Any] | None = None) -> Call:
    """A call of a model, cheap, fast and successful."""
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": model,
        "gen_ai.usage.cost.amount": cost,
    }
    return Call(attributes | dict(more or {}))


KEPT = {
    "failed": [chat(), Call({"http.request.method": "POST"}, failed=True)],
    "failed_but_for_its_status": [chat(more={"error.type": "TimeoutError"})],
    "expensive": [chat(), chat(cost=0.5000001)],
    "expensive_and_whole": [chat(cost=7), Call({"db.system.name": "sqlite"})],
    "slow": [Call({"gen_ai.request.model": "gpt-5"}, seconds=1.5), Call({}, seconds=1.5)],
    "of_a_chosen_model": [chat("claude-haiku-4-5")],
    "of_a_chosen_model_among_others": [chat(), chat("gpt-5-mini")],
}
DROPPED = {
    "plain": [chat(), chat(cost=0.5)],
    "not_expensive_together": [chat(cost=0.3), chat(cost=0.3)],
    "not_slow": [Call({}, seconds=1.9)],
    "without_a_model": [Call({"db.system.name": "sqlite"})],
}


def settled(collector: Collector, traces: int) -> bool:
    """Whether it has decided on so many traces."""
    return collector.metric("otelcol_processor_tail_sampling_global_count_traces_sampled") >= traces


def test_traces_worth_keeping_are_kept_whole(run_collector: RunCollector, receiver: OTLPReceiver) -> None:
    collector = run_collector(
        receiver.otlp_endpoint,
        "tail-sampling",
        OTELCOL_DECISION_WAIT="2s",
        OTELCOL_KEEP_COST_ABOVE="0.5",
        OTELCOL_KEEP_SLOWER_THAN_MS="2000",
        OTELCOL_KEEP_PERCENT_CHOSEN_MODELS="100",
        OTELCOL_KEEP_PERCENT_OTHER_MODELS="0",
        OTELCOL_KEEP_PERCENT="0",
    )
    traces = {name: calls_trace(name, calls) for name, calls in (KEPT | DROPPED).items()}
    for spans in traces.values():
        # Span by span, as they come in life: in parts, the root at the end.
        assert all(export([span], collector) for span in spans)
    wait_until(lambda: settled(collector, len(traces)), what="it has decided", seconds=SECONDS)

    count = sum(len(traces[name]) for name in KEPT)
    wait_until(lambda: receiver.arrivals().total() >= count, what="what is kept has arrived", seconds=SECONDS)
    found = {name: len(receiver.find(name)) for name in traces}
    assert found == {name: len(spans) if name in KEPT else 0 for name, spans in traces.items()}
    assert set(receiver.arrivals().values()) == {1}


def test_shares_of_the_rest_are_by_model(run_collector: RunCollector, receiver: OTLPReceiver) -> None:
    collector = run_collector(receiver.otlp_endpoint, "tail-sampling", OTELCOL_DECISION_WAIT="1s")
    each = 1000
    models = {"gpt-5-mini": 5, "gpt-5": 25}
    for model in models:
        spans = [span for _ in range(each) for span in calls_trace(model, [chat(model)])]
        assert export(spans, collector)
    wait_until(lambda: settled(collector, each * len(models)), what="it has decided", seconds=SECONDS)
    decided = "otelcol_processor_tail_sampling_global_count_traces_sampled"
    wait_until(
        # Two spans a trace.
        lambda: receiver.arrivals().total() == 2 * collector.metric(decided, sampled="true"),
        what="what is kept has arrived",
        seconds=SECONDS,
    )
    for model, percent in models.items():
        kept = len({span.trace_id for span in receiver.find(model).values()})
        # Four standard deviations of so many draws.
        assert abs(kept - each * percent / 100) < 4 * (each * percent / 100) ** 0.5, model
