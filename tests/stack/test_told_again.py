"""Calls that several instrumentations tell of, on ClickHouse's engine as on DuckDB; and traces with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from otel_genai_instr.page.waterfall import waterfall
from otel_genai_instr.reports.asked import Asked
from otel_genai_instr.reports.clickhouse.tables import clickhouse_tables
from otel_genai_instr.reports.tables import rows_of
from otel_genai_instr.reports.traces.in_clickhouse import TracesInClickHouse
from otel_genai_instr.reports.traces.trace_list import Limits, newest
from otel_genai_instr.trace_words import counted

from ..reports.lines import DAY, NOON
from ..reports.told import CASES, Said, span_id
from .clickhouse.environment import EngineUnavailable, engine_python
from .clickhouse.server import ClickHouse
from .programs import running

pytestmark = pytest.mark.stack

TABLE = """
    CREATE TABLE otel.otel_traces (
        Timestamp DateTime64(9), TraceId String, SpanId String, ParentSpanId String, SpanName String,
        ServiceName String, ScopeName String, Duration UInt64, StatusCode String, StatusMessage String,
        ResourceAttributes Map(String, String), SpanAttributes Map(String, String),
        Events Nested(Timestamp DateTime64(9), Name String, Attributes Map(String, String))
    ) ENGINE = MergeTree ORDER BY Timestamp
"""
INSERT = """
    INSERT INTO otel.otel_traces
    (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, ScopeName, Duration, SpanAttributes) VALUES
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        python = engine_python()
    except EngineUnavailable as unavailable:
        pytest.skip(str(unavailable))
    with running(ClickHouse(python, tmp_path_factory.mktemp("told"))) as server:
        server.ask("CREATE DATABASE otel")
        server.ask(TABLE)
        rows = [_row(said, n, at) for at, (spans, _) in enumerate(CASES.values()) for n, said in enumerate(spans, 1)]
        server.ask(INSERT + ", ".join(rows))
        yield f"{server.url.replace('http:', 'clickhouse:')}/otel"


def _row(said: Said, number: int, at: int) -> str:
    tokens = zip(("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"), said.tokens, strict=True)
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": said.model}
    attributes |= {name: str(count) for name, count in tokens if count is not None}
    if said.response:
        attributes["gen_ai.response.id"] = said.response
    pairs = ", ".join(f"'{name}', '{value}'" for name, value in attributes.items()) if said.is_call else ""
    cells = (
        f"{NOON + timedelta(milliseconds=said.begin):%Y-%m-%d %H:%M:%S.%f}",
        *(f"{at + 1:032x}", span_id(number), span_id(said.parent), "span", said.scope),
    )
    words = ", ".join(f"'{cell}'" for cell in cells)
    return f"({words}, {round((said.end - said.begin) * 1e6)}, map({pairs}))"


def test_the_same_calls_count(url: str) -> None:
    calls = clickhouse_tables(url, DAY).calls
    found = {(row["trace_id"], row["span_id"]) for row in rows_of(calls.select("trace_id", "span_id"))}
    counted = [numbers for _, numbers in CASES.values()]
    assert found == {(f"{at + 1:032x}", span_id(n)) for at, numbers in enumerate(counted) for n in numbers}


def test_a_trace_is_read_whole(url: str) -> None:
    trace = TracesInClickHouse(partial(clickhouse_tables, url), "ClickHouse").read(f"{1:032x}")
    assert [span.span_id for span in trace.spans] == [span_id(1), span_id(2)]


def test_the_page_of_a_trace_counts_them_too(url: str) -> None:
    traces = TracesInClickHouse(partial(clickhouse_tables, url), "ClickHouse")
    for at, (_, numbers) in enumerate(CASES.values()):
        assert waterfall(traces.read(f"{at + 1:032x}"), 100).figures[3] == counted(len(numbers), "call")


def test_traces_are_listed_with_their_length(url: str) -> None:
    listed = newest(clickhouse_tables(url, DAY), Asked(DAY), Limits(), None, 100)
    lengths = {row["trace_id"]: (row["duration_ms"], row["calls"]) for row in listed}
    assert lengths == {
        f"{at + 1:032x}": (max(said.end for said in spans) - min(said.begin for said in spans), len(counted))
        for at, (spans, counted) in enumerate(CASES.values())
    }
