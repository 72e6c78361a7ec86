"""Tempo with the shipped file, on loopback, where ``TEMPO_BIN`` names one."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExportResult

from .programs import Program, free_port, http_get, running, wait_until
from .telemetry import Call, calls_trace

CONFIG = Path(__file__).parents[2] / "deploy" / "tempo" / "tempo.yaml"
NO_TEMPO = "no Tempo: let TEMPO_BIN name one of 3.0 or newer"
FOUND_SECONDS = 30.0


class Tempo:
    """One Tempo on ports of its own, with what is said of its surroundings for one machine."""

    def __init__(self, binary: Path, directory: Path) -> None:
        self._http, otlp, grpc, gossip = (free_port() for _ in range(4))
        self.otlp_endpoint = f"http://127.0.0.1:{otlp}"
        data = directory / "data"
        settings = yaml.safe_load(CONFIG.read_text().replace("/var/tempo", str(data)))
        settings["server"] |= {
            "http_listen_address": "127.0.0.1",
            "http_listen_port": self._http,
            "grpc_listen_address": "127.0.0.1",
            "grpc_listen_port": grpc,
        }
        settings["distributor"]["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"] = f"127.0.0.1:{otlp}"
        # By itself it writes these into /var/tempo, too.
        settings["live_store"] = {
            "wal": {"path": str(data / "live")},
            "shutdown_marker_dir": str(data / "shut-down"),
        }
        settings["backend_scheduler"] = {"local_work_path": str(data)}
        settings["memberlist"] = {"bind_addr": ["127.0.0.1"], "bind_port": gossip}
        # Metrics of the last seconds, too.
        settings["query_frontend"] = {"query_end_cutoff": "0s"}
        config = directory / "tempo.yaml"
        config.write_text(yaml.safe_dump(settings))  # pyright: ignore[reportUnknownMemberType]
        options = [f"-config.file={config}", "-config.expand-env=true"]
        self._program = Program("tempo", [binary, *options], env={}, log=directory / "tempo.log")

    @property
    def url(self) -> str:
        """Of its HTTP API."""
        return f"http://127.0.0.1:{self._http}"

    def start(self) -> None:
        self._program.start(lambda: self.get("/ready")[0] == 200)

    def stop(self) -> None:
        self._program.stop()

    def get(self, path: str, **question: str) -> tuple[int, bytes]:
        """Status and body of an answer."""
        return http_get(f"{self.url}{path}?{urlencode(question)}")


def tempo_binary() -> Path:
    """What ``TEMPO_BIN`` names; without one the test is skipped."""
    named = os.environ.get("TEMPO_BIN")
    if not named:
        pytest.skip(NO_TEMPO)
    return Path(named)


@contextmanager
def tempo_with(calls: Sequence[Call], directory: Path) -> Generator[Tempo]:
    """A Tempo that has the calls."""
    with running(Tempo(tempo_binary(), directory)) as tempo:
        exporter = OTLPSpanExporter(tempo.otlp_endpoint, insecure=True, timeout=30)
        assert exporter.export(calls_trace("shop", calls)) is SpanExportResult.SUCCESS
        exporter.shutdown()  # pyright: ignore[reportUnknownMemberType]
        yield tempo


def found(tempo: Tempo, query: str) -> list[Any]:
    """What a query finds, sooner or later: what has just come is not found at once."""
    over_time = "_over_time(" in query or "rate()" in query
    answers: list[Any] = []

    def asked() -> bool:
        now = int(time.time())
        if over_time:
            question = {"start": str(now - 600), "end": str(now + 60), "step": "60s"}
            status, body = tempo.get("/api/metrics/query_range", q=query, **question)
        else:
            status, body = tempo.get("/api/search", q=query)
        assert status == 200, body
        answers[:] = json.loads(body).get("series" if over_time else "traces", [])
        return bool(answers)

    wait_until(asked, what=query, seconds=FOUND_SECONDS)
    return answers
