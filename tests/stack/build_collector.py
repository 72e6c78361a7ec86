"""The Collector for the stack tests: the one that is there, or built from published Go modules.

Run as a program, it prints the path of the binary; the first time it builds for about two minutes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .building import ProgramUnavailable, cached, compile_go, find_go, run, say

MANIFEST = Path(__file__).with_name("collector-builder.yaml")
BUILDER = "go.opentelemetry.io/collector/cmd/builder@v0.161.0"
"""Must be the version of the modules in the manifest; a test compares them."""

NO_GO = (
    "The stack tests build their Collector from Go modules, but there is no `go` on the PATH.\n"
    "Install Go 1.25 or newer (https://go.dev/doc/install), or let OTELCOL_BIN name a Collector\n"
    "that has the components of tests/stack/collector-builder.yaml."
)


@dataclass(frozen=True)
class Recipe:
    """What a Collector is made of, and by which Builder."""

    manifest: str
    builder: str

    @property
    def binary(self) -> Path:
        """Where it is, once it has been built."""
        return cached("otelcol", self.manifest + self.builder)


def find_collector() -> Path | None:
    """The binary that ``OTELCOL_BIN`` names, else the one built earlier from today's manifest.

    Raises ``ProgramUnavailable`` when ``OTELCOL_BIN`` names something that cannot be run.
    """
    named = os.environ.get("OTELCOL_BIN")
    if named:
        if not os.access(named, os.X_OK) or Path(named).is_dir():
            raise ProgramUnavailable(f"OTELCOL_BIN={named} is not a program.")
        return Path(named)
    built = Recipe(MANIFEST.read_text(), BUILDER).binary
    return built if os.access(built, os.X_OK) else None


def build_collector(recipe: Recipe | None = None) -> Path:
    """Build the manifest's Collector, or another, into the cache and return its path; takes about two minutes.

    Raises ``ProgramUnavailable`` without Go, or when Go cannot build it.
    """
    recipe = recipe or Recipe(MANIFEST.read_text(), BUILDER)
    go = find_go(NO_GO)
    sources = recipe.binary.with_name(f"{recipe.binary.name}-sources")
    shutil.rmtree(sources, ignore_errors=True)
    sources.mkdir(parents=True)
    manifest = sources / "manifest.yaml"
    manifest.write_text(recipe.manifest.replace("dist:\n", f"dist:\n  output_path: {sources}\n", 1))

    say("installing the Collector Builder")
    run([go, "install", recipe.builder], cwd=sources, env={"GOBIN": str(sources)})

    say("writing the Collector's sources")
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
        raise ProgramUnavailable(f"The Collector Builder failed:\n{generated.stdout}")

    say("compiling the Collector, about two minutes the first time")
    fresh = sources / "otelcol"
    compile_go(go, ".", to=str(fresh), cwd=sources)
    # Only a complete binary ever has this name, however the build ends.
    os.replace(fresh, recipe.binary)
    shutil.rmtree(sources)
    return recipe.binary


if __name__ == "__main__":
    try:
        print(find_collector() or build_collector())
    except ProgramUnavailable as problem:
        sys.exit(f"{problem}")
