"""The alerts, their tests, their thresholds and their runbook belong together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
RUNBOOK = (ROOT / "docs" / "alerts.md").read_text()
RULES: list[dict[str, Any]] = [
    rule
    for file in sorted((FOLDER / "rules").glob("*.yaml"))
    for group in yaml.safe_load(file.read_text())["groups"]
    for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
NAMES = sorted({rule["alert"] for rule in ALERTS})
THRESHOLDS = [rule for rule in RULES if rule.get("record", "").startswith("gen_ai_threshold:")]


def fired_in_tests() -> set[tuple[str, str]]:
    """Name and tier of every alert that some test expects to fire."""
    return {
        (check["alertname"], alert["exp_labels"]["severity"])
        for file in (FOLDER / "tests").glob("*.yaml")
        for test in yaml.safe_load(file.read_text())["tests"]
        for check in test.get("alert_rule_test", [])
        for alert in check.get("exp_alerts", [])
    }


def section(name: str) -> str:
    """What the runbook says of an alert."""
    found = re.search(rf"^### {name}\n(.*?)(?=^##|\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)
    return found.group(1) if found else ""


def test_every_alert_is_fired_in_every_tier() -> None:
    assert {(rule["alert"], rule["labels"]["severity"]) for rule in ALERTS} == fired_in_tests()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_alert_says_its_tier_its_topic_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["labels"]["topic"] in {"cost", "latency", "errors", "quality", "pipeline"}
    assert rule["annotations"]["runbook"] == f"docs/alerts.md#{rule['alert'].lower()}"
    assert rule["annotations"]["summary"]


@pytest.mark.parametrize("name", NAMES)
def test_runbook_says_what_it_means_what_to_ask_and_what_it_usually_is(name: str) -> None:
    text = section(name)
    assert "**Means.**" in text
    assert "**Usually.**" in text
    (queries,) = re.findall(r"^```promql\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(queries.strip().splitlines()) == 3


def test_runbook_has_no_alert_that_is_gone() -> None:
    assert set(re.findall(r"^### (GenAI\w+)$", RUNBOOK, re.MULTILINE)) == set(NAMES)


def test_runbook_shows_every_threshold() -> None:
    """Name, labels and number, as they stand in thresholds.yaml; what is worked out by a query has its number there."""
    shown = set(re.findall(r"^\| `([\w:]+)` \| (\S+) \| ([\d.]+) \|", RUNBOOK, re.MULTILINE))
    numbers = {
        (rule["record"], next(iter(rule.get("labels", {}).values()), "all"), re.findall(r"[\d.]+", rule["expr"])[-1])
        for rule in THRESHOLDS
    }
    assert shown == numbers


def test_thresholds_that_are_named_exist_and_those_that_exist_are_used() -> None:
    used = {name for rule in ALERTS for name in re.findall(r"gen_ai_threshold:\w+", rule["expr"])}
    assert used == {rule["record"] for rule in THRESHOLDS}
