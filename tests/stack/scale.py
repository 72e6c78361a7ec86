"""The files of deploy/collector/scale/, judged by a Collector that knows their parts: ``python -m tests.stack.scale``.

Load balancing and Kafka cannot be had as Go modules of today's version, with all that they need. So they are of the
newest version that can, in a Collector that is today's otherwise. It takes minutes the first time; CI leaves it out.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

from .build_collector import BUILDER, MANIFEST, Recipe, build_collector
from .building import ProgramUnavailable
from .collector import config_arguments

VERSION = "0.160.0"
MODULES = {
    "receivers": "receiver/kafkareceiver",
    "exporters": "exporter/kafkaexporter exporter/loadbalancingexporter",
}
COMBINATIONS = [
    ("scale/balancing", "prometheus"),
    ("scale/sampler", "tail-sampling", "tempo"),
    ("scale/to-kafka", "prometheus"),
    ("scale/from-kafka", "tail-sampling", "tempo"),
    ("scale/balancing", "tls", "token", "clickhouse"),
]
"""First and second tiers, with what stands beside them in docs/scale.md."""


def recipe() -> Recipe:
    """Today's Collector, and with it what it lacks."""
    manifest = MANIFEST.read_text()
    for kind, modules in MODULES.items():
        for module in modules.split():
            line = f"  - gomod: github.com/open-telemetry/opentelemetry-collector-contrib/{module} v{VERSION}\n"
            manifest = manifest.replace(f"\n{kind}:\n", f"\n{kind}:\n{line}", 1)
    return Recipe(manifest, BUILDER)


def main() -> int:
    """Build and judge; 1 when anything is wrong."""
    made = recipe()
    binary = made.binary if made.binary.exists() else build_collector(made)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        secrets = {"OTELCOL_TOKEN": "secret", "OTELCOL_TLS_CERT": "cert.pem", "OTELCOL_TLS_KEY": "key.pem"}
        env = {"HOSTNAME": "replica", "OTELCOL_QUEUE_DIR": folder} | secrets
        for overlays in COMBINATIONS:
            command = [binary, "validate", *config_arguments(*overlays)]
            done = subprocess.run(command, env=env, capture_output=True, text=True)
            failed |= (done.returncode, done.stdout, done.stderr) != (0, "", "")
            print(f"{' + '.join(overlays)}: {done.stdout + done.stderr or 'valid'}", flush=True)
    return int(failed)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ProgramUnavailable as problem:
        sys.exit(f"{problem}")
