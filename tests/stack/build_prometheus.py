"""Prometheus, Alertmanager and their tools for the stack tests: those that are there, or built from Go modules.

Run as a program, it prints the directory that they are in; the first time it builds for some minutes.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from .building import CACHE, ProgramUnavailable, cached, compile_go, find_go, say

PROGRAMS = ("prometheus", "promtool", "alertmanager", "amtool")

# One module each: Prometheus requires an Alertmanager whose published module lacks the files of its web page. They are
# main modules with `tool` lines, since a `replace` in a module makes `go install package@version` refuse it.
MODULE = """\
module example.invalid/{name}-stack

go 1.25.0

tool (
	github.com/prometheus/{name}/cmd/{name}
	github.com/prometheus/{name}/cmd/{tool}
)

require github.com/prometheus/{name} {version}
"""
MODULES = {
    "prometheus": MODULE.format(name="prometheus", tool="promtool", version="v0.312.0"),
    "alertmanager": MODULE.format(name="alertmanager", tool="amtool", version="v0.31.1"),
}

# Without the clients of two dozen clouds that it could discover targets in: half of the time to build.
TAGS = "remove_all_sd"

NO_GO = (
    "The stack tests build Prometheus and Alertmanager from Go modules, but there is no `go` on the PATH.\n"
    "Install Go 1.25 or newer (https://go.dev/doc/install), or let PROMETHEUS_BIN_DIR name a directory with\n"
    f"{', '.join(PROGRAMS)}: of their releases, or of Debian's packages prometheus and\n"
    "prometheus-alertmanager (/usr/bin), whose promtool 2.42 knows no `otlp:` in prometheus.yaml."
)


@dataclass(frozen=True)
class PrometheusPrograms:
    """Paths of the four programs."""

    prometheus: Path
    promtool: Path
    alertmanager: Path
    amtool: Path

    def server(self, config: Path, data: Path, port: int) -> list[str | Path]:
        """The command of a Prometheus on loopback, with the flags that docker-compose.yml gives it."""
        return [
            self.prometheus,
            f"--config.file={config}",
            f"--storage.tsdb.path={data}",
            "--storage.tsdb.retention.time=40d",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-otlp-receiver",
            "--enable-feature=exemplar-storage,created-timestamp-zero-ingestion",
        ]


def find_prometheus() -> PrometheusPrograms | None:
    """The programs in the directory that ``PROMETHEUS_BIN_DIR`` names, else those built earlier from today's modules.

    Raises ``ProgramUnavailable`` when one is missing in the directory named.
    """
    named = os.environ.get("PROMETHEUS_BIN_DIR")
    directory = Path(named) if named else _cached()
    missing = [name for name in PROGRAMS if not os.access(directory / name, os.X_OK)]
    if named and missing:
        raise ProgramUnavailable(f"PROMETHEUS_BIN_DIR={named} has no program {', '.join(missing)}.")
    return None if missing else PrometheusPrograms(*(directory / name for name in PROGRAMS))


def build_prometheus() -> PrometheusPrograms:
    """Build the programs into the cache; takes some minutes.

    Raises ``ProgramUnavailable`` without Go, or when Go cannot build them.
    """
    go = find_go(NO_GO)
    sources = CACHE / "prometheus-sources"
    fresh = sources / "bin"
    shutil.rmtree(sources, ignore_errors=True)
    for name, module in MODULES.items():
        directory = sources / name
        directory.mkdir(parents=True)
        (directory / "go.mod").write_text(module)
        say(f"compiling {name} and its tool, minutes the first time")
        compile_go(go, f"-tags={TAGS}", "tool", to=f"{fresh}/", cwd=directory)
    # Only a complete directory ever has this name, however the build ends.
    shutil.rmtree(_cached(), ignore_errors=True)
    os.replace(fresh, _cached())
    shutil.rmtree(sources)
    found = find_prometheus()
    if found is None:
        raise ProgramUnavailable(f"Go built no {', '.join(PROGRAMS)} in {_cached()}.")
    return found


def _cached() -> Path:
    return cached("prometheus", "".join(MODULES.values()) + TAGS)


if __name__ == "__main__":
    try:
        print((find_prometheus() or build_prometheus()).prometheus.parent)
    except ProgramUnavailable as problem:
        sys.exit(f"{problem}")
