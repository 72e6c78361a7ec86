"""Every name that dashboards, rules and configurations use is one that a run of the package emits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..stack.clickhouse.server import PAGE as CLICKHOUSE
from ..stack.clickhouse.server import statements
from ..support.capture import Capture
from ..support.tables import NAMESPACES
from .allowed import COLLECTOR_SERIES, COMMON_LABELS, FOREIGN, PROMETHEUS_SERIES, RESOURCE, span_series
from .files import (
    COLLECTOR,
    CONFIGURATIONS,
    DASHBOARDS,
    RULE_TESTS,
    RULES,
    dashboard,
    document,
    named,
    promql_of,
    rules,
    targets,
)
from .one_run import Emitted, emitted
from .prometheus_names import series
from .promql import UnknownName, labels_of

OURS = ("gen_ai", "otel_genai", "openai", "app")
"""Namespaces of which every name has to be emitted, wherever it stands."""


@dataclass
class Known:
    """What may be named."""

    run: Emitted
    series: dict[str, frozenset[str]]
    """With the labels of each."""
    attributes: frozenset[str]


@pytest.fixture(scope="module")
def known() -> Known:
    """What one run emits, what the Collector makes of it, and what the recording rules make of that."""
    capture = Capture()
    run = emitted(capture)
    capture.uninstrument()
    made, _ = span_series()
    all_series = {**series(run.metrics, COMMON_LABELS), **made, **COLLECTOR_SERIES, **PROMETHEUS_SERIES}
    for path in RULES * 2:  # files read each other's recordings
        for rule in rules(path):
            if "record" in rule:
                labels = _recorded(rule["expr"], rule.get("labels", {}), all_series)
                all_series[rule["record"]] = all_series.get(rule["record"], frozenset()) | labels
    return Known(run, all_series, run.spans | run.events | {*run.metrics} | RESOURCE)


def _recorded(expression: str, labels: Mapping[str, str], all_series: Mapping[str, frozenset[str]]) -> frozenset[str]:
    try:
        return labels_of(expression, all_series) | {*labels}
    except UnknownName:  # its own test says so
        return frozenset(labels)


def _complaint(where: str, expression: str, known: Known) -> str | None:
    try:
        labels_of(expression, known.series)
    except (UnknownName, ValueError) as wrong:
        return f"{where}: {wrong}"
    return None


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_dashboards_query_what_there_is(path: Path, known: Known) -> None:
    found = [_complaint(where, expression, known) for where, expression in promql_of(dashboard(path))]
    assert [complaint for complaint in found if complaint] == []


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_legends_name_labels_of_their_queries(path: Path, known: Known) -> None:
    for title, target in targets(dashboard(path), "prometheus"):
        labels = labels_of(target["expr"], known.series) | {"le"}
        assert set(re.findall(r"{{(\w+)}}", target.get("legendFormat", ""))) <= labels, title


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_traces_are_searched_by_what_there_is(path: Path, known: Known) -> None:
    for title, target in targets(dashboard(path), "tempo"):
        query = target["query"]
        assert query.count("{") - query.count("${") == query.count("}") - query.count("${") == 1, title
        assert set(re.findall(r"\bspan\.([\w.]+)", query)) - known.run.spans == set(), title
        assert set(re.findall(r"\bresource\.([\w.]+)", query)) <= RESOURCE, title


@pytest.mark.parametrize("path", RULES, ids=named)
def test_rules_query_what_there_is(path: Path, known: Known) -> None:
    for rule in rules(path):
        name = rule.get("record") or rule["alert"]
        assert _complaint(name, rule["expr"], known) is None
        labels = labels_of(rule["expr"], known.series) | {*rule.get("labels", {})}
        texts = [*rule.get("annotations", {}).values(), *rule.get("labels", {}).values()]
        for text in texts:
            assert set(re.findall(r"\$labels\.(\w+)", str(text))) <= labels, f"{name}: {text}"


@pytest.mark.parametrize("path", RULE_TESTS, ids=named)
def test_the_tests_of_rules_feed_them_what_there_is(path: Path, known: Known) -> None:
    tests = document(path)["tests"]
    fed = {line["series"] for test in tests for line in test.get("input_series", [])}
    asked = {question["expr"] for test in tests for question in test.get("promql_expr_test", [])}
    found = [_complaint(one, one, known) for one in sorted(fed | asked)]
    assert [complaint for complaint in found if complaint] == []


@pytest.mark.parametrize("path", [*CONFIGURATIONS, CLICKHOUSE], ids=named)
def test_names_in_our_namespaces_are_ours(path: Path, known: Known) -> None:
    """In dashboards, OTTL, TraceQL, SQL, links, columns, comments: all the same."""
    allowed = known.attributes | FOREIGN | _made_in_the_collector()
    for name in re.findall(rf"(?<![\w.])(?:{'|'.join(OURS)})\.[a-z0-9_.]*[a-z0-9_.*]", path.read_text()):
        if name.endswith((".", "*")):  # the beginning of names, or the end of a sentence
            start = name.rstrip("*")
            assert start.rstrip(".") in allowed or any(one.startswith(start) for one in allowed), name
        elif not name.endswith(".py"):
            assert name in allowed, name


@pytest.mark.parametrize("path", COLLECTOR, ids=named)
def test_the_collector_reads_and_writes_what_there_is(path: Path, known: Known) -> None:
    for name in re.findall(r'attributes\["([^"]+)"\]', path.read_text()):
        if name.split(".")[0] in NAMESPACES:
            assert name in known.attributes | FOREIGN, name


def test_clickhouse_is_asked_for_what_there_is(known: Known) -> None:
    sql = "\n".join(statement for _, statement in statements())
    read = {
        map_: {*re.findall(rf"\b{map_}\['([^']+)'\]", sql)}
        for map_ in ("SpanAttributes", "Attributes", "LogAttributes")
    }
    assert all(read.values())
    assert read["SpanAttributes"] <= known.run.spans
    assert read["LogAttributes"] <= known.run.events
    metrics = {*re.findall(r"MetricName = '([^']+)'", sql)}
    assert metrics
    assert read["Attributes"] <= frozenset().union(*(known.run.metrics[metric].attributes for metric in metrics))
    assert {*re.findall(r"EventName = '([^']+)'", sql)} <= known.run.events


def test_the_collector_makes_metrics_of_attributes_that_there_are(known: Known) -> None:
    _, read = span_series()
    assert read <= known.run.spans


def test_foreign_names_are_not_ours(known: Known) -> None:
    assert FOREIGN & known.run.spans == set()


def _made_in_the_collector() -> set[str]:
    return set(re.findall(r"name: (otel_genai\.span\.\w+)", COLLECTOR[0].read_text()))
