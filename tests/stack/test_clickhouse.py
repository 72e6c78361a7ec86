"""The Collector's exporter writes into ClickHouse's real engine; every statement of docs/clickhouse.md runs there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from .clickhouse.environment import EngineUnavailable, engine_python
from .clickhouse.server import ClickHouse, statements
from .clickhouse.shop import Shop
from .collector import Collector
from .passing import KEY, pseudonym
from .programs import running, wait_until

pytestmark = pytest.mark.stack

WRITTEN_SECONDS = 60.0
WRITTEN = {"spans": 20, "costs": 6, "events": 3}
"""Ten spans twice; the series of the cost, two on the first day and four on the second; two evaluations, an error."""
COUNT = """
    SELECT
        (SELECT count() FROM otel.otel_traces) AS spans,
        (SELECT count() FROM otel.otel_metrics_histogram WHERE MetricName = 'gen_ai.client.operation.cost') AS costs,
        (SELECT count() FROM otel.otel_logs) AS events
"""
OLDER_PROCESS = """
    INSERT INTO otel.otel_metrics_histogram (MetricName, Attributes, StartTimeUnix, TimeUnix, Sum)
    SELECT 'gen_ai.client.operation.cost', map('app.feature', 'old'), now() - 2592000, now() - days * 86400, sum
    FROM values('days UInt32, sum Float64', (9, 3), (6, 5), (1, 7))
"""
"""It began a month ago: of its 7 it spent 2 since the first total of the last seven days."""


@pytest.fixture(scope="module")
def shop_and_clickhouse(
    collector_binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Shop, ClickHouse]]:
    """The engine with the shop's telemetry, as the Collector has written it; what the page creates was there before."""
    try:
        python = engine_python()
    except EngineUnavailable as unavailable:
        pytest.skip(str(unavailable))
    directory = tmp_path_factory.mktemp("clickhouse")
    clickhouse = ClickHouse(python, directory)
    env = {"CLICKHOUSE_ENDPOINT": f"{clickhouse.url}?compress=none", "OTELCOL_USER_KEY": KEY}
    collector = Collector(collector_binary, directory, "nowhere.invalid:4317", ["clickhouse"], env)
    with running(clickhouse), running(collector):
        for _, statement in statements():
            if statement.startswith("CREATE "):
                assert clickhouse.ask(statement) == []
        shop = Shop(collector.grpc_endpoint)
        shop.live()
        wait_until(lambda: clickhouse.ask(COUNT) == [WRITTEN], what=f"rows: {WRITTEN}", seconds=WRITTEN_SECONDS)
        assert clickhouse.ask(OLDER_PROCESS) == []
        yield shop, clickhouse


def expected(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """The answers, by the heading of the question."""
    first, second = (f"{shop.noon + timedelta(days=day):%Y-%m-%d}" for day in (0, 1))
    # gpt-4o-mini: 6000 x 0.15 + 4000 x 0.075 + 500 x 0.60; gpt-4o: 2000 x 2.50 + 300 x 10, and
    # 3000 x 2.50 + 1000 x 1.25 + 1000 x 10; embeddings: 9 x 0.02. All for a million.
    return {
        "Cost by day, feature and model": [
            {"day": first, "feature": "search", "model": "gpt-4o", "currency": "USD", "spent": 0.008, "calls": 1},
            {"day": first, "feature": "search", "model": "gpt-4o-mini", "currency": "USD", "spent": 0.0015, "calls": 1},
            {"day": second, "feature": "report", "model": "gpt-4o", "currency": "USD", "spent": 0.01875, "calls": 1},
            {
                **{"day": second, "feature": "report", "model": "text-embedding-3-small", "currency": "USD"},
                **{"spent": 0.00000018, "calls": 1},
            },
        ],
        "The most expensive calls": [
            {
                **{"trace": f"4bf92f3577b34da6a3ce929d0e0e470{number}", "service": "shop", "feature": feature},
                **{"model": model, "spent": spent, "currency": "USD", "input": tokens, "output": output},
            }
            for number, feature, model, spent, tokens, output in (
                (3, "report", "gpt-4o", 0.01875, 4_000, 1_000),
                (2, "search", "gpt-4o", 0.008, 2_000, 300),
                (1, "search", "gpt-4o-mini", 0.0015, 10_000, 500),
            )
        ],
        "Cost by user": [
            {"user": pseudonym("bob"), "currency": "USD", "spent": 0.01875018, "calls": 2, "conversations": 1},
            {"user": pseudonym("ann"), "currency": "USD", "spent": 0.0095, "calls": 2, "conversations": 1},
        ],
        "A conversation": [
            {
                **{"at": f"{first} 12:{at}.000000000", "operation": "chat", "model": model, "took": took},
                **{"input": tokens, "output": output, "spent": spent, "error": ""},
            }
            for at, model, took, tokens, output, spent in (
                ("00:00", "gpt-4o-mini", 1, 10_000, 500, 0.0015),
                ("01:01", "gpt-4o", 2, 2_000, 300, 0.008),
            )
        ],
        "A trace": [
            {"SpanName": name, "SpanKind": kind, "took": took, "StatusCode": "Unset"}
            for name, kind, took in (
                ("invoke_workflow report", "Internal", 3.85),
                ("invoke_agent writer", "Internal", 3.6),
                ("chat gpt-4o", "Client", 3),
                ("execute_tool look", "Internal", 0.5),
                ("embeddings text-embedding-3-small", "Client", 0.1),
            )
        ],
        "Runs of agents": [
            {
                **{"agent": "writer", "runs": 1, "model_calls": 1, "tool_calls": 1},
                **{"currency": "USD", "spent": 0.01875018, "without_price": 0},
            },
            {
                **{"agent": "theirs", "runs": 1, "model_calls": 0, "tool_calls": 0},
                **{"currency": "", "spent": 0, "without_price": 0},
            },
        ],
        "Failures by error": [
            {
                **{"provider": "openai", "model": "gpt-4o-mini", "error": "openai.RateLimitError"},
                **{"failures": 1, "last": f"{second} 12:00:03.850000000"},
            }
        ],
        "Latency, first chunk and share of failures by model": [
            {"model": "gpt-4o", "calls": 2, "failed": 0, "p50": 2.5, "p95": 2.95, "first_chunk_p95": 0.4},
            {"model": "gpt-4o-mini", "calls": 2, "failed": 0.5, "p50": 1, "p95": 1, "first_chunk_p95": None},
            {"model": "our-own", "calls": 1, "failed": 0, "p50": 2, "p95": 2, "first_chunk_p95": None},
        ],
        "Tokens by kind": [
            {
                **{"model": model, "fresh_input": fresh, "read_from_cache": cached, "written_to_cache": 0},
                **{"answers": answered, "thinking": thinking},
            }
            for model, fresh, cached, answered, thinking in (
                ("gpt-4o", 5_000, 1_000, 900, 400),
                ("gpt-4o-mini", 6_000, 4_000, 500, 0),
                ("our-own", 100, 0, 20, 0),
                ("text-embedding-3-small", 9, 0, 0, 0),
            )
        ],
        "Share of the input that came from the cache": [
            {"feature": "search", "model": "gpt-4o-mini", "cached": 0.4},
            {"feature": "report", "model": "gpt-4o", "cached": 0.25},
            {"feature": "search", "model": "gpt-4o", "cached": 0},
            {"feature": "search", "model": "our-own", "cached": 0},
        ],
        "Calls without a price": [
            {"why": "unknown_model", "provider": "openai", "model": "our-own", "calls": 1, "tokens": 120}
        ],
        "Spans that came twice": [{"copies": 10}],
        "Cost from the metrics": [
            {"feature": "old", "model": "", "currency": "", "total": 2},
            {"feature": "report", "model": "gpt-4o", "currency": "USD", "total": 0.01875},
            {"feature": "search", "model": "gpt-4o", "currency": "USD", "total": 0.008},
            {"feature": "search", "model": "gpt-4o-mini", "currency": "USD", "total": 0.0015},
            {"feature": "report", "model": "text-embedding-3-small", "currency": "USD", "total": 0.00000018},
        ],
        "Quality": [{"evaluation": "relevance", "judged": 2, "mean": 0.7, "failed": 1}],
        "Keep traces for 90 days": [],
        "How long each table keeps its rows": [
            {"name": "otel_logs", "keeps": "Day(30)"},
            {"name": "otel_metrics_exponential_histogram", "keeps": "Day(30)"},
            {"name": "otel_metrics_gauge", "keeps": "Day(30)"},
            {"name": "otel_metrics_histogram", "keeps": "Day(30)"},
            {"name": "otel_metrics_sum", "keeps": "Day(30)"},
            {"name": "otel_metrics_summary", "keeps": "Day(30)"},
            {"name": "otel_traces", "keeps": "Day(90)"},
            {"name": "otel_traces_trace_id_ts", "keeps": "Day(90)"},
        ],
        "Costs that outlive their traces": [
            {"service": "shop", "model": "gpt-4o", "currency": "USD", "spent": 0.02675},
            {"service": "shop", "model": "gpt-4o-mini", "currency": "USD", "spent": 0.0015},
            {"service": "shop", "model": "text-embedding-3-small", "currency": "USD", "spent": 0.00000018},
        ],
    }


def test_every_statement_of_the_page_answers_as_written_by_hand(shop_and_clickhouse: tuple[Shop, ClickHouse]) -> None:
    shop, clickhouse = shop_and_clickhouse
    answers = expected(shop)
    asked: set[str] = set()
    for heading, statement in statements():  # in their order: one of them alters what a later one reads
        if not statement.startswith("CREATE "):
            assert clickhouse.ask(statement) == answers[heading], heading
            asked.add(heading)
    assert asked == answers.keys()
