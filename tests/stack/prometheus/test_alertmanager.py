"""Who is told: Alertmanager's own tool says which receivers an alert reaches."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ...support.serving import serving
from ..build_prometheus import PrometheusPrograms
from ..programs import Program, free_port, http_get, http_post, wait_until

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


@contextmanager
def running(prometheus: PrometheusPrograms, config: Path, directory: Path) -> Generator[str]:
    """An Alertmanager with this configuration: the address of its alerts."""
    address = f"127.0.0.1:{free_port()}"
    command = [
        prometheus.alertmanager,
        f"--config.file={config}",
        f"--storage.path={directory / 'data'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    program = Program("alertmanager", command, env={}, log=directory / "log")
    try:
        program.start(lambda: http_get(f"http://{address}/-/ready")[0] == 200)
        yield f"http://{address}/api/v2/alerts"
    finally:
        program.stop()


def test_who_was_woken_is_not_told_the_smaller_news(prometheus: PrometheusPrograms, tmp_path: Path) -> None:
    alerts = [
        {"alertname": "GenAICostSpike", "severity": "critical", "topic": "cost", "service_name": "shop"},
        {"alertname": "GenAIFeatureCostAnomaly", "severity": "warning", "topic": "cost", "service_name": "shop"},
        {"alertname": "GenAIFeatureCostAnomaly", "severity": "warning", "topic": "cost", "service_name": "other"},
        {"alertname": "GenAIQualityLow", "severity": "warning", "topic": "quality", "service_name": "shop"},
        {"alertname": "GenAICollectorDown", "severity": "critical", "topic": "pipeline"},
        {"alertname": "GenAITelemetryAbsent", "severity": "warning", "topic": "pipeline", "service_name": "shop"},
    ]
    # As shipped it waits half a minute before it tells anybody.
    with running(prometheus, CONFIG, tmp_path) as api:
        posted = json.dumps([{"labels": labels} for labels in alerts]).encode()
        assert http_post(api, posted, "application/json") == 200
        status, body = http_get(api)
    assert status == 200
    held = {
        (alert["labels"]["alertname"], alert["labels"].get("service_name"))
        for alert in json.loads(body)
        if alert["status"]["inhibitedBy"]
    }
    assert held == {("GenAIFeatureCostAnomaly", "shop"), ("GenAITelemetryAbsent", "shop")}


class Inbox(ThreadingHTTPServer):
    """Stands for Slack and PagerDuty: keeps what is posted, by path."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Post)
        self.posts: dict[str, str] = {}
        self.url = f"http://127.0.0.1:{self.server_port}"


class Post(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        inbox = self.server
        assert isinstance(inbox, Inbox)
        inbox.posts[self.path] = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_response(202 if self.path == "/page" else 200)
        self.end_headers()
        self.wfile.write(b'{"status": "success"}' if self.path == "/page" else b"ok")

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with serving(Inbox()) as server:
        yield server


def test_messages_say_what_and_where_to_read_on(prometheus: PrometheusPrograms, inbox: Inbox, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "slack-url").write_text(f"{inbox.url}/chat")
    (secrets / "pagerduty-key").write_text("key")
    config = tmp_path / "alertmanager.yaml"
    config.write_text(
        CONFIG.read_text()
        .replace("/etc/alertmanager/secrets", str(secrets))
        .replace("global:\n", f"global:\n  pagerduty_url: {inbox.url}/page\n")
        .replace("group_wait: 30s", "group_wait: 0s")
    )
    alert = {
        "labels": {"alertname": "GenAICostSpike", "severity": "critical", "topic": "cost", "service_name": "shop"},
        "annotations": {"summary": "shop spent 30.00 USD in an hour", "runbook": "docs/alerts.md#genaicostspike"},
    }
    with running(prometheus, config, tmp_path) as api:
        assert http_post(api, json.dumps([alert]).encode(), "application/json") == 200
        wait_until(lambda: inbox.posts.keys() == {"/chat", "/page"}, what="both are told", seconds=20)
    page = json.loads(inbox.posts["/page"])
    assert page["payload"]["summary"] == "GenAICostSpike: shop spent 30.00 USD in an hour"
    assert page["payload"]["custom_details"]["runbook"] == "docs/alerts.md#genaicostspike"
    (chat,) = json.loads(inbox.posts["/chat"])["attachments"]
    assert chat["title"].strip() == "FIRING: GenAICostSpike"
    assert chat["text"].strip() == "shop spent 30.00 USD in an hour (docs/alerts.md#genaicostspike)"
