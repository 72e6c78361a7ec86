"""What the Collector makes of spans on their way: pseudonyms, and metrics that sampling doesn't touch."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE

from .http_receiver import HTTPReceiver, Series
from .otlp_receiver import OTLPReceiver
from .passing import KEY, SECONDS, RunCollector, pseudonym, through, values
from .programs import http_post, wait_until
from .telemetry import Call, calls_trace, export

pytestmark = pytest.mark.stack

USERS: Mapping[str, Any] = {
    "user.id": "ann",
    "user.email": "ann@example.com",
    "enduser.id": "ann",
    "gen_ai.user": "ann",
    "langfuse.user.id": "ann",
    "traceloop.association.properties.user_id": "ann",
}


def test_user_ids_become_pseudonyms_of_the_key(run_collector: RunCollector, receiver: OTLPReceiver) -> None:
    collector = run_collector(receiver.otlp_endpoint, OTELCOL_USER_KEY=KEY)
    ours, number, theirs = through(
        collector,
        receiver,
        Call(
            {"gen_ai.operation.name": "chat", "user.id": "ann", "user.email": "ann@example.com", "app.feature": "ask"}
        ),
        Call({"user.id": 42}),
        Call({"gen_ai.operation.name": "chat", **USERS}, scope="opentelemetry.instrumentation.openai.v1"),
    )
    assert values(ours) == {
        "gen_ai.operation.name": "chat",
        "user.id": pseudonym("ann"),
        "user.email": pseudonym("ann@example.com"),
        "app.feature": "ask",
    }
    assert number.value("user.id") == pseudonym("42")
    assert not {"ann", "ann@example.com"} & {value for value in values(theirs).values() if isinstance(value, str)}
    assert theirs.value("user.id") == pseudonym("ann")


def test_user_ids_are_deleted_without_a_key(run_collector: RunCollector, receiver: OTLPReceiver) -> None:
    collector = run_collector(receiver.otlp_endpoint)
    ours, theirs = through(
        collector,
        receiver,
        Call({"gen_ai.operation.name": "chat", "app.feature": "ask", "session.id": "s-1", **USERS}),
        Call({"gen_ai.operation.name": "chat", **USERS}, scope="opentelemetry.instrumentation.openai.v1"),
    )
    assert values(ours) == {"gen_ai.operation.name": "chat", "app.feature": "ask", "session.id": "s-1"}
    assert values(theirs) == {"gen_ai.operation.name": "chat"}


@pytest.mark.parametrize("env", [{}, {"OTELCOL_USER_KEY": KEY}], ids=["without_a_key", "with_a_key"])
def test_second_tier_leaves_the_pseudonyms_of_the_first(
    run_collector: RunCollector, receiver: OTLPReceiver, env: Mapping[str, str]
) -> None:
    collector = run_collector(receiver.otlp_endpoint, "scale/sampler", **env)
    (span,) = through(
        collector, receiver, Call({"gen_ai.system": "openai", "user.id": pseudonym("ann")}, scope="theirs")
    )
    assert values(span) == {"gen_ai.system": "openai", "user.id": pseudonym("ann")}


@pytest.mark.parametrize("key", [None, KEY], ids=["without_a_key", "with_a_key"])
def test_users_of_metrics_and_logs_are_treated_alike(
    run_collector: RunCollector, http_receiver: HTTPReceiver, key: str | None
) -> None:
    env = {"OTELCOL_USER_KEY": key} if key else {}
    collector = run_collector(
        "nowhere.invalid:4317", "prometheus", PROMETHEUS_OTLP_ENDPOINT=http_receiver.endpoint, **env
    )
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="shop.orders")
    metric.sum.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    metric.sum.is_monotonic = True
    point = metric.sum.data_points.add(as_double=2)
    point.attributes.add(key="user.id").value.string_value = "ann"
    logs = ExportLogsServiceRequest()
    record = logs.resource_logs.add().scope_logs.add().log_records.add()
    record.attributes.add(key="user.id").value.string_value = "ann"
    for signal, message in (("metrics", request), ("logs", logs)):
        url = f"{collector.http_endpoint}/v1/{signal}"
        assert http_post(url, message.SerializeToString(), "application/x-protobuf") == 200
    wait_until(lambda: bool(http_receiver.totals("shop.orders")), what="the metric is there", seconds=SECONDS)
    attributes = frozenset({("user.id", pseudonym("ann"))} if key else ())
    assert http_receiver.totals("shop.orders") == {Series("shop.orders", attributes): 2}


def priced(amount: float, feature: str | None, currency: str = "USD", **more: Any) -> Call:
    """A chat of this cost."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.usage.cost.amount": amount,
        "gen_ai.usage.cost.currency": currency,
    }
    return Call(attributes | ({"app.feature": feature} if feature else {}) | more)


def test_metrics_of_spans_are_exact_whatever_is_sampled(
    run_collector: RunCollector, http_receiver: HTTPReceiver
) -> None:
    """40 senders at once, all traces thrown away: every call, error and cent is counted."""
    collector = run_collector(
        "nowhere.invalid:4317",
        "prometheus",
        "tail-sampling",
        PROMETHEUS_OTLP_ENDPOINT=http_receiver.endpoint,
        OTELCOL_METRICS_INTERVAL="1s",
        OTELCOL_KEEP_PERCENT="0",
        OTELCOL_KEEP_PERCENT_CHOSEN_MODELS="0",
    )
    calls = [
        priced(0.25, "ask"),
        priced(0.5, "ask"),
        priced(2.0, None, currency="EUR"),
        priced(0.125, "sum", **{"error.type": "TimeoutError"}),
        # The agent around them: its cost is theirs.
        Call({"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.cost.amount": 100.0}),
        Call({"gen_ai.operation.name": "chat", "gen_ai.request.model": "unpriced"}),
    ]
    rounds, senders = 10, 40

    def send(_: int) -> bool:
        return all(export(calls_trace("shop", calls), collector) for _ in range(rounds))

    with ThreadPoolExecutor(senders) as pool:
        assert all(pool.map(send, range(senders)))

    times = rounds * senders
    expected = {("ask", "USD"): 0.75 * times, (None, "EUR"): 2.0 * times, ("sum", "USD"): 0.125 * times}

    def cost() -> dict[tuple[str | None, str | None], float]:
        found = http_receiver.totals("otel_genai.span.cost")
        return {(series["app.feature"], series["gen_ai.usage.cost.currency"]): value for series, value in found.items()}

    wait_until(lambda: cost() == expected, what=f"{expected}, not {cost()}", seconds=SECONDS)
    for series in http_receiver.totals("otel_genai.span.cost"):
        assert series["gen_ai.provider.name"] == "openai"
        assert series["gen_ai.request.model"] == "gpt-5-mini"
        assert series["service.name"] == "shop"

    def requests() -> dict[tuple[str | None, str | None], float]:
        counted: dict[tuple[str | None, str | None], float] = {}
        for series, value in http_receiver.totals("traces.span.metrics.calls").items():
            key = series["gen_ai.operation.name"], series["error.type"]
            counted[key] = counted.get(key, 0) + value
        return counted

    all_requests = {
        ("chat", None): 4 * times,
        ("chat", "TimeoutError"): times,
        ("invoke_agent", None): times,
        (None, None): times,
    }
    wait_until(lambda: requests() == all_requests, what="all calls are counted", seconds=SECONDS)
    assert sum(http_receiver.totals("traces.span.metrics.duration").values()) == 7 * times
    assert collector.metric("otelcol_deltatocumulative_datapoints", error="out_of_order") == 0
