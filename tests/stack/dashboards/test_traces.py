"""The TraceQL of every panel finds what it asks for, in a real Tempo where ``TEMPO_BIN`` names one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExportResult

from otel_genai_instr.semconv import attributes as names
from otel_genai_instr.semconv import own

from ...deploy.files import DASHBOARDS, dashboard, targets
from ..programs import wait_until
from ..telemetry import Call, calls_trace
from ..test_tempo import FOUND_SECONDS, Tempo, tempo_binary
from .questions import EVERYTHING, filled

pytestmark = pytest.mark.stack

VARIABLES = {**EVERYTHING, "expensive": "0.05", "slow": "10s"}
QUERIES = [
    pytest.param(filled(target["query"], VARIABLES), id=f"{path.stem}: {title}")
    for path in DASHBOARDS
    for title, target in targets(dashboard(path), "tempo")
]
CALL = Call(
    {
        names.OPERATION_NAME: "chat",
        names.REQUEST_MODEL: "gpt-5",
        names.RESPONSE_FINISH_REASONS: ("stop", "length"),
        names.USAGE_COST_AMOUNT: 0.6,
        names.USAGE_COST_CURRENCY: "USD",
        names.USER_ID: "u-1",
        own.REQUEST_ATTEMPTS: 2,
    },
    seconds=11,
)
FAILED = Call({names.OPERATION_NAME: "chat", names.ERROR_TYPE: "openai.RateLimitError"}, failed=True)


@pytest.fixture(scope="module")
def tempo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tempo]:
    """A Tempo that has the calls."""
    tempo = Tempo(tempo_binary(), tmp_path_factory.mktemp("tempo"))
    try:
        tempo.start()
        exporter = OTLPSpanExporter(tempo.otlp_endpoint, insecure=True, timeout=30)
        assert exporter.export(calls_trace("shop", (CALL, FAILED))) is SpanExportResult.SUCCESS
        exporter.shutdown()  # pyright: ignore[reportUnknownMemberType]
        yield tempo
    finally:
        tempo.stop()


@pytest.mark.parametrize("query", QUERIES)
def test_it_finds_something(tempo: Tempo, query: str) -> None:
    is_over_time = "_over_time(" in query or "rate()" in query

    def found() -> list[Any]:
        now = int(time.time())
        if is_over_time:
            span = {"start": str(now - 600), "end": str(now + 60), "step": "60s"}
            status, body = tempo.get("/api/metrics/query_range", q=query, **span)
        else:
            status, body = tempo.get("/api/search", q=query)
        assert status == 200, body
        return json.loads(body).get("series" if is_over_time else "traces", [])

    wait_until(lambda: bool(found()), what=query, seconds=FOUND_SECONDS)
