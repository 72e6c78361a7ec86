"""The stack without Docker: Collector, Prometheus, Alertmanager, and Jaeger where ``JAEGER_BIN`` names one.

``python -m tests.stack.up`` starts it and sends the demo's traffic through it, ``python -m tests.stack.up down`` ends
it. What it runs with, and what it writes, is in ``.stack/run``.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .build_collector import build_collector, find_collector
from .build_prometheus import PrometheusPrograms, build_prometheus, find_prometheus
from .building import CACHE, ProgramUnavailable
from .jaeger import jaeger_binary
from .programs import STOP_SECONDS, Program, ProgramFailed, http_get, wait_until

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FOLDER = CACHE / "run"
STATE = FOLDER / "state.json"

DEMO_SECONDS = 180.0
ARRIVAL_SECONDS = 90.0
"""The Collector counts spans and sends what it counted every 15 seconds."""

WITHOUT_JAEGER = "yaml:service::pipelines::traces/default::exporters: [nop]"
"""Traces are counted, and go nowhere."""

PASSED_ON = ("OTELCOL_USER_KEY", "OTELCOL_CONTENT")
"""What the Collector gets of the environment, beside addresses."""


@dataclass(frozen=True)
class Ports:
    """On loopback. Those that docker-compose.yml publishes have the same variables and defaults there."""

    otlp_grpc: int
    otlp_http: int
    collector_health: int
    collector_metrics: int
    jaeger_ui: int
    jaeger_otlp: int
    jaeger_grpc: int
    jaeger_health: int
    prometheus: int
    alertmanager: int


VARIABLES = {
    "otlp_grpc": ("OTLP_GRPC_PORT", 4317),
    "otlp_http": ("OTLP_HTTP_PORT", 4318),
    "collector_health": ("OTELCOL_HEALTH_PORT", 13133),
    "collector_metrics": ("OTELCOL_METRICS_PORT", 8888),
    "jaeger_ui": ("JAEGER_UI_PORT", 16686),
    # Of those that only programs ask for; the Collector has Jaeger's usual ones.
    "jaeger_otlp": ("JAEGER_OTLP_PORT", 14317),
    "jaeger_grpc": ("JAEGER_QUERY_GRPC_PORT", 16685),
    "jaeger_health": ("JAEGER_HEALTH_PORT", 14133),
    "prometheus": ("PROMETHEUS_PORT", 9090),
    "alertmanager": ("ALERTMANAGER_PORT", 9093),
}


class NotStarted(Exception):
    """The stack can't be started; the message says why."""


def ports_of(environ: Mapping[str, str]) -> Ports:
    """The ports that the environment names."""
    return Ports(**{name: int(environ.get(variable) or usual) for name, (variable, usual) in VARIABLES.items()})


def up(environ: Mapping[str, str] = os.environ) -> int:
    """Start everything, send the demo's traffic, and say where to look; returns the exit status."""
    if running := _running():
        raise NotStarted(f"{', '.join(running)} of an earlier stack-up still run: make stack-down ends them")
    ports, jaeger = ports_of(environ), jaeger_binary(environ)
    collector, prometheus = find_collector() or build_collector(), find_prometheus() or build_prometheus()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    started: dict[str, dict[str, Any]] = {}
    try:
        for program, ready in _programs(ports, collector, prometheus, jaeger, environ):
            program.start(ready)
            started[program.name] = {"pid": program.pid, "log": str(program.log)}
            STATE.write_text(json.dumps(started))
            _say(f"{program.name} runs")
        status = _demo(ports, environ)
        _wait_for_arrival(ports)
    except BaseException:
        down()
        raise
    _say(_addresses(ports, jaeger is not None))
    return status


def down() -> int:
    """End what ``up`` has started; returns the exit status."""
    for name, pid in _running().items():
        _end(pid)
        _say(f"{name} has ended")
    STATE.unlink(missing_ok=True)
    return 0


def _programs(
    ports: Ports, collector: Path, prometheus: PrometheusPrograms, jaeger: Path | None, environ: Mapping[str, str]
) -> list[tuple[Program, Callable[[], bool]]]:
    """In the order in which they are started, each with the question whether it is ready."""
    config = _prometheus_config(ports)
    programs = [
        (
            _program(
                "alertmanager",
                [
                    prometheus.alertmanager,
                    f"--config.file={config / 'alertmanager.yaml'}",
                    f"--storage.path={FOLDER / 'alertmanager'}",
                    f"--web.listen-address=127.0.0.1:{ports.alertmanager}",
                    "--cluster.listen-address=",
                ],
            ),
            _answers(ports.alertmanager, "/-/ready"),
        ),
        (
            _program("prometheus", prometheus.server(config / "prometheus.yaml", FOLDER / "metrics", ports.prometheus)),
            _answers(ports.prometheus, "/-/ready"),
        ),
    ]
    if jaeger is not None:
        programs.append(
            (
                _program(
                    "jaeger",
                    [
                        jaeger,
                        f"--config={ROOT / 'jaeger-config.yaml'}",
                        f"--config={DEPLOY / 'jaeger' / 'monitor.yaml'}",
                    ],
                    {
                        "JAEGER_OTLP_PORT": str(ports.jaeger_otlp),
                        "JAEGER_QUERY_PORT": str(ports.jaeger_ui),
                        "JAEGER_QUERY_GRPC_PORT": str(ports.jaeger_grpc),
                        "JAEGER_HEALTH_PORT": str(ports.jaeger_health),
                        "JAEGER_UI_CONFIG": str(DEPLOY / "jaeger" / "ui.json"),
                        "JAEGER_PROMETHEUS_URL": f"http://127.0.0.1:{ports.prometheus}",
                        # It would trace itself.
                        "OTEL_TRACES_SAMPLER": "always_off",
                    },
                ),
                _answers(ports.jaeger_health, "/status"),
            )
        )
    programs.append(
        (
            _program(
                "collector",
                [
                    collector,
                    f"--config={ROOT / 'collector-config.yaml'}",
                    f"--config={DEPLOY / 'collector' / 'prometheus.yaml'}",
                    *([f"--config={WITHOUT_JAEGER}"] if jaeger is None else []),
                ],
                {
                    **{name: value for name, value in environ.items() if name in PASSED_ON},
                    "OTELCOL_GRPC_PORT": str(ports.otlp_grpc),
                    "OTELCOL_HTTP_PORT": str(ports.otlp_http),
                    "OTELCOL_HEALTH_PORT": str(ports.collector_health),
                    "OTELCOL_METRICS_PORT": str(ports.collector_metrics),
                    "OTELCOL_QUEUE_DIR": str(FOLDER / "queue"),
                    "JAEGER_OTLP_ENDPOINT": f"127.0.0.1:{ports.jaeger_otlp}",
                    "PROMETHEUS_OTLP_ENDPOINT": f"http://127.0.0.1:{ports.prometheus}/api/v1/otlp",
                },
            ),
            _answers(ports.collector_health, ""),
        )
    )
    return programs


def _program(name: str, command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Program:
    return Program(name, command, env or {}, FOLDER / f"{name}.log")


def _answers(port: int, path: str) -> Callable[[], bool]:
    return lambda: http_get(f"http://127.0.0.1:{port}{path}", timeout=5.0)[0] == 200


def _prometheus_config(ports: Ports) -> Path:
    """A copy in which the services of docker-compose.yml are on this machine: Prometheus reads no environment."""
    copy = FOLDER / "prometheus"
    shutil.copytree(DEPLOY / "prometheus", copy, ignore=shutil.ignore_patterns("tests", "secrets"))
    config = copy / "prometheus.yaml"
    text = config.read_text()
    for service, port in (
        ("collector:8888", ports.collector_metrics),
        ("alertmanager:9093", ports.alertmanager),
        ("localhost:9090", ports.prometheus),
    ):
        if service not in text:
            raise NotStarted(f"{DEPLOY / 'prometheus' / 'prometheus.yaml'} no longer names {service}")
        text = text.replace(service, f"127.0.0.1:{port}")
    config.write_text(text)
    return copy


def _demo(ports: Ports, environ: Mapping[str, str]) -> int:
    """The demo's questions, through the Collector; returns its exit status."""
    demo = subprocess.Popen(
        [sys.executable, str(ROOT / "examples" / "demo.py")],
        env={**environ, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{ports.otlp_grpc}"},
        stdin=subprocess.DEVNULL,
    )
    try:
        return demo.wait(DEMO_SECONDS)
    except subprocess.TimeoutExpired:
        raise NotStarted(f"the demo has not ended within {DEMO_SECONDS:g} seconds") from None
    finally:
        if demo.poll() is None:
            demo.terminate()  # it ends its app in order
            try:
                demo.wait(STOP_SECONDS * 2)
            except subprocess.TimeoutExpired:
                demo.kill()


def _wait_for_arrival(ports: Ports) -> None:
    """Metrics of the app, and those that the Collector makes of its spans: their first sample is zero."""
    for query in ("gen_ai_client_inference_duration_seconds_count", "sum(traces_span_metrics_calls_total) > 0"):
        wait_until(
            lambda query=query: bool(_asked(ports, query)),
            what=f"Prometheus has {query}",
            seconds=ARRIVAL_SECONDS,
        )


def _asked(ports: Ports, query: str) -> list[Any]:
    """What Prometheus answers to a query."""
    status, body = http_get(f"http://127.0.0.1:{ports.prometheus}/api/v1/query?{urlencode({'query': query})}")
    return json.loads(body)["data"]["result"] if status == 200 else []


def _addresses(ports: Ports, with_jaeger: bool) -> str:
    jaeger = f"http://127.0.0.1:{ports.jaeger_ui}" if with_jaeger else "not here: JAEGER_BIN names none"
    return f"""
The demo's telemetry is there. Send yours: OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:{ports.otlp_grpc}
  Jaeger        {jaeger}
  Prometheus    http://127.0.0.1:{ports.prometheus}
  Alertmanager  http://127.0.0.1:{ports.alertmanager}
  Collector     http://127.0.0.1:{ports.collector_health} (health), :{ports.collector_metrics}/metrics
  Grafana       only with Docker: docker compose --env-file deploy/compose/metrics.env up -d
Logs and data are in {FOLDER}. `make stack-down` ends it."""


def _running() -> dict[str, int]:
    """The process ids of what an earlier ``up`` has started and still runs, last started first."""
    state: dict[str, dict[str, Any]] = json.loads(STATE.read_text()) if STATE.exists() else {}
    return {name: part["pid"] for name, part in reversed(state.items()) if _is_ours(part["pid"])}


def _is_ours(pid: int) -> bool:
    """Whether it runs, and is what we started: ids are used again. All of them are told something in our folder."""
    if Path("/proc/self/cmdline").exists():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return False
    else:
        command = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout
    return any(f"{place}/" in command for place in (CACHE, ROOT))


def _end(group: int) -> None:
    """End a program and what it started, politely at first."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, how)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + STOP_SECONDS
        while _is_ours(group) and time.monotonic() < deadline:
            time.sleep(0.05)


def _say(what: str) -> None:
    print(f"stack: {what}" if what[0] != "\n" else what, flush=True)


def main() -> int:
    """``up``, or ``down`` if that is what the first argument says."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return down() if sys.argv[1:] == ["down"] else up()
    except (ProgramUnavailable, ProgramFailed, NotStarted, TimeoutError) as problem:
        print(f"stack: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
