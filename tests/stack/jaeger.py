"""The real Jaeger, as a program or as the container of docker-compose.yml, and its HTTP API."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .programs import STARTUP_SECONDS, Program, ProgramFailed, free_port, http_get, wait_until
from .spans import SpanRecord, spans_of_json

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "jaeger-config.yaml"
OVERLAYS = ROOT / "deploy" / "jaeger"
COMPOSE_FILES = (ROOT / "docker-compose.yml", Path(__file__).with_name("docker-compose.jaeger.yml"))

NO_JAEGER = (
    "no Jaeger: let JAEGER_BIN name a Jaeger v2 binary (https://www.jaegertracing.io/download/), "
    "or start a Docker engine"
)


class Jaeger(ABC):
    """A Jaeger on ports of its own. Does not run before ``start``."""

    name = "jaeger"

    def __init__(self) -> None:
        otlp, self._query, self._query_grpc, self._health = (free_port() for _ in range(4))
        self.otlp_endpoint = f"127.0.0.1:{otlp}"
        self.ports = {
            "JAEGER_OTLP_PORT": str(otlp),
            "JAEGER_QUERY_PORT": str(self._query),
            "JAEGER_QUERY_GRPC_PORT": str(self._query_grpc),
            "JAEGER_HEALTH_PORT": str(self._health),
        }

    @property
    def url(self) -> str:
        """Of its HTTP API."""
        return f"http://127.0.0.1:{self._query}"

    @abstractmethod
    def start(self) -> None:
        """Run it until it answers queries."""

    @abstractmethod
    def stop(self) -> None:
        """End it; does nothing when it does not run."""

    def find(self, service: str) -> dict[str, SpanRecord]:
        """The spans of a service's traces of the last hour that it has stored, by span id."""
        now = datetime.now(UTC)
        question = {
            "query.serviceName": service,
            "query.startTimeMin": _rfc3339(now - timedelta(hours=1)),
            "query.startTimeMax": _rfc3339(now + timedelta(minutes=1)),
            "query.searchDepth": "100",
        }
        status, answer = self.api(f"/api/v3/traces?{urlencode(question)}")
        # 404: nothing of this service is stored yet.
        if status == 404:
            return {}
        if status != 200:
            raise ProgramFailed(f"Jaeger answered {status}: {json.dumps(answer)[:2000]}")
        return spans_of_json(answer["result"]["resourceSpans"])

    def services(self) -> list[str]:
        """Names of the services that it has spans of."""
        status, answer = self.api("/api/v3/services")
        if status != 200:
            raise ProgramFailed(f"Jaeger answered {status}: {answer}")
        return answer["services"]

    def api(self, path: str) -> tuple[int, Any]:
        """Status and JSON answer of its HTTP API; status 0 and ``None`` when it does not answer."""
        status, body = http_get(f"{self.url}{path}")
        return status, json.loads(body) if body else None

    def _ready(self) -> bool:
        healthy = http_get(f"http://127.0.0.1:{self._health}/status")[0] == 200
        return healthy and http_get(f"{self.url}/api/v3/services")[0] == 200


class JaegerProgram(Jaeger):
    """The binary that ``JAEGER_BIN`` names, with overlays of deploy/jaeger/ and what these read."""

    def __init__(
        self, binary: Path, directory: Path, overlays: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self._program = Program(
            "jaeger",
            [binary, f"--config={CONFIG}", *(f"--config={OVERLAYS / overlay}" for overlay in overlays)],
            # Without the sampler it traces itself, to a port where nobody listens, and its end waits ten seconds.
            env={"JAEGER_LISTEN_HOST": "127.0.0.1", "OTEL_TRACES_SAMPLER": "always_off", **self.ports, **(env or {})},
            log=directory / "jaeger.log",
        )

    def start(self) -> None:
        self._program.start(self._ready)

    def stop(self) -> None:
        self._program.stop()


class JaegerContainer(Jaeger):
    """The ``jaeger`` service of docker-compose.yml, in a Compose project of its own that ``stop`` removes."""

    def __init__(self) -> None:
        super().__init__()
        self._project = f"otel-genai-test-{uuid.uuid4().hex[:8]}"

    def start(self) -> None:
        try:
            self._compose("up", "--detach", "jaeger")
            wait_until(self._ready, what="Jaeger's container is ready", seconds=STARTUP_SECONDS)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self._compose("down", "--volumes", "--timeout=5")

    def _compose(self, *command: str) -> None:
        files = [f"--file={file}" for file in COMPOSE_FILES]
        done = subprocess.run(
            ["docker", "compose", f"--project-name={self._project}", *files, *command],
            env=os.environ | self.ports | {"JAEGER_UI_PORT": str(self._query)},
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise ProgramFailed(f"docker compose {' '.join(command)}: {done.stderr}")


def jaeger_binary(environ: Mapping[str, str] = os.environ) -> Path | None:
    """What ``JAEGER_BIN`` names; raises ``ProgramFailed`` when that cannot be run."""
    named = environ.get("JAEGER_BIN")
    if not named:
        return None
    if not os.access(named, os.X_OK) or Path(named).is_dir():
        raise ProgramFailed(f"JAEGER_BIN={named} is not a program")
    return Path(named)


def find_jaeger(directory: Path) -> Jaeger | None:
    """The binary that ``JAEGER_BIN`` names, else a container where there is a Docker engine, else nothing."""
    binary = jaeger_binary()
    if binary is not None:
        return JaegerProgram(binary, directory)
    return JaegerContainer() if docker_engine() else None


def docker_engine() -> bool:
    """Whether containers can be started here."""
    if shutil.which("docker") is None:
        return False
    answers = (["docker", "info"], ["docker", "compose", "version"])
    return all(subprocess.run(ask, capture_output=True).returncode == 0 for ask in answers)


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
