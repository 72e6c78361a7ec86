"""Who is told: Alertmanager's own tool says which receivers an alert reaches."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ..build_prometheus import PrometheusPrograms
from ..programs import Program, free_port, http_get, http_post

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


@pytest.fixture
def alertmanager(prometheus: PrometheusPrograms, tmp_path: Path) -> Iterator[str]:
    """The API of a running Alertmanager, as shipped: it waits half a minute before it tells anybody."""
    address = f"127.0.0.1:{free_port()}"
    command = [
        prometheus.alertmanager,
        f"--config.file={CONFIG}",
        f"--storage.path={tmp_path / 'data'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    program = Program("alertmanager", command, env={}, log=tmp_path / "log")
    try:
        program.start(lambda: http_get(f"http://{address}/-/ready")[0] == 200)
        yield f"http://{address}/api/v2/alerts"
    finally:
        program.stop()


def test_who_was_woken_is_not_told_the_smaller_news(alertmanager: str) -> None:
    alerts = [
        {"alertname": "GenAICostSpike", "severity": "critical", "topic": "cost", "service_name": "shop"},
        {"alertname": "GenAIFeatureCostAnomaly", "severity": "warning", "topic": "cost", "service_name": "shop"},
        {"alertname": "GenAIFeatureCostAnomaly", "severity": "warning", "topic": "cost", "service_name": "other"},
        {"alertname": "GenAIQualityLow", "severity": "warning", "topic": "quality", "service_name": "shop"},
        {"alertname": "GenAICollectorDown", "severity": "critical", "topic": "pipeline"},
        {"alertname": "GenAITelemetryAbsent", "severity": "warning", "topic": "pipeline", "service_name": "shop"},
    ]
    assert (
        http_post(alertmanager, json.dumps([{"labels": labels} for labels in alerts]).encode(), "application/json")
        == 200
    )
    status, body = http_get(alertmanager)
    assert status == 200
    held = {
        (alert["labels"]["alertname"], alert["labels"].get("service_name"))
        for alert in json.loads(body)
        if alert["status"]["inhibitedBy"]
    }
    assert held == {("GenAIFeatureCostAnomaly", "shop"), ("GenAITelemetryAbsent", "shop")}
