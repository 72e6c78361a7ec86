"""Real programs that keep traces: what spans are sent to, and what ``--from`` calls them."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from ..cli.rag_app import otlp_lines
from .both_collector import BothCollector
from .build_collector import build_collector, find_collector
from .clickhouse.environment import EngineUnavailable, engine_python
from .clickhouse.server import ClickHouse
from .jaeger import NO_JAEGER, JaegerProgram, jaeger_binary
from .programs import running
from .tempo import Tempo, tempo_binary


@dataclass(frozen=True)
class TraceStore:
    """One that runs."""

    source: str
    """What ``--from`` calls it."""
    send: Callable[[Sequence[ReadableSpan]], None]


@contextmanager
def jaeger(directory: Path, *overlays: str) -> Generator[TraceStore]:
    """Jaeger in memory, where ``JAEGER_BIN`` names one."""
    binary = jaeger_binary()
    if binary is None:
        pytest.skip(NO_JAEGER)
    program = JaegerProgram(binary, directory, overlays, {"JAEGER_BADGER_DIR": str(directory / "disk")})
    with running(program):
        yield TraceStore(f"jaeger+{program.url}", _by_grpc(f"http://{program.otlp_endpoint}"))


def jaeger_on_disk(directory: Path) -> AbstractContextManager[TraceStore]:
    """Whose store looks through the spans of one service at a time."""
    return jaeger(directory, "badger.yaml")


@contextmanager
def tempo(directory: Path) -> Generator[TraceStore]:
    """Tempo, where ``TEMPO_BIN`` names one."""
    program = Tempo(tempo_binary(), directory)
    with running(program):
        yield TraceStore(f"tempo+{program.url}", _by_grpc(program.otlp_endpoint))


@contextmanager
def clickhouse(directory: Path) -> Generator[TraceStore]:
    """ClickHouse's engine, filled by the Collector's exporter."""
    try:
        python = engine_python()
    except EngineUnavailable as unavailable:
        pytest.skip(str(unavailable))
    with running(ClickHouse(python, directory)) as server:

        def send(spans: Sequence[ReadableSpan]) -> None:
            with running(BothCollector(find_collector() or build_collector(), directory, server)) as collector:
                for line in otlp_lines(spans).splitlines():
                    collector.send(json.loads(line))

        yield TraceStore(f"{server.url.replace('http:', 'clickhouse:')}/otel", send)


STORES: Final = {"jaeger": jaeger, "jaeger on disk": jaeger_on_disk, "tempo": tempo, "clickhouse": clickhouse}


def _by_grpc(endpoint: str) -> Callable[[Sequence[ReadableSpan]], None]:
    def send(spans: Sequence[ReadableSpan]) -> None:
        exporter = OTLPSpanExporter(endpoint, insecure=True, timeout=30)
        assert exporter.export(spans) is SpanExportResult.SUCCESS
        exporter.shutdown()  # pyright: ignore[reportUnknownMemberType]

    return send
