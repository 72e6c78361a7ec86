"""Every report on both engines, asked of what one Collector wrote into files and into ClickHouse: equal answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import ibis
import pytest

from otel_genai_instr.reports.asked import Asked, Window, condition_from
from otel_genai_instr.reports.clickhouse.tables import clickhouse_tables
from otel_genai_instr.reports.computed.all import ANSWERS, Options
from otel_genai_instr.reports.computed.watch import LOOK_BACK
from otel_genai_instr.reports.exceptions import Unanswered
from otel_genai_instr.reports.names import REPORTS
from otel_genai_instr.reports.stored.tables import stored_tables
from otel_genai_instr.reports.tables import Tables, rows_of

from ..reports.lines import read
from ..support.comparing import differences
from .both_collector import BothCollector
from .clickhouse.environment import EngineUnavailable, engine_python
from .clickhouse.server import ClickHouse
from .clickhouse.weeks import LAST_WEEK, LONG_AGO, documents
from .programs import running

pytestmark = pytest.mark.stack

LARGE: Final = 10_000
"""Rows of a group from which on estimates differ from what is exact."""


@dataclass(frozen=True)
class Stores:
    """The same telemetry in both."""

    duckdb: Tables
    clickhouse: Tables
    url: str
    server: ClickHouse


@pytest.fixture(scope="module")
def stores(collector_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    try:
        python = engine_python()
    except EngineUnavailable as unavailable:
        pytest.skip(str(unavailable))
    directory = tmp_path_factory.mktemp("engines")
    with running(ClickHouse(python, directory)) as server:
        with running(BothCollector(collector_binary, directory, server)) as collector:
            for document in documents():
                collector.send(document)
        cache = directory / "cache"
        url = f"{server.url.replace('http:', 'clickhouse:')}/otel"
        yield Stores(
            stored_tables(read(collector.file, cache), cache),
            clickhouse_tables(url, LAST_WEEK.reaching_back(LOOK_BACK)),
            url,
            server,
        )


ELSEWHERE: Final = "elsewhere, by week and feature, under conditions"
WAYS: Final[dict[str, Callable[[str], Asked]]] = {
    "as it is asked": lambda name: Asked(LAST_WEEK, REPORTS[name].by),
    ELSEWHERE: lambda _: Asked(
        LAST_WEEK,
        ("week", "feature"),
        tuple(map(condition_from, ("user~user-1", "model!=house-llm", "duration_ms>10"))),
        ZoneInfo("America/New_York"),
    ),
}


@pytest.mark.parametrize(
    ("name", "way"),
    # The second way for those that answer within seconds: it is one of zones, periods and conditions, which all share.
    # The day's report is made of the others.
    [
        *((name, "as it is asked") for name in ANSWERS if name != "daily"),
        *((name, ELSEWHERE) for name in ("cost", "latency", "tools")),
    ],
)
def test_a_report_says_the_same_on_both_engines(stores: Stores, name: str, way: str) -> None:
    expected, found = (
        ANSWERS[name](tables, WAYS[way](name), Options(daily_budget=1.0))
        for tables in (stores.duckdb, stores.clickhouse)
    )
    assert expected.rows
    assert differences(expected.as_json(), found.as_json()) == []
    assert (
        differences(
            {key: (section.title, section.note) for key, section in expected.sections.items()},
            {key: (section.title, section.note) for key, section in found.sections.items()},
        )
        == []
    )


def test_the_tables_are_the_same_cell_by_cell(stores: Stores) -> None:
    window = LAST_WEEK.reaching_back(LOOK_BACK)
    places = ("row_id", "line_at")  # of a file
    for table, moment, keys in (
        ("spans", "started_at", ("trace_id", "span_id")),
        ("calls", "started_at", ("trace_id", "span_id")),
        ("scores", "at", ("at", "response_id", "name")),
    ):
        expected, found = (
            rows_of(window.of(each, moment).order_by(*keys))
            for each in (getattr(stores.duckdb, table), getattr(stores.clickhouse, table))
        )
        assert len(expected) > 1000
        for row in (*expected, *found):
            for place in places:
                row.pop(place, None)
        assert differences(expected, found) == [], table


def test_a_group_is_large_enough_to_tell_what_is_exact_from_an_estimate(stores: Stores) -> None:
    calls = LAST_WEEK.of(stores.clickhouse.calls)
    groups = rows_of(calls.group_by("model").aggregate(calls=calls.count()))
    assert max(row["calls"] for row in groups) > LARGE


def test_a_cost_that_nobody_recorded_stays_unknown(stores: Stores) -> None:
    window = Window(LONG_AGO.start, LONG_AGO.end)
    tables = clickhouse_tables(stores.url, window)
    found = tables.calls.group_by("unpriced_reason").aggregate(
        calls=tables.calls.count(), cost=tables.calls["cost"].sum()
    )
    assert sorted(rows_of(found), key=str) == [
        {"unpriced_reason": "no_usage", "calls": 3, "cost": None},
        {"unpriced_reason": "not_recorded", "calls": 7, "cost": None},
    ]


def test_days_that_are_not_asked_for_are_not_read(stores: Stores) -> None:
    two_days = Window(LAST_WEEK.start, LAST_WEEK.start.replace(day=LAST_WEEK.start.day + 1, hour=12))
    tables = clickhouse_tables(stores.url, two_days)
    for table in (tables.calls, tables.scores):
        question = table.get_backend().compile(table.aggregate(rows=table.count()))
        plan = [row["explain"] for row in stores.server.ask(f"USE otel; EXPLAIN indexes = 1 {question}")]
        read_parts, parts = next(line.split()[-1].split("/") for line in plan if "Parts:" in line)
        assert 0 < int(read_parts) < int(parts) / 5


def test_a_place_without_the_tables_says_so(stores: Stores) -> None:
    with pytest.raises(Unanswered, match="has no table otel_traces"):
        clickhouse_tables(stores.url.replace("/otel", "/system"), LAST_WEEK)
    stores.server.ask("CREATE DATABASE by_json")
    stores.server.ask("CREATE TABLE by_json.otel_traces (Timestamp DateTime64(9), SpanAttributes JSON) ENGINE = Memory")
    with pytest.raises(Unanswered, match="`json: true`"):
        clickhouse_tables(stores.url.replace("/otel", "/by_json"), LAST_WEEK)


def _without_partner(calls: Any) -> Any:
    failed = calls.filter(calls["failed"])
    failed = failed.group_by(failed_id="span_id").aggregate(rows=failed.count(), any=failed["failed"].any())
    return calls.left_join(failed, calls["span_id"] == failed["failed_id"]).select("span_id", "rows", "any")


QUESTIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "quantiles": lambda calls: calls.group_by("model").aggregate(
        p95=calls["duration_ms"].quantile(0.95),
        tokens=calls["input_tokens"].quantile(0.9),
        chunk=calls["first_chunk_ms"].median(),
        failed=calls["duration_ms"].quantile(0.5, where=calls["failed"]),
        none=calls["duration_ms"].quantile(0.5, where=calls["model"] == "nobody"),
    ),
    "of nothing": lambda calls: (
        lambda none: none.aggregate(
            rows=none.count(),
            sum=none["cost"].sum(),
            tokens=none["input_tokens"].sum(),
            failures=none["failed"].cast("int64").sum(),
            mean=none["cost"].mean(),
            least=none["started_at"].min(),
            name=none["trace_id"].max(),
            spread=none["cost"].std(),
            like=none["cost"].corr(none["duration_ms"], how="pop"),
        )
    )(calls.filter(calls["model"] == "nobody")),
    "of one": lambda calls: calls.group_by("span_id").aggregate(
        spread=calls["cost"].std(), variance=calls["cost"].var()
    ),
    "spread": lambda calls: calls.group_by("model").aggregate(
        sample=calls["duration_ms"].std(),
        all=calls["duration_ms"].std(how="pop"),
        like=calls["duration_ms"].corr(calls["output_tokens"], how="pop"),
        users=calls["user"].nunique(),
        calls=calls["span_id"].nunique(),
    ),
    "NULL last": lambda calls: calls.order_by(calls["user"].desc(), calls["error"], calls["span_id"]).select("span_id"),
    "periods": lambda calls: calls.select(
        "span_id",
        **{unit: (calls["started_at"] - ibis.interval(seconds=18_000)).truncate(unit) for unit in "hDWM"},
        weekday=calls["started_at"].day_of_week.index(),
    ),
    "numbers": lambda calls: calls.select(
        "span_id",
        ratio=calls["input_tokens"] / calls["output_tokens"],
        whole=calls["input_tokens"] // 7,
        below=-calls["input_tokens"] // 7,
        rest=calls["input_tokens"] % 7,
        cast=(calls["input_tokens"] / 2).cast("int64"),
        round=(calls["input_tokens"] / 2).round(),
        cents=calls["duration_ms"].round(2),
        least=ibis.least(calls["first_chunk_ms"], calls["duration_ms"]),
    ),
    "words": lambda calls: calls.select(
        "span_id",
        contains=calls["user"].contains("_"),
        length=calls["user"].length(),
        other=calls["user"] != "user-1",
        known=calls["user"].notnull(),
        either=calls["streamed"].fill_null(False) | calls["failed"],
    ),
    "places": lambda calls: calls.select(
        "span_id",
        rank=ibis.rank().over(order_by=calls["model"]),
        before=calls["span_id"].lag().over(group_by="user", order_by=[calls["started_at"], calls["span_id"]]),
        at=calls["started_at"].lead().over(group_by="user", order_by=[calls["started_at"], calls["span_id"]]),
    ),
    "no partner": _without_partner,
}
"""In which the engines differ, or differed: ``clickhouse/engine.py``."""


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_engines_mean_the_same(stores: Stores, question: str) -> None:
    asked = QUESTIONS[question]
    expected, found = (rows_of(asked(LAST_WEEK.of(tables.calls))) for tables in (stores.duckdb, stores.clickhouse))
    if question != "NULL last":
        expected, found = sorted(expected, key=_key), sorted(found, key=_key)
    assert expected
    assert differences(expected, found) == []


def _key(row: dict[str, Any]) -> str:
    return str(row.get("span_id") or row.get("model"))
