"""A real Prometheus with the rules that we ship, filled over OTLP."""

from __future__ import annotations

import json
import shutil
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from ..build_prometheus import PrometheusPrograms
from ..programs import Program, ProgramFailed, free_port, http_get, http_post

ROOT: Final = Path(__file__).parents[3]
SHIPPED: Final = ROOT / "deploy" / "prometheus"
BACKFILL_SECONDS: Final = 120.0


class Prometheus:
    """On a port of its own; its data stays in ``directory`` over a restart."""

    def __init__(self, programs: PrometheusPrograms, directory: Path, scraped: Sequence[int] = ()) -> None:
        self._programs = programs
        self._directory = directory
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.otlp_endpoint = f"{self.url}/api/v1/otlp"
        config = directory / "prometheus.yaml"
        config.write_text(json.dumps(self._config(scraped)))
        self._program = Program(
            "prometheus",
            programs.server(config, directory / "data", port),
            env={},
            log=directory / "prometheus.log",
        )

    def start(self) -> None:
        """Run it until it is ready."""
        self._program.start(lambda: http_get(f"{self.url}/-/ready")[0] == 200)

    def stop(self) -> None:
        """End it in good order."""
        self._program.stop()

    def take(self, request: ExportMetricsServiceRequest) -> None:
        """Store what an SDK sends."""
        status = http_post(f"{self.otlp_endpoint}/v1/metrics", request.SerializeToString(), "application/x-protobuf")
        if status // 100 != 2:
            raise ProgramFailed(f"Prometheus answered {status}")

    def record_the_past(self, recordings: Sequence[Any], start: float, end: float) -> None:
        """Evaluate recordings as if they had been there: promtool writes their blocks; restarts."""
        output, rules = self._directory / "backfilled", self._directory / "recordings.yaml"
        # JSON is YAML.
        rules.write_text(json.dumps({"groups": [{"name": "past", "interval": "4m", "rules": [*recordings]}]}))
        Program(
            "promtool",
            [
                *(self._programs.promtool, "tsdb", "create-blocks-from", "rules"),
                *(f"--start={start:.0f}", f"--end={end:.0f}", f"--url={self.url}"),
                *(f"--output-dir={output}", rules),
            ],
            env={},
            log=self._directory / "promtool.log",
        ).run(BACKFILL_SECONDS)
        self.stop()
        for block in output.iterdir():
            shutil.move(block, self._directory / "data" / block.name)
        self.start()

    def instant(self, expression: str, at: float) -> list[Any]:
        """The series of an expression at one moment; raises ``ProgramFailed`` with what is wrong with it."""
        return self._ask("query", {"query": expression, "time": f"{at:.3f}"})

    def has(self, expression: str) -> bool:
        """Whether an expression has a result now."""
        return bool(self.instant(expression, time.time()))

    def over(self, expression: str, start: float, end: float, step: float) -> list[Any]:
        """The series of an expression between two moments."""
        times = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
        return self._ask("query_range", {"query": expression, **times})

    def exemplars(self, expression: str, start: float, end: float) -> list[Any]:
        """The exemplars of the series of an expression."""
        return self._ask("query_exemplars", {"query": expression, "start": f"{start:.3f}", "end": f"{end:.3f}"})

    def _ask(self, what: str, question: Mapping[str, str]) -> list[Any]:
        status, body = http_get(f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(question)}")
        if status != 200:
            raise ProgramFailed(f"Prometheus answered {status} to {question}: {body.decode()[:2000]}")
        data: Any = json.loads(body)["data"]
        return data if what == "query_exemplars" else data["result"]

    @staticmethod
    def _config(scraped: Sequence[int]) -> Any:
        shipped = yaml.safe_load((SHIPPED / "prometheus.yaml").read_text())
        targets = [f"127.0.0.1:{port}" for port in scraped]
        return {
            "global": {"scrape_interval": "1s", "evaluation_interval": "5s"},
            "otlp": shipped["otlp"],
            # A day that is told in seconds.
            "storage": {"tsdb": {"out_of_order_time_window": "40d"}},
            "scrape_configs": [{"job_name": "collector", "static_configs": [{"targets": targets}]}],
        }
