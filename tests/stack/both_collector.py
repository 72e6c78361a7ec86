"""A Collector that writes the same telemetry into a file and into ClickHouse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from .clickhouse.server import ClickHouse
from .programs import Program, free_port, http_get, http_post

BOTH: Final = Path(__file__).parent / "clickhouse" / "both.yaml"


class BothCollector:
    """A Collector that writes what it is sent into a file and into ClickHouse."""

    def __init__(self, binary: Path, directory: Path, clickhouse: ClickHouse) -> None:
        self.file = directory / "telemetry.jsonl"
        self._http_port, self._health_port = free_port(), free_port()
        self._program = Program(
            "collector",
            [binary, f"--config={BOTH}"],
            env={
                "OTELCOL_HTTP_PORT": str(self._http_port),
                "OTELCOL_HEALTH_PORT": str(self._health_port),
                "OTELCOL_FILE": str(self.file),
                "CLICKHOUSE_ENDPOINT": f"{clickhouse.url}?compress=none",
            },
            log=directory / "collector.log",
        )

    def start(self) -> None:
        self._program.start(lambda: http_get(f"http://127.0.0.1:{self._health_port}")[0] == 200)

    def stop(self) -> None:
        self._program.stop()

    def send(self, document: dict[str, Any]) -> None:
        what = "traces" if "resourceSpans" in document else "logs"
        url = f"http://127.0.0.1:{self._http_port}/v1/{what}"
        assert http_post(url, json.dumps(document).encode(), "application/json") == 200
