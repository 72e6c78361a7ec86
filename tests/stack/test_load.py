"""50,000 spans in and 50,000 out, although Collector and backend die on the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .collector import Collector
from .otlp_receiver import OTLPReceiver
from .programs import http_post, wait_until
from .telemetry import copies, rag_trace

pytestmark = pytest.mark.stack

SPANS = 50_000
BATCH = 500
"""Spans in a message; the SDK's own limit is 512."""
SENDERS = 8
SECONDS = 120.0


def batches() -> list[bytes]:
    """The messages with all spans, traces of a RAG service each, under ids of their own."""
    return list(copies(encode_spans(rag_trace("shop")), SPANS // BATCH, BATCH))


def ids_of(batch: bytes) -> set[bytes]:
    """The span ids in a message."""
    request = ExportTraceServiceRequest.FromString(batch)
    return {
        span.span_id for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans
    }


def test_every_span_arrives_although_collector_and_backend_die(
    run_collector: Callable[..., Collector], receiver: OTLPReceiver
) -> None:
    messages = batches()
    collector = run_collector(receiver.otlp_endpoint)
    accepted = threading.Semaphore(0)
    unanswered: list[bytes] = []

    def send(message: bytes) -> None:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            try:
                if http_post(f"{collector.http_endpoint}/v1/traces", message, "application/x-protobuf") == 200:
                    accepted.release()
                    return
            except OSError:
                unanswered.append(message)
            time.sleep(0.1)
        raise TimeoutError("the Collector has not taken a message")

    def after(messages: int) -> None:
        for _ in range(messages):
            assert accepted.acquire(timeout=SECONDS)

    quarter = len(messages) // 4
    with ThreadPoolExecutor(SENDERS) as pool:
        sending = [pool.submit(send, message) for message in messages]
        after(quarter)
        receiver.stop()
        after(quarter)
        # With spans on its disk and no backend to give them to.
        collector.kill()
        collector.start()
        assert collector.metric("otelcol_exporter_queue_size") > 0
        after(quarter)
        receiver.start()
        collector.kill()
        collector.start()
        for sent in sending:
            sent.result()

    assert unanswered, "the Collector died when all had been said"

    expected = set[bytes]().union(*map(ids_of, messages))
    assert len(expected) == SPANS
    wait_until(lambda: len(receiver.arrivals()) >= SPANS, what=f"all {SPANS} spans", seconds=SECONDS)
    arrivals = receiver.arrivals()
    assert arrivals.keys() == expected
    # Allowed: what was on its way when somebody died is sent again. But no more than that.
    duplicates = arrivals.total() - SPANS
    print(f"{duplicates} of {SPANS} spans arrived twice")
    assert duplicates < SPANS / 2
    wait_until(lambda: collector.metric("otelcol_exporter_queue_size") == 0, what="an empty queue", seconds=SECONDS)
    assert collector.metric("otelcol_exporter_send_failed_spans") == 0
