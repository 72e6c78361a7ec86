"""The real Collector with the configuration that we ship."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from .programs import Program, free_port, http_get

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "collector-config.yaml"
OVERLAYS = ROOT / "deploy" / "collector"


def config_arguments(*overlays: str) -> list[str]:
    """The shipped file and these overlays, as the Collector takes them."""
    return [f"--config={file}" for file in (CONFIG, *(OVERLAYS / f"{name}.yaml" for name in overlays))]


class Collector:
    """One Collector on ports of its own. Its queue stays in ``directory`` over a restart.

    ``within`` is a command that runs the command that follows it. Content passes, which most tests send, unless ``env``
    says otherwise: a variable that is ``None`` there isn't set.
    """

    def __init__(
        self,
        binary: Path,
        directory: Path,
        jaeger_endpoint: str,
        overlays: Sequence[str] = (),
        env: Mapping[str, str | None] | None = None,
        within: Sequence[str] = (),
    ) -> None:
        grpc_port, http_port, self._health_port, self._metrics_port = (free_port() for _ in range(4))
        self.grpc_endpoint = f"http://127.0.0.1:{grpc_port}"
        self.http_endpoint = f"http://127.0.0.1:{http_port}"
        self.queue = directory / "queue"
        variables = {"OTELCOL_CONTENT": "keep", **(env or {})}
        self._program = Program(
            "collector",
            [*within, binary, *config_arguments(*overlays)],
            env={
                "OTELCOL_GRPC_PORT": str(grpc_port),
                "OTELCOL_HTTP_PORT": str(http_port),
                "OTELCOL_HEALTH_PORT": str(self._health_port),
                "OTELCOL_METRICS_PORT": str(self._metrics_port),
                "OTELCOL_QUEUE_DIR": str(self.queue),
                "JAEGER_OTLP_ENDPOINT": jaeger_endpoint,
                **{name: value for name, value in variables.items() if value is not None},
            },
            log=directory / "collector.log",
        )

    def start(self) -> None:
        """Run it until it says that it is healthy."""
        self._program.start(lambda: http_get(f"http://127.0.0.1:{self._health_port}")[0] == 200)

    def stop(self) -> None:
        """End it in good order."""
        self._program.stop()

    def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        self._program.kill()

    @property
    def pid(self) -> int | None:
        """Of its process, while it runs."""
        return self._program.pid

    def log(self) -> str:
        """Everything that it has said."""
        return self._program.log.read_text()

    def metric(self, name: str, **labels: str) -> float:
        """One of its own metrics, summed over the labels that are not given; 0 while there is none of this name."""
        _, page = http_get(f"http://127.0.0.1:{self._metrics_port}/metrics")
        samples = (line.rsplit(" ", 1) for line in page.decode().splitlines() if not line.startswith("#"))
        return sum(
            float(value)
            for series, value in samples
            if series.split("{", 1)[0] == name
            and labels.items() <= dict(re.findall(r'(\w+)="([^"]*)"', series)).items()
        )
