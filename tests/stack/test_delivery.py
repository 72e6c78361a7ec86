"""Telemetry through the real Collector, with the configuration that we ship, into Jaeger, and read back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk.trace import ReadableSpan

from .collector import Collector
from .conftest import Backend
from .jaeger import Jaeger
from .programs import http_post, wait_until
from .spans import CLIENT, SERVER, STATUS_ERROR, SpanRecord, sent_spans, spans_of_json
from .telemetry import QUESTION, Protocol, export, prompt_trace, rag_trace

pytestmark = pytest.mark.stack

DELIVERY_SECONDS = 60.0
"""Longer than the pauses between the Collector's attempts after a short outage."""
PROMPT_BYTES = 5_000_000


@pytest.fixture
def service() -> str:
    """A service name of this test alone."""
    return f"shop-{uuid.uuid4().hex[:8]}"


def delivered(backend: Backend, service: str, spans: Sequence[ReadableSpan]) -> dict[str, SpanRecord]:
    """Wait until all the spans can be read back, assert that they are what was sent, and return them."""
    sent = sent_spans(spans)
    wait_until(
        lambda: len(backend.find(service)) >= len(sent),
        what=f"{backend.name} has all {len(sent)} spans",
        seconds=DELIVERY_SECONDS,
    )
    found = backend.find(service)
    assert found.keys() == sent.keys()
    for id, span in sent.items():
        # Not by `assert ==`: pytest would take minutes to explain a difference in five megabytes.
        back = found[id]
        different = [field for field in SpanRecord.__slots__ if getattr(back, field) != getattr(span, field)]
        assert not different, f"{span.name} came back with another {', '.join(different)}"
    return found


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_trace_comes_back_as_it_was_sent(
    backend: Backend, collector: Collector, service: str, protocol: Protocol
) -> None:
    backend.start()
    spans = rag_trace(service)
    assert export(spans, collector, protocol)

    found = list(delivered(backend, service, spans).values())
    (request,) = (span for span in found if not span.parent_id)
    assert (request.name, request.kind) == ("POST /ask", SERVER)
    chats = (span for span in found if span.name == "chat gpt-4o-mini")
    chat, refused = sorted(chats, key=lambda span: span.start)
    assert (chat.kind, chat.parent_id) == (CLIENT, request.span_id)
    assert chat.value("gen_ai.usage.input_tokens") == 2_400_000_000
    assert chat.value("gen_ai.usage.output_tokens") == 0
    assert chat.value("gen_ai.usage.cost.amount") == 0.00042
    assert chat.value("gen_ai.response.time_to_first_chunk") == 0.21
    assert chat.value("gen_ai.response.finish_reasons") == ["stop", "length"]
    assert chat.value("gen_ai.request.stream") is True
    # JSON inside an attribute, not cut and not escaped twice.
    assert json.loads(chat.value("gen_ai.input.messages"))[0]["parts"][0]["content"] == QUESTION
    assert refused.status == (STATUS_ERROR, "429")
    (http,) = (span for span in found if span.name == "POST")
    assert http.parent_id == chat.span_id


@pytest.mark.parametrize("protocol", ["grpc", "http"])
@pytest.mark.parametrize("count", [1, 6], ids=["one_prompt", "batch_of_30_MB"])
def test_large_prompts_pass_whole(
    backend: Backend, collector: Collector, service: str, protocol: Protocol, count: int
) -> None:
    backend.start()
    spans = prompt_trace(service, PROMPT_BYTES, count)
    assert export(spans, collector, protocol)

    prompts = [span.value("gen_ai.input.messages") for span in delivered(backend, service, spans).values()]
    assert sum(len(prompt) >= PROMPT_BYTES for prompt in prompts if prompt) == count


def test_nothing_is_lost_while_jaeger_is_down_and_the_collector_dies(
    backend: Backend, collector: Collector, service: str
) -> None:
    before = [rag_trace(service) for _ in range(5)] + [prompt_trace(service, PROMPT_BYTES)]
    assert all(export(spans, collector) for spans in before)
    wait_until(
        lambda: "Exporting failed. Will retry" in collector.log(),
        what="the Collector has tried to send",
        seconds=DELIVERY_SECONDS,
    )
    collector.kill()
    collector.start()
    assert collector.metric("otelcol_exporter_queue_size") > PROMPT_BYTES
    after = rag_trace(service)
    assert export(after, collector)

    backend.start()
    delivered(backend, service, [span for spans in (*before, after) for span in spans])
    queued = "otelcol_exporter_queue_size"
    wait_until(lambda: collector.metric(queued) == 0, what="the queue is empty", seconds=DELIVERY_SECONDS)


def test_metrics_and_logs_are_accepted_and_their_content_is_not_printed(backend: Backend, collector: Collector) -> None:
    metrics = ExportMetricsServiceRequest()
    metric = metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="shop.orders")
    metric.sum.data_points.add(as_double=0.1)
    logs = ExportLogsServiceRequest()
    record = logs.resource_logs.add().scope_logs.add().log_records.add()
    record.body.string_value = "my secret prompt"

    for signal, message in (("metrics", metrics), ("logs", logs)):
        url = f"{collector.http_endpoint}/v1/{signal}"
        assert http_post(url, message.SerializeToString(), "application/x-protobuf") == 200

    for counter in ("metric_points", "log_records"):
        assert collector.metric(f"otelcol_receiver_accepted_{counter}") == 1
    assert "my secret prompt" not in collector.log()


def test_collector_says_nothing_of_deprecation_and_counts_under_the_documented_names(
    backend: Backend, collector: Collector, service: str
) -> None:
    backend.start()
    spans = rag_trace(service)
    assert export(spans, collector)
    delivered(backend, service, spans)

    assert "deprecat" not in collector.log().lower()
    assert collector.metric("otelcol_receiver_accepted_spans") == len(spans)
    wait_until(
        lambda: collector.metric("otelcol_exporter_sent_spans") == len(spans),
        what="the Collector has counted what it sent",
        seconds=DELIVERY_SECONDS,
    )
    assert collector.metric("otelcol_exporter_queue_capacity") == 1024**3


@pytest.mark.parametrize("backend", ["jaeger"], indirect=True)
def test_jaeger_knows_the_service_and_finds_the_trace_by_id(jaeger: Jaeger, collector: Collector, service: str) -> None:
    jaeger.start()
    spans = rag_trace(service)
    assert export(spans, collector)
    found = delivered(jaeger, service, spans)

    trace_id = next(iter(found.values())).trace_id
    assert service in jaeger.services()
    status, answer = jaeger.api(f"/api/v3/traces/{trace_id}")
    assert status == 200
    assert spans_of_json(answer["result"]["resourceSpans"]) == found
