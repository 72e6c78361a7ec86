"""Every query of every panel has a result, in a real Prometheus with a day of two services and what a Collector makes.

With ``DASHBOARD_PICTURES`` set to a folder, the results are drawn there.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

import otel_genai_instr as genai

from ...deploy.allowed import COMMON_LABELS, span_series
from ...deploy.files import DASHBOARDS, RULES, dashboard, panels, rules
from ...deploy.one_run import emitted
from ...deploy.prometheus_names import series
from ...support.capture import Capture
from ..build_prometheus import PrometheusPrograms
from ..collector import Collector
from ..otlp_receiver import OTLPReceiver
from ..programs import free_port, running, wait_until
from .history import HOUR, LENGTH, tell
from .pictures import draw
from .prometheus import Prometheus
from .questions import all_asked

pytestmark = pytest.mark.stack

ARRIVAL_SECONDS = 60.0
SENDINGS = 6


@dataclass
class Filled:
    """Prometheus, and the moment until which it holds something."""

    prometheus: Prometheus
    now: float


@pytest.fixture(scope="module")
def filled(
    prometheus: PrometheusPrograms, collector_binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    """The day is told, what the rules would have recorded is recorded, and the Collector has some spans."""
    directory = tmp_path_factory.mktemp("dashboards")
    port = free_port()
    server, backend = Prometheus(prometheus, directory, scraped=[port]), OTLPReceiver()
    collector = Collector(
        collector_binary,
        directory,
        backend.otlp_endpoint,
        overlays=["prometheus", "jaeger", "file"],
        env={
            "PROMETHEUS_OTLP_ENDPOINT": server.otlp_endpoint,
            "OTELCOL_METRICS_PORT": str(port),
            "OTELCOL_FILE_DIR": str(directory / "files"),
        },
    )
    with running(server), running(backend):
        told: list[ExportMetricsServiceRequest] = []
        tell(Capture(), told.append)
        for request in told:
            server.take(request)
        for recordings in _recordings_read():
            server.record_the_past(recordings, time.time() - LENGTH, time.time())
        # What was not yet in a block when blocks of the same time were put beside it is gone, exemplars with it.
        for request in told[-len(told) * 2 // 3 :]:
            server.take(request)
        with running(collector):
            for _ in range(SENDINGS):
                _send_through(collector)
                time.sleep(2)
            for counter in ("otel_genai_span_cost_total", "otel_genai_span_refusals_total"):
                wait_until(
                    partial(server.has, f"increase({counter}[5m]) > 0"),
                    what=f"Prometheus has {counter}, which the Collector makes of spans",
                    seconds=ARRIVAL_SECONDS,
                )
            yield Filled(server, time.time())


def _recordings_read() -> Sequence[Sequence[Any]]:
    """The recordings that dashboards read: first those that are made of metrics, then those that read these."""
    every = {rule["record"]: rule for path in RULES for rule in rules(path) if "record" in rule}

    def read_by(text: str) -> set[str]:
        return {name for name in every if re.search(rf"(?<![\w:]){name}(?![\w:])", text)}

    levels = [read_by("".join(path.read_text() for path in DASHBOARDS))]
    while deeper := {name for one in levels[-1] for name in read_by(every[one]["expr"])}:
        levels = [*(level - deeper for level in levels), deeper]
    return [[every[name] for name in sorted(level)] for level in reversed(levels)]


def _send_through(collector: Collector) -> None:
    """A trace, metrics and an event of a live app, by the SDK's own exporters."""
    resource = Resource({"service.name": "shop", "service.instance.id": "live"})
    spans = TracerProvider(resource=resource, shutdown_on_exit=False)
    spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=collector.grpc_endpoint, insecure=True)))
    exporter = OTLPMetricExporter(endpoint=collector.grpc_endpoint, insecure=True)
    metrics = MeterProvider([PeriodicExportingMetricReader(exporter)], resource=resource, shutdown_on_exit=False)
    logs = LoggerProvider(resource=resource, shutdown_on_exit=False)
    logs.add_log_record_processor(
        BatchLogRecordProcessor(OTLPLogExporter(endpoint=collector.grpc_endpoint, insecure=True))
    )
    genai.instrument(tracer_provider=spans, meter_provider=metrics, logger_provider=logs)
    about = genai.attribute(feature="search"), genai.prompt("answer", version="7")
    with about[0], about[1], genai.workflow("answer"), genai.inference("openai", "gpt-4o") as call:
        call.usage(input_tokens=1000, output_tokens=100)
        call.response(finish_reasons=["content_filter"])
    genai.evaluate(call, "relevance", score=0.9, label="pass", evaluator="judge")
    genai.uninstrument()
    for provider in (spans, metrics, logs):
        provider.force_flush()
        provider.shutdown()


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_query_has_a_result(path: Path, filled: Filled) -> None:
    without: list[str] = []
    for title, question in all_asked(dashboard(path)):
        found: list[Any]
        if question.is_of_now:
            found = filled.prometheus.instant(question.expression, filled.now)
        else:
            found = filled.prometheus.over(question.expression, filled.now - 6 * HOUR, filled.now, 60)
        if not found:
            without.append(f"{title}: {question.expression}")
    assert without == []


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_numbers_are_one_number(path: Path, filled: Filled) -> None:
    for title, question in all_asked(dashboard(path)):
        if question.is_of_now:
            assert len(filled.prometheus.instant(question.expression, filled.now)) == 1, title


def test_prometheus_has_the_names_that_the_names_test_expects(filled: Filled) -> None:
    """The translation of tests/deploy is that of the real one."""
    capture = Capture()
    made, _ = span_series()
    expected = {**series(emitted(capture).metrics, ()), **made}
    capture.uninstrument()
    found = filled.prometheus.instant('{service_name="shop"}', filled.now)
    here: set[str] = {one["metric"]["__name__"] for one in found}
    ours = {name for name in here if name.startswith(("gen_ai_", "otel_genai_", "traces_")) and ":" not in name}
    assert len(ours) > 40
    assert ours <= expected.keys()
    for one in found:
        name = one["metric"]["__name__"]
        if name in ours:
            assert one["metric"].keys() - {"__name__"} <= expected[name] | COMMON_LABELS, name


def test_dashboards_are_drawn(filled: Filled, tmp_path: Path) -> None:
    folder = Path(os.environ.get("DASHBOARD_PICTURES") or tmp_path)
    for path in DASHBOARDS:
        board: Any = dashboard(path)
        drawn = draw(board, filled.prometheus, filled.now)
        (folder / f"{path.stem}.svg").write_text(drawn)
        assert drawn.count('class="panel"') == len(panels(board))
