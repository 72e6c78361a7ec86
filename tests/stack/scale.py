"""The files of deploy/collector/scale/, judged by Collectors that know their parts: ``python -m tests.stack.scale``.

Not every version of every component can be had as a Go module, so each pair of files has a Collector of its own, of the
version that can. Takes some minutes the first time; CI leaves it out.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .build_collector import BUILDER, MANIFEST, CollectorUnavailable, Recipe, build_collector
from .collector import CONFIG, OVERLAYS

TODAY = BUILDER.rpartition("@v")[2]
CONTRIB = "github.com/open-telemetry/opentelemetry-collector-contrib"


@dataclass(frozen=True)
class Tiers:
    """Two tiers, what is between them, and the version of the Collector that judges them."""

    version: str
    modules: tuple[str, ...]
    first: tuple[str, ...]
    second: tuple[str, ...]
    older_names: tuple[tuple[str, str], ...] = ()
    """What had another name in this version."""


TIERS = {
    "balancing": Tiers(
        version="0.160.0",
        modules=("exporters: exporter/loadbalancingexporter",),
        first=("scale/balancing", "prometheus"),
        second=("scale/sampler", "tail-sampling", "tempo"),
    ),
    "kafka": Tiers(
        version="0.155.0",
        modules=("exporters: exporter/kafkaexporter", "receivers: receiver/kafkareceiver"),
        first=("scale/to-kafka", "prometheus"),
        second=("scale/from-kafka", "tail-sampling", "tempo"),
        older_names=(("delta_to_cumulative", "deltatocumulative"),),
    ),
}


def recipe(tiers: Tiers) -> Recipe:
    """Today's Collector at their version, with their modules."""
    manifest = MANIFEST.read_text().replace(TODAY, tiers.version)
    for kind, _, module in (entry.partition(": ") for entry in tiers.modules):
        manifest = manifest.replace(f"\n{kind}:\n", f"\n{kind}:\n  - gomod: {CONTRIB}/{module} v{tiers.version}\n", 1)
    return Recipe(manifest, BUILDER.replace(TODAY, tiers.version))


def problems(binary: Path, overlays: Sequence[str], older_names: Sequence[tuple[str, str]]) -> str:
    """What the Collector says of the shipped file with these overlays; nothing when it takes them."""
    with tempfile.TemporaryDirectory() as folder:
        arguments: list[str] = []
        for number, file in enumerate((CONFIG, *(OVERLAYS / f"{name}.yaml" for name in overlays))):
            text = file.read_text()
            for today, older in older_names:
                text = text.replace(today, older)
            copy = Path(folder) / f"{number}.yaml"
            copy.write_text(text)
            arguments.append(f"--config={copy}")
        env = {"HOSTNAME": "replica", "OTELCOL_QUEUE_DIR": folder}
        done = subprocess.run([binary, "validate", *arguments], env=env, capture_output=True, text=True)
        return done.stdout + done.stderr + (f"exit code {done.returncode}" if done.returncode else "")


def main() -> int:
    """Build and judge; 1 when anything is wrong."""
    failed = False
    for name, tiers in TIERS.items():
        made = recipe(tiers)
        binary = made.binary if made.binary.exists() else build_collector(made)
        for overlays in (tiers.first, tiers.second):
            found = problems(binary, overlays, tiers.older_names)
            print(f"{name} {tiers.version} {' + '.join(overlays)}: {found or 'valid'}", flush=True)
            failed |= bool(found)
    return int(failed)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CollectorUnavailable as problem:
        sys.exit(f"{problem}")
