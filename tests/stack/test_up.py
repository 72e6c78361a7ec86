"""`make stack-up` and `make stack-down`, on ports of their own: what comes in is seen in Jaeger and Prometheus."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from . import up
from .build_prometheus import build_prometheus, find_prometheus
from .jaeger import NO_JAEGER, jaeger_binary
from .programs import Program, free_port, http_get

UP_SECONDS = 240.0
DOWN_SECONDS = 60.0
SERVICE = "lamp-shop-assistant"
ANSWERED = 4
"""Chats of the demo: three questions, one with a tool."""
REFUSED, SENT = 1, 9
"""HTTP requests of its SDK: one is too many at first."""


@pytest.fixture(scope="module")
def ports(pytestconfig: pytest.Config, collector_binary: Path) -> Iterator[up.Ports]:
    """The stack runs, and has the demo's telemetry; afterwards it does not."""
    if jaeger_binary() is None:
        pytest.skip(NO_JAEGER)
    if up.STATE.exists():
        pytest.skip("a stack runs here already: make stack-down")
    if find_prometheus() is None:
        build_prometheus()
    environ = {variable: str(free_port()) for variable, _ in up.VARIABLES.values()}
    named = {name: os.environ[name] for name in ("OTELCOL_BIN", "PROMETHEUS_BIN_DIR") if name in os.environ}
    environ |= named | {"JAEGER_BIN": os.environ["JAEGER_BIN"]}
    ports = up.ports_of(environ)
    try:
        output = command("up", environ).run(UP_SECONDS)
        assert re.search(rf"Jaeger +http://127\.0\.0\.1:{ports.jaeger_ui}\n", output)
        assert re.search(rf"Prometheus +http://127\.0\.0\.1:{ports.prometheus}\n", output)
        yield ports
    finally:
        command("down", environ).run(DOWN_SECONDS)
        assert not any(listens(port) for port in vars(ports).values())


def command(what: str, environ: dict[str, str]) -> Program:
    """What the Makefile runs."""
    log = up.CACHE / f"test-{what}.log"
    log.unlink(missing_ok=True)
    # The modules of a checkout are found beside its Makefile.
    places = os.pathsep.join([str(up.ROOT), os.environ.get("PYTHONPATH", "")])
    options = ["down"] if what == "down" else []
    return Program(
        f"stack-{what}", [sys.executable, "-m", "tests.stack.up", *options], environ | {"PYTHONPATH": places}, log
    )


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def value(ports: up.Ports, query: str) -> float:
    """The one value of a query."""
    status, body = http_get(f"http://127.0.0.1:{ports.prometheus}/api/v1/query?{urlencode({'query': query})}")
    assert status == 200, body
    (sample,) = json.loads(body)["data"]["result"]
    return float(sample["value"][1])


def monitored(ports: up.Ports, what: str, kind: str) -> dict[str, list[float]]:
    """What Jaeger's Monitor tab shows: values by operation."""
    question = {
        "service": SERVICE,
        "spanKind": kind,
        "groupByOperation": "true",
        "endTs": str(int(time.time() * 1000)),
        "lookback": "600000",
        "step": "15000",
        "ratePer": "600000",
        "quantile": "0.95",
    }
    status, body = http_get(f"http://127.0.0.1:{ports.jaeger_ui}/api/metrics/{what}?{urlencode(question)}")
    assert status == 200, body
    found: dict[str, list[float]] = {}
    for series in json.loads(body)["metrics"]:
        labels = {label["name"]: label["value"] for label in series["labels"]}
        points = (float(point["gaugeValue"]["doubleValue"]) for point in series["metricPoints"])
        found[labels["operation"]] = [point for point in points if point > 0]  # NaN is none
    return found


@pytest.mark.stack
def test_the_demo_is_counted_twice_and_alike(ports: up.Ports) -> None:
    """By the app itself, and by the Collector from its spans."""
    chats = '{gen_ai_operation_name="chat"}'
    assert value(ports, f"sum(gen_ai_client_inference_duration_seconds_count{chats})") == ANSWERED
    assert value(ports, f"sum(traces_span_metrics_calls_total{chats})") == ANSWERED
    spent = value(ports, "sum(gen_ai_client_operation_cost_sum)")
    assert spent > 0
    assert value(ports, "sum(otel_genai_span_cost_total)") == pytest.approx(spent)


@pytest.mark.stack
def test_prometheus_scrapes_the_pipeline_and_reads_its_rules(ports: up.Ports) -> None:
    assert value(ports, "count(up == 1)") == 3
    status, body = http_get(f"http://127.0.0.1:{ports.prometheus}/api/v1/rules")
    assert status == 200
    groups: list[dict[str, Any]] = json.loads(body)["data"]["groups"]
    assert groups
    assert [rule["name"] for group in groups for rule in group["rules"] if rule["health"] == "err"] == []


@pytest.mark.stack
def test_jaeger_has_the_traces_and_its_links(ports: up.Ports) -> None:
    status, body = http_get(f"http://127.0.0.1:{ports.jaeger_ui}/api/v3/services")
    assert (status, json.loads(body)["services"]) == (200, [SERVICE])
    page = http_get(f"http://127.0.0.1:{ports.jaeger_ui}/")[1].decode()
    links = json.loads((up.DEPLOY / "jaeger" / "ui.json").read_text())["linkPatterns"]
    assert all(json.dumps(link["text"]) in page for link in links)


@pytest.mark.stack
def test_jaegers_monitor_tab_shows_rates_errors_and_durations(ports: up.Ports) -> None:
    chat = "chat gpt-5-mini"
    assert monitored(ports, "calls", "client").keys() >= {chat, "POST", "SELECT"}
    assert monitored(ports, "calls", "client")[chat]
    assert monitored(ports, "calls", "server")["POST /ask"]
    assert monitored(ports, "errors", "client")["POST"][-1] == pytest.approx(REFUSED / SENT)
    # The slowest chat of the demo waits for the server's retry: a second, and never ten.
    assert 0.25 < monitored(ports, "latencies", "client")[chat][-1] < 10


@pytest.mark.stack
def test_a_second_stack_is_refused_while_one_runs(ports: up.Ports, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(up.NotStarted, match="make stack-down"):
        up.up({})


def test_ports_are_those_of_compose() -> None:
    published = dict(re.findall(r"\$\{(\w+_PORT):-(\d+)\}", (up.ROOT / "docker-compose.yml").read_text()))
    usual = {variable: str(port) for variable, port in up.VARIABLES.values()}
    assert usual.items() >= {name: port for name, port in published.items() if name in usual}.items()
    assert {"OTLP_GRPC_PORT", "JAEGER_UI_PORT", "PROMETHEUS_PORT", "ALERTMANAGER_PORT"} <= published.keys()
    assert len(set(usual.values())) == len(usual)
