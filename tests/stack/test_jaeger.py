"""Jaeger with the overlays of deploy/jaeger/. The Monitor tab is in test_up.py, with a Prometheus to read from."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExportResult

from .jaeger import NO_JAEGER, JaegerProgram, jaeger_binary
from .programs import running, wait_until
from .telemetry import rag_trace

pytestmark = pytest.mark.stack


@pytest.fixture
def jaeger_program() -> Path:
    """What ``JAEGER_BIN`` names; without one the test is skipped."""
    binary = jaeger_binary()
    if binary is None:
        pytest.skip(NO_JAEGER)
    return binary


@pytest.mark.parametrize("overlays", [(), ("badger.yaml",)], ids=["memory", "badger"])
def test_traces_on_disk_are_there_after_a_restart(
    jaeger_program: Path, tmp_path: Path, overlays: tuple[str, ...]
) -> None:
    jaeger = JaegerProgram(jaeger_program, tmp_path, overlays, {"JAEGER_BADGER_DIR": str(tmp_path / "disk")})
    spans = rag_trace("shop")
    with running(jaeger):
        exporter = OTLPSpanExporter(f"http://{jaeger.otlp_endpoint}", insecure=True, timeout=30)
        assert exporter.export(spans) is SpanExportResult.SUCCESS
        exporter.shutdown()  # pyright: ignore[reportUnknownMemberType]
        wait_until(lambda: len(jaeger.find("shop")) == len(spans), what="Jaeger has the spans", seconds=30)
        jaeger.stop()
        jaeger.start()
        assert len(jaeger.find("shop")) == (len(spans) if overlays else 0)


def test_all_overlays_together_are_one_configuration(jaeger_program: Path, tmp_path: Path) -> None:
    env = {"JAEGER_BADGER_DIR": str(tmp_path / "disk"), "JAEGER_PROMETHEUS_URL": "http://127.0.0.1:9"}
    jaeger = JaegerProgram(jaeger_program, tmp_path, ("monitor.yaml", "badger.yaml"), env)
    with running(jaeger):
        # It asks that Prometheus, which is nowhere; without the overlay it would say that there is none to ask (501).
        status, _ = jaeger.api(
            "/api/metrics/calls?service=shop&spanKind=server&lookback=60000&step=15000&ratePer=60000"
        )
        assert status == 500
