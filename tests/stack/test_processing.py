"""What the Collector makes of spans on their way: names, pseudonyms, and metrics that sampling doesn't touch."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE

from .collector import Collector
from .http_receiver import HTTPReceiver, Series
from .otlp_receiver import OTLPReceiver
from .programs import http_post, wait_until
from .spans import SpanRecord
from .telemetry import Call, calls_trace, export

pytestmark = pytest.mark.stack

SECONDS = 30.0
KEY = "5f0c8a4e" * 8
RunCollector = Callable[..., Collector]


def pseudonym(user: str) -> str:
    """What a user's id becomes with ``KEY``."""
    return hmac.new(KEY.encode(), user.encode(), hashlib.sha256).hexdigest()


def through(collector: Collector, receiver: OTLPReceiver, *calls: Call) -> list[SpanRecord]:
    """Send calls, and return their spans as they came out, in order."""
    spans = calls_trace("shop", calls)
    assert export(spans, collector)
    wait_until(lambda: len(receiver.find("shop")) == len(spans), what="all spans are there", seconds=SECONDS)
    children = (span for span in receiver.find("shop").values() if span.parent_id)
    return sorted(children, key=lambda span: span.start)


def values(span: SpanRecord) -> dict[str, Any]:
    """A span's attributes as Python values."""
    return {name: span.value(name) for name in span.attributes}


# --- users ---

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


# --- names of other libraries ---

OPENINFERENCE = "openinference.instrumentation.openai"
OPENLLMETRY = "opentelemetry.instrumentation.openai.v1"

FOREIGN: Sequence[tuple[str, Call, Mapping[str, Any]]] = [
    (
        # opentelemetry-instrumentation-openai 0.62: a chat, as it writes it.
        "openllmetry",
        Call(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "gpt-4o-mini",
                "gen_ai.request.max_tokens": 50,
                "gen_ai.request.temperature": 0.5,
                "gen_ai.user": "u-1",
                "gen_ai.is_streaming": True,
                "gen_ai.openai.api_base": "http://127.0.0.1/v1/",
                "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
                "gen_ai.response.finish_reasons": ("stop",),
                "gen_ai.openai.response.system_fingerprint": "fp_example",
                "openai.response.service_tier": "default",
                "gen_ai.usage.total_tokens": 13,
                "gen_ai.usage.output_tokens": 9,
                "gen_ai.usage.input_tokens": 4,
                "gen_ai.usage.cache_read.input_tokens": 0,
                "gen_ai.usage.reasoning_tokens": 3,
            },
            scope=OPENLLMETRY,
        ),
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.request.max_tokens": 50,
            "gen_ai.request.temperature": 0.5,
            "gen_ai.request.stream": True,
            "gen_ai.openai.api_base": "http://127.0.0.1/v1/",
            "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
            "gen_ai.response.finish_reasons": ["stop"],
            "openai.response.system_fingerprint": "fp_example",
            "openai.response.service_tier": "default",
            "gen_ai.usage.output_tokens": 9,
            "gen_ai.usage.input_tokens": 4,
            "gen_ai.usage.cache_read.input_tokens": 0,
            "gen_ai.usage.reasoning.output_tokens": 3,
        },
    ),
    (
        # The same library before it took the official names.
        "openllmetry_older",
        Call(
            {
                "llm.request.type": "completion",
                "gen_ai.system": "OpenAI",
                "gen_ai.request.model": "gpt-3.5-turbo-instruct",
                "llm.is_streaming": False,
                "llm.frequency_penalty": 0.25,
                "llm.user": "u-1",
                "gen_ai.usage.prompt_tokens": 12,
                "gen_ai.usage.completion_tokens": 5,
                "llm.usage.total_tokens": 17,
                "gen_ai.usage.cache_read_input_tokens": 8,
                "gen_ai.usage.cache_creation_input_tokens": 2,
                "llm.response.finish_reason": "length",
                "traceloop.association.properties.session_id": "s-1",
                "gen_ai.prompt.0.content": "hi",
                "gen_ai.prompt.name": "greeting",
            },
            scope=OPENLLMETRY,
        ),
        {
            "gen_ai.operation.name": "text_completion",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-3.5-turbo-instruct",
            "gen_ai.request.frequency_penalty": 0.25,
            "gen_ai.usage.input_tokens": 12,
            "gen_ai.usage.output_tokens": 5,
            "gen_ai.usage.cache_read.input_tokens": 8,
            "gen_ai.usage.cache_write.input_tokens": 2,
            "gen_ai.response.finish_reasons": ["length"],
            "session.id": "s-1",
            "gen_ai.prompt.0.content": "hi",
            "gen_ai.prompt.name": "greeting",
        },
    ),
    (
        "openllmetry_tool",
        Call(
            {"traceloop.span.kind": "tool", "traceloop.entity.name": "search"},
            scope="opentelemetry.instrumentation.langchain",
        ),
        {
            "traceloop.span.kind": "tool",
            "traceloop.entity.name": "search",
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "search",
        },
    ),
    (
        # openinference-instrumentation-openai 0.1.66: a chat, as it writes it, less its answer.
        "openinference",
        Call(
            {
                "llm.system": "openai",
                "input.value": '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "?"}], "user":"u-1"}',
                "input.mime_type": "application/json",
                "llm.invocation_parameters": '{"model":"gpt-4o-mini","max_tokens":50,"temperature":0.5,"user":"u-1"}',
                "llm.input_messages.0.message.role": "user",
                "llm.input_messages.0.message.content": "hi",
                "llm.model_name": "gpt-4o-mini-2024-07-18",
                "llm.token_count.total": 13,
                "llm.token_count.prompt": 4,
                "llm.token_count.completion": 9,
                "llm.token_count.prompt_details.cache_read": 2,
                "llm.token_count.prompt_details.audio": 0,
                "llm.token_count.completion_details.reasoning": 1,
                "llm.token_count.completion_details.audio": 0,
                "llm.cost.total": 0.00025,
                "llm.finish_reason": "stop",
                "openinference.span.kind": "LLM",
            },
            scope=OPENINFERENCE,
        ),
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.request.max_tokens": 50,
            "gen_ai.request.temperature": 0.5,
            "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.usage.input_tokens": 4,
            "gen_ai.usage.output_tokens": 9,
            "gen_ai.usage.cache_read.input_tokens": 2,
            "gen_ai.usage.audio.input_tokens": 0,
            "gen_ai.usage.audio.output_tokens": 0,
            "gen_ai.usage.reasoning.output_tokens": 1,
            "gen_ai.usage.cost.amount": 0.00025,
            "gen_ai.usage.cost.currency": "USD",
            "openinference.span.kind": "LLM",
            "input.value": '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "?"}], "user": ""}',
            "input.mime_type": "application/json",
            "llm.invocation_parameters": '{"model":"gpt-4o-mini","max_tokens":50,"temperature":0.5,"user": ""}',
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "hi",
        },
    ),
    (
        "openinference_embedding",
        Call(
            {
                "llm.system": "openai",
                "llm.provider": "azure",
                "embedding.model_name": "text-embedding-3-small",
                "llm.token_count.prompt": 1,
                "llm.token_count.total": 1,
                "openinference.span.kind": "EMBEDDING",
            },
            scope=OPENINFERENCE,
        ),
        {
            "gen_ai.operation.name": "embeddings",
            "gen_ai.provider.name": "azure.ai.openai",
            "gen_ai.request.model": "text-embedding-3-small",
            "gen_ai.usage.input_tokens": 1,
            "openinference.span.kind": "EMBEDDING",
        },
    ),
    (
        # The official conventions until 1.36, and what they called OpenAI's own.
        "official_older",
        Call(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "az.ai.openai",
                "gen_ai.request.model": "gpt-4o",
                "gen_ai.openai.request.response_format": "json_schema",
                "gen_ai.openai.request.seed": 7,
                "gen_ai.openai.request.service_tier": "flex",
                "gen_ai.openai.response.service_tier": "flex",
                "gen_ai.usage.cache_creation.input_tokens": 6,
                "gen_ai.usage.input_tokens": 10,
                "gen_ai.usage.cost": 0.5,
            },
            scope="opentelemetry.instrumentation.openai_v2",
        ),
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "azure.ai.openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.output.type": "json",
            "gen_ai.request.seed": 7,
            "openai.request.service_tier": "flex",
            "openai.response.service_tier": "flex",
            "gen_ai.usage.cache_write.input_tokens": 6,
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.cost.amount": 0.5,
            "gen_ai.usage.cost.currency": "USD",
        },
    ),
    (
        # Today's name is right, whatever stands beside it.
        "both_names",
        Call(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.system": "other",
                "gen_ai.usage.input_tokens": 10,
                "gen_ai.usage.prompt_tokens": 11,
            },
            scope="another.library",
        ),
        {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.usage.input_tokens": 10},
    ),
    (
        "no_llm_span",
        Call({"db.system.name": "sqlite", "gen_ai_is_no_prefix": "x", "llm.user": "u-1"}, scope="a.database"),
        {"db.system.name": "sqlite", "gen_ai_is_no_prefix": "x"},
    ),
]


def test_spans_of_other_libraries_get_todays_names(run_collector: RunCollector, receiver: OTLPReceiver) -> None:
    collector = run_collector(receiver.otlp_endpoint)
    found = through(collector, receiver, *(call for _, call, _ in FOREIGN))
    for (name, _, expected), span in zip(FOREIGN, found, strict=True):
        assert values(span) == expected, name
    assert "failed to" not in collector.log()


def test_users_in_parameters_of_openinference_become_the_spans_user(
    run_collector: RunCollector, receiver: OTLPReceiver
) -> None:
    call = next(call for name, call, _ in FOREIGN if name == "openinference")
    (span,) = through(run_collector(receiver.otlp_endpoint, OTELCOL_USER_KEY=KEY), receiver, call)
    assert span.value("user.id") == pseudonym("u-1")
    assert "u-1" not in json.dumps(values(span))


# --- metrics of spans ---


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
