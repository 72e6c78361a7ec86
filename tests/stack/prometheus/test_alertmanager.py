"""Who is told: Alertmanager's own tool says which receivers an alert reaches."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from ..build_prometheus import PrometheusPrograms

pytestmark = pytest.mark.stack

CONFIG = Path(__file__).parents[3] / "deploy" / "prometheus" / "alertmanager.yaml"


def run(command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def test_alertmanager_accepts_its_configuration(prometheus: PrometheusPrograms) -> None:
    done = run([prometheus.amtool, "check-config", CONFIG])
    assert done.returncode == 0, done.stdout + done.stderr


def test_amtool_refuses_a_broken_copy(prometheus: PrometheusPrograms, tmp_path: Path) -> None:
    """Proof that the check above can fail at all."""
    broken = tmp_path / "alertmanager.yaml"
    broken.write_text(CONFIG.read_text().replace("receiver: page", "receiver: pager"))
    assert run([prometheus.amtool, "check-config", broken]).returncode != 0


@pytest.mark.parametrize(
    ("severity", "receiver"),
    [("critical", "page"), ("warning", "chat"), ("info", "digest"), ("unheard-of", "chat")],
)
def test_each_tier_reaches_its_receiver(prometheus: PrometheusPrograms, severity: str, receiver: str) -> None:
    labels = ["alertname=GenAICostSpike", f"severity={severity}", "topic=cost", "service_name=shop"]
    done = run([prometheus.amtool, "config", "routes", "test", f"--config.file={CONFIG}", *labels])
    assert (done.returncode, done.stdout.split()) == (0, [receiver]), done.stderr
