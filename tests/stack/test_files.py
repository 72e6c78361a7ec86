"""The shipped files, judged by the programs that read them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from .build_collector import BUILDER, MANIFEST
from .collector import CONFIG, ROOT
from .compose import COMPOSE_FILE


def run(command: Sequence[str | Path], env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """What the command says and how it ends."""
    return subprocess.run(command, env=env, capture_output=True, text=True)


@pytest.mark.stack
def test_collector_validates_the_shipped_file(collector_binary: Path, tmp_path: Path) -> None:
    done = run([collector_binary, "validate", f"--config={CONFIG}"], {"OTELCOL_QUEUE_DIR": str(tmp_path)})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.stack
def test_collector_refuses_a_broken_copy(collector_binary: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(CONFIG.read_text().replace("sending_queue:", "queue:"))
    done = run([collector_binary, "validate", f"--config={broken}"])
    assert done.returncode != 0
    assert "otlp_grpc/jaeger" in done.stderr


def test_builder_modules_and_image_are_of_one_version() -> None:
    versions = set(re.findall(r"gomod: \S+ v(\S+)", MANIFEST.read_text()))
    image = re.search(r"collector-contrib:([\d.]+)@", COMPOSE_FILE.read_text())
    assert image is not None
    assert versions == {BUILDER.rpartition("@v")[2]} == {image[1]}


def test_documentation_names_the_versions_in_use() -> None:
    page = (ROOT / "docs" / "stack.md").read_text()
    images = set(re.findall(r"image: .*:v?([\d.]+)@sha256", COMPOSE_FILE.read_text()))
    assert len(images) == 7
    for version in (*images, BUILDER.rpartition("@v")[2]):
        assert version in page
