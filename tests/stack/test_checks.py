"""``otel-genai check --alertmanager`` against a real Alertmanager."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from otel_genai_instr.cli import main

from ..reports.lines import call, document, write
from .build_prometheus import PrometheusPrograms
from .programs import Program, free_port, http_get, http_post

pytestmark = pytest.mark.stack

RULES = "rules: [{name: dear, report: cost, by: feature, figure: cost, above: 0.1, severity: critical}]"
CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


@pytest.fixture
def alertmanager(prometheus: PrometheusPrograms, tmp_path: Path) -> Iterator[str]:
    """The address of one that runs."""
    config, port = tmp_path / "alertmanager.yaml", free_port()
    config.write_text(CONFIG)
    url = f"http://127.0.0.1:{port}"
    program = Program(
        "alertmanager",
        [
            prometheus.alertmanager,
            f"--config.file={config}",
            f"--storage.path={tmp_path / 'storage'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ],
        {},
        tmp_path / "alertmanager.log",
    )
    try:
        program.start(lambda: http_get(f"{url}/-/ready")[0] == 200)
        yield url
    finally:
        program.stop()


def _alerts(url: str) -> list[dict[str, Any]]:
    status, body = http_get(f"{url}/api/v2/alerts")
    assert status == 200
    return json.loads(body)


def test_a_second_run_prolongs_the_alert_of_the_first_and_a_silence_holds(
    alertmanager: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    telemetry = tmp_path / "telemetry"
    telemetry.mkdir()
    write(telemetry / "traces.jsonl", document([call(feature="chät", cost=0.2), call(feature="search", cost=0.05)]))
    (tmp_path / "rules.yaml").write_text(RULES)
    command = ["check", str(tmp_path / "rules.yaml"), "--from", str(telemetry), "--until", "2026-11-05"]

    assert main([*command, "--alertmanager", alertmanager, "--for", "1h"]) == 4
    (first,) = _alerts(alertmanager)
    assert first["labels"] == {
        "alertname": "dear",
        "severity": "critical",
        "report": "cost",
        "feature": "chät",
        "currency": "USD",
    }
    assert first["annotations"]["value"] == "cost 0.2"
    silence = {
        "matchers": [{"name": "alertname", "value": "dear", "isRegex": False, "isEqual": True}],
        "startsAt": first["startsAt"],
        "endsAt": first["endsAt"],
        "createdBy": "test",
        "comment": "known",
    }
    assert http_post(f"{alertmanager}/api/v2/silences", json.dumps(silence).encode(), "application/json") == 200

    assert main([*command, "--alertmanager", alertmanager, "--for", "2h"]) == 4
    (second,) = _alerts(alertmanager)
    assert second["fingerprint"] == first["fingerprint"]
    assert second["startsAt"] == first["startsAt"]
    assert datetime.fromisoformat(second["endsAt"]) > datetime.fromisoformat(first["endsAt"])
    assert second["status"]["state"] == "suppressed"
