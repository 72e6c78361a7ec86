"""Prometheus, Alertmanager and their tools for the stack tests: those that are there, or built from Go modules.

Run as a program, it prints the directory that they are in; the first time it builds for some minutes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".stack"
PROGRAMS = ("prometheus", "promtool", "alertmanager", "amtool")

# One module each: Prometheus requires an Alertmanager whose published module lacks the files of its web page. They are
# main modules with `tool` lines, since a `replace` in a module makes `go install package@version` refuse it.
MODULES = {
    "prometheus": """\
module example.invalid/prometheus-stack

go 1.25.0

tool (
	github.com/prometheus/prometheus/cmd/prometheus
	github.com/prometheus/prometheus/cmd/promtool
)

require github.com/prometheus/prometheus v0.312.0
""",
    "alertmanager": """\
module example.invalid/alertmanager-stack

go 1.25.0

tool (
	github.com/prometheus/alertmanager/cmd/alertmanager
	github.com/prometheus/alertmanager/cmd/amtool
)

require github.com/prometheus/alertmanager v0.31.1
""",
}

# Without the clients of two dozen clouds that it could discover targets in: half of the time to build.
TAGS = "remove_all_sd"

NO_GO = (
    "The stack tests build Prometheus and Alertmanager from Go modules, but there is no `go` on the PATH.\n"
    "Install Go 1.25 or newer (https://go.dev/doc/install), or let PROMETHEUS_BIN_DIR name a directory with\n"
    f"{', '.join(PROGRAMS)}: of their releases, or of Debian's packages prometheus and\n"
    "prometheus-alertmanager (/usr/bin), whose promtool 2.42 knows no `otlp:` in prometheus.yaml."
)


class PrometheusUnavailable(Exception):
    """The programs are not there and cannot be built; the message says what to do."""


@dataclass(frozen=True)
class PrometheusPrograms:
    """Paths of the four programs."""

    prometheus: Path
    promtool: Path
    alertmanager: Path
    amtool: Path


def find_prometheus() -> PrometheusPrograms | None:
    """The programs in the directory that ``PROMETHEUS_BIN_DIR`` names, else those built earlier from today's modules.

    Raises ``PrometheusUnavailable`` when one is missing in the directory named.
    """
    named = os.environ.get("PROMETHEUS_BIN_DIR")
    directory = Path(named) if named else _cached()
    missing = [name for name in PROGRAMS if not os.access(directory / name, os.X_OK)]
    if named and missing:
        raise PrometheusUnavailable(f"PROMETHEUS_BIN_DIR={named} has no program {', '.join(missing)}.")
    return None if missing else PrometheusPrograms(*(directory / name for name in PROGRAMS))


def build_prometheus() -> PrometheusPrograms:
    """Build the programs into the cache; takes some minutes.

    Raises ``PrometheusUnavailable`` without Go, or when Go cannot build them.
    """
    go = shutil.which("go")
    if go is None:
        raise PrometheusUnavailable(NO_GO)
    sources = CACHE / "prometheus-sources"
    fresh = sources / "bin"
    shutil.rmtree(sources, ignore_errors=True)
    for name, module in MODULES.items():
        directory = sources / name
        directory.mkdir(parents=True)
        (directory / "go.mod").write_text(module)
        _say(f"compiling {name} and its tool, minutes the first time")
        _run(
            [go, "build", f"-tags={TAGS}", "-trimpath", "-ldflags=-s -w", "-o", f"{fresh}/", "tool"],
            cwd=directory,
            # GOFLAGS: fill in what `go mod tidy` would have. CGO: files that run anywhere, and no C compiler.
            env={"GOFLAGS": "-mod=mod", "CGO_ENABLED": "0", "GOWORK": "off"},
        )
    # Only a complete directory ever has this name, however the build ends.
    shutil.rmtree(_cached(), ignore_errors=True)
    os.replace(fresh, _cached())
    shutil.rmtree(sources)
    found = find_prometheus()
    if found is None:
        raise PrometheusUnavailable(f"Go built no {', '.join(PROGRAMS)} in {_cached()}.")
    return found


def _cached() -> Path:
    recipe = "".join(MODULES.values()) + TAGS
    return CACHE / f"prometheus-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def _run(command: list[str], *, cwd: Path, env: dict[str, str]) -> None:
    if subprocess.run(command, cwd=cwd, env=os.environ | env).returncode != 0:
        raise PrometheusUnavailable(f"`{' '.join(command)}` failed; its output is above.")


def _say(what: str) -> None:
    print(f"stack: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        print((find_prometheus() or build_prometheus()).prometheus.parent)
    except PrometheusUnavailable as problem:
        sys.exit(f"{problem}")
