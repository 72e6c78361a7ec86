"""The Collector for the stack tests: the one that is there, or built from published Go modules.

Run as a program, it prints the path of the binary; the first time it builds for about two minutes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

MANIFEST = Path(__file__).with_name("collector-builder.yaml")
CACHE = Path(__file__).parents[2] / ".stack"
BUILDER = "go.opentelemetry.io/collector/cmd/builder@v0.161.0"
"""Must be the version of the modules in the manifest; a test compares them."""

NO_GO = (
    "The stack tests build their Collector from Go modules, but there is no `go` on the PATH.\n"
    "Install Go 1.25 or newer (https://go.dev/doc/install), or let OTELCOL_BIN name a Collector\n"
    "that has the components of tests/stack/collector-builder.yaml."
)


class CollectorUnavailable(Exception):
    """There is no Collector and none can be built; the message says what to do."""


@dataclass(frozen=True)
class Recipe:
    """What a Collector is made of, and by which Builder."""

    manifest: str
    builder: str

    @property
    def binary(self) -> Path:
        """Where it is, once it has been built."""
        text = self.manifest + self.builder
        return CACHE / f"otelcol-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def find_collector() -> Path | None:
    """The binary that ``OTELCOL_BIN`` names, else the one built earlier from today's manifest.

    Raises ``CollectorUnavailable`` when ``OTELCOL_BIN`` names something that cannot be run.
    """
    named = os.environ.get("OTELCOL_BIN")
    if named:
        if not os.access(named, os.X_OK) or Path(named).is_dir():
            raise CollectorUnavailable(f"OTELCOL_BIN={named} is not a program.")
        return Path(named)
    cached = Recipe(MANIFEST.read_text(), BUILDER).binary
    return cached if os.access(cached, os.X_OK) else None


def build_collector(recipe: Recipe | None = None) -> Path:
    """Build the manifest's Collector, or another, into the cache and return its path; takes about two minutes.

    Raises ``CollectorUnavailable`` without Go, or when Go cannot build it.
    """
    recipe = recipe or Recipe(MANIFEST.read_text(), BUILDER)
    go = shutil.which("go")
    if go is None:
        raise CollectorUnavailable(NO_GO)
    sources = CACHE / f"{recipe.binary.name}-sources"
    shutil.rmtree(sources, ignore_errors=True)
    sources.mkdir(parents=True)
    manifest = sources / "manifest.yaml"
    manifest.write_text(recipe.manifest.replace("dist:\n", f"dist:\n  output_path: {sources}\n", 1))

    _say("installing the Collector Builder")
    _run([go, "install", recipe.builder], cwd=sources, env={"GOBIN": str(sources)})

    _say("writing the Collector's sources")
    generated = subprocess.run(
        [sources / "builder", f"--config={manifest}", "--skip-compilation"],
        cwd=sources,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    # The builder ends with `go mod tidy`, which also wants what only the components' own tests need; not all of
    # that can be had. Sources and go.mod are complete by then, and `go build` below is the judge of them.
    if generated.returncode != 0 and not (sources / "go.mod").exists():
        raise CollectorUnavailable(f"The Collector Builder failed:\n{generated.stdout}")

    _say("compiling the Collector, about two minutes the first time")
    fresh = sources / "otelcol"
    _run(
        [go, "build", "-trimpath", "-ldflags=-s -w", "-o", str(fresh), "."],
        cwd=sources,
        # GOFLAGS: fill in what `go mod tidy` would have. CGO: one file that runs anywhere, and no C compiler.
        env={"GOFLAGS": "-mod=mod", "CGO_ENABLED": "0", "GOWORK": "off"},
    )
    # Only a complete binary ever has this name, however the build ends.
    os.replace(fresh, recipe.binary)
    shutil.rmtree(sources)
    return recipe.binary


def _run(command: list[str], *, cwd: Path, env: dict[str, str]) -> None:
    if subprocess.run(command, cwd=cwd, env=os.environ | env).returncode != 0:
        raise CollectorUnavailable(f"`{' '.join(command)}` failed; its output is above.")


def _say(what: str) -> None:
    print(f"stack: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        print(find_collector() or build_collector())
    except CollectorUnavailable as problem:
        sys.exit(f"{problem}")
