"""The rules, judged by promtool: each alert by itself, and all of them together on weeks of imagined traffic."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..build_prometheus import PrometheusPrograms
from .patterns import (
    EXPECTED,
    EXPECTED_OF_MINUTES,
    HOURS,
    INCIDENT_OF_MINUTES,
    INCIDENTS,
    MINUTES,
    NORMAL,
    NORMAL_OF_MINUTES,
    TUESDAY,
)
from .traffic import input_series, jittered

pytestmark = pytest.mark.stack

FOLDER = Path(__file__).parents[3] / "deploy" / "prometheus"
RULES = FOLDER / "rules"
TESTS = sorted((FOLDER / "tests").glob("*.yaml"))


def run(command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    # It allocates much and keeps little: collecting less often saves a fifth of the time.
    return subprocess.run(command, capture_output=True, text=True, timeout=200, env=os.environ | {"GOGC": "400"})


def group_order() -> list[str]:
    """Recordings, thresholds, alerts: `promtool` takes those that are not named first, in no order."""
    order: list[str] = yaml.safe_load(TESTS[0].read_text())["group_eval_order"]
    return order


def fired(alert: str, service: str, severity: str, at: str) -> dict[str, Any]:
    """That the alert fires at this time."""
    which = f'alertname="{alert}", service_name="{service}", severity="{severity}", alertstate="firing"'
    return {
        "expr": f"count(ALERTS{{{which}}}) > bool 0",
        "eval_time": at,
        "exp_samples": [{"labels": "{}", "value": 1}],
    }


def silent(services: Iterable[str], since: str, at: str) -> dict[str, Any]:
    """That nothing of these services has fired since then."""
    which = f'service_name=~"{"|".join(sorted(set(services)))}", alertstate="firing"'
    query = f"count by (service_name, alertname, severity) (count_over_time(ALERTS{{{which}}}[{since}]))"
    return {"expr": query, "eval_time": at, "exp_samples": []}


def judge(promtool: Path, directory: Path, world: dict[str, Any], step: str) -> None:
    """Let `promtool` evaluate all rules on the world, every ``step``."""
    test = {
        "rule_files": [str(RULES / "*.yaml")],
        "evaluation_interval": step,
        "group_eval_order": group_order(),
        "tests": [world],
    }
    file = directory / "world.json"
    # JSON is YAML, and written in a moment.
    file.write_text(json.dumps(test))
    done = run([promtool, "test", "rules", file])
    assert done.returncode == 0, (done.stdout + done.stderr)[:8000]


def test_rules_are_valid(prometheus: PrometheusPrograms) -> None:
    done = run([prometheus.promtool, "check", "rules", "--lint=all", "--lint-fatal", *RULES.glob("*.yaml")])
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_refuses_a_broken_rule(prometheus: PrometheusPrograms, tmp_path: Path) -> None:
    """Proof that the check above can fail at all."""
    broken = tmp_path / "broken.yaml"
    broken.write_text((RULES / "cost.yaml").read_text().replace("scalar(", "skalar(", 1))
    assert run([prometheus.promtool, "check", "rules", broken]).returncode != 0


def test_prometheus_accepts_its_configuration(prometheus: PrometheusPrograms) -> None:
    done = run([prometheus.promtool, "check", "config", FOLDER / "prometheus.yaml"])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_each_alert_by_itself(prometheus: PrometheusPrograms, file: Path) -> None:
    done = run([prometheus.promtool, "test", "rules", file])
    assert done.returncode == 0, done.stdout + done.stderr


def test_weeks(prometheus: PrometheusPrograms, tmp_path: Path) -> None:
    """The incidents are told, each in its tier, and nothing is said of what only looks like one."""
    streams = [jittered(stream) for stream in (*INCIDENTS, *NORMAL)]
    checks = [silent([stream.service for stream in INCIDENTS], "3w", f"{TUESDAY}h")]
    checks += [silent([stream.service for stream in NORMAL], "4w", f"{HOURS - 1}h")]
    checks += [
        fired(alert, service, severity, f"{hour}h")
        for service, alerts in EXPECTED.items()
        for alert, (hour, severity) in alerts.items()
    ]
    series = [one for stream in streams for one in input_series(stream, HOURS, 3)]
    world = {"interval": "20m", "input_series": series, "promql_expr_test": checks}
    judge(prometheus.promtool, tmp_path, world, "1h")


def test_minutes(prometheus: PrometheusPrograms, tmp_path: Path) -> None:
    """The same for what is seen over minutes."""
    streams = [jittered(stream) for stream in (INCIDENT_OF_MINUTES, *NORMAL_OF_MINUTES)]
    checks = [silent([INCIDENT_OF_MINUTES.service], "30m", "30m")]
    checks += [silent([stream.service for stream in NORMAL_OF_MINUTES], f"{MINUTES}m", f"{MINUTES - 1}m")]
    checks += [
        fired(alert, INCIDENT_OF_MINUTES.service, severity, f"{minute}m")
        for alert, (minute, severity) in EXPECTED_OF_MINUTES.items()
    ]
    series = [one for stream in streams for one in input_series(stream, MINUTES, 1)]
    world = {"interval": "1m", "input_series": series, "promql_expr_test": checks}
    judge(prometheus.promtool, tmp_path, world, "1m")
