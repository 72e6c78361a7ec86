"""What the Collector takes: the numbers of docs/scale.md. ``python -m tests.stack.measure``, for two minutes.

The demo's spans are sent again and again, through the shipped configuration to a Collector that throws them away. What
counts is processor time, which is the same on a busy machine. Content is kept where no row says otherwise.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .build_collector import build_collector, find_collector
from .collector import ROOT, Collector
from .otlp_receiver import OTLPReceiver
from .programs import Program, free_port, http_get, http_post, running, wait_until
from .telemetry import copies

BATCH = 500
SPANS = 200_000
SENDERS = 4
SECONDS = 300.0

CASES: dict[str, tuple[tuple[str, ...], dict[str, str | None]]] = {
    "default, content dropped": ((), {"OTELCOL_CONTENT": None}),
    "user ids deleted": ((), {}),
    "user ids to pseudonyms": ((), {"OTELCOL_USER_KEY": "0" * 64}),
    "tail sampling, everything kept": (
        ("tail-sampling",),
        {"OTELCOL_DECISION_WAIT": "5s", "OTELCOL_KEEP_PERCENT": "100"},
    ),
    "second tier: sampling alone": (
        ("scale/sampler", "tail-sampling"),
        {"OTELCOL_DECISION_WAIT": "5s", "OTELCOL_KEEP_PERCENT": "100"},
    ),
    "two destinations": (("jaeger", "tempo"), {}),
}


def demo_spans() -> ExportTraceServiceRequest:
    """All spans of the demo, in one message."""
    with running(OTLPReceiver()) as receiver:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{receiver.otlp_endpoint}", "OTEL_TRACES_EXPORTER": "otlp"}
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, ROOT / "examples" / "demo.py"]
            Program("demo", command, env=env, log=Path(folder) / "demo.log").run(SECONDS)
    merged = ExportTraceServiceRequest()
    merged.resource_spans.add().resource.CopyFrom(receiver.requests()[0].resource_spans[0].resource)
    for request in receiver.requests():
        for resource in request.resource_spans:
            merged.resource_spans[0].scope_spans.extend(resource.scope_spans)
    return merged


def measure(binary: Path, messages: list[bytes], overlays: tuple[str, ...], env: dict[str, str | None]) -> str:
    """One row: processor time per span, spans per second of one core, memory."""
    with tempfile.TemporaryDirectory() as folder:
        grpc, health = free_port(), free_port()
        sink = Program(
            "sink",
            [
                *(binary, f"--config=yaml:receivers::otlp::protocols::grpc::endpoint: 127.0.0.1:{grpc}"),
                "--config=yaml:exporters::nop: {}",
                f"--config=yaml:extensions::health_check::endpoint: 127.0.0.1:{health}",
                "--config=yaml:service::extensions: [health_check]",
                "--config=yaml:service::pipelines::traces: {receivers: [otlp], exporters: [nop]}",
                "--config=yaml:service::telemetry::metrics::level: none",
                "--config=yaml:receivers::otlp::protocols::grpc::max_recv_msg_size_mib: 64",
            ],
            env={},
            log=Path(folder) / "sink.log",
        )
        endpoint = f"127.0.0.1:{grpc}"
        collector = Collector(binary, Path(folder), endpoint, overlays, {"TEMPO_OTLP_ENDPOINT": endpoint, **env})
        try:
            sink.start(lambda: http_get(f"http://127.0.0.1:{health}")[0] == 200)
            collector.start()
            before, began = processor_seconds(collector), time.monotonic()
            url = f"{collector.http_endpoint}/v1/traces"

            def send(message: bytes) -> int:
                return http_post(url, message, "application/x-protobuf")

            with ThreadPoolExecutor(SENDERS) as pool:
                assert set(pool.map(send, messages)) == {200}
            destinations = 2 if "tempo" in overlays else 1
            sent = len(messages) * BATCH * destinations
            what = "everything has been sent"
            wait_until(lambda: collector.metric("otelcol_exporter_sent_spans") >= sent, what=what, seconds=SECONDS)
            took, used = time.monotonic() - began, processor_seconds(collector) - before
            memory = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{collector.pid}/status").read_text())
            assert memory is not None
            spans = len(messages) * BATCH
            a_core = f"{used / spans * 1e6:4.0f} us a span, {spans / used:7,.0f} spans/s a core"
            return f"{a_core}, {took:3.0f} s, {int(memory[1]) >> 10} MiB"
        finally:
            collector.stop()
            sink.stop()


def processor_seconds(collector: Collector) -> float:
    """What its process has used so far."""
    fields = Path(f"/proc/{collector.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the rows."""
    binary = find_collector() or build_collector()
    demo = demo_spans()
    spans = [span for scope in demo.resource_spans[0].scope_spans for span in scope.spans]
    calls = [span for span in spans if any(pair.key == "gen_ai.operation.name" for pair in span.attributes)]
    print(f"{len(spans)} spans of the demo, {sum(span.ByteSize() for span in spans) / len(spans):.0f} bytes each")
    print(f"{len(calls)} of models, {sum(span.ByteSize() for span in calls) / len(calls):.0f} bytes each")
    messages = list(copies(demo, SPANS // BATCH, BATCH))
    print(f"{sum(map(len, messages)) / SPANS:.0f} bytes a span in messages of {BATCH}")
    for name, (overlays, env) in CASES.items():
        print(f"{name:32} {measure(binary, messages, overlays, env)}", flush=True)


if __name__ == "__main__":
    main()
