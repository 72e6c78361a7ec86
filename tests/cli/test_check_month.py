"""The rules that we ship, on a month in which things go wrong on known days."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from examples.month.events import CACHE_STOPS, RUNAWAY, TEMPLATE_DOUBLES, Event
from examples.month.story import FIRST_DAY
from otel_genai_instr.cli import main

RULES = Path(__file__).parents[2] / "deploy" / "rules" / "genai-checks.yaml"
UPDATED = ("search-rag", "summarise")
"""What asks for the model that is silently another one from a day on."""
Found = set[tuple[str, str | None]]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def found(
    month: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[datetime], Any]:
    """What fires at a time: exit code, and rules with what they are of."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))

    def found(at: datetime) -> tuple[int, Found]:
        code = main(["check", str(RULES), "--from", str(month), "--until", f"{at:%Y-%m-%d}", "--format", "json"])
        said = json.loads(capsys.readouterr().out)
        of = ("feature", "prompt", "model")
        return code, {
            (row["rule"], next((row["labels"][name] for name in of if name in row["labels"]), None))
            for row in said["findings"]
        }

    return found


def _day_of(event: Event) -> datetime:
    return datetime.fromtimestamp(event.at(FIRST_DAY) // 1_000_000_000, UTC).replace(hour=0)


def test_the_rules_are_silent_while_all_is_well(found: Callable[[datetime], tuple[int, Found]]) -> None:
    assert found(_day_of(TEMPLATE_DOUBLES)) == (0, set())


def test_what_goes_wrong_is_found(found: Callable[[datetime], tuple[int, Found]]) -> None:
    code, fired = found(_day_of(RUNAWAY) + timedelta(days=1))
    assert code == 4
    assert fired >= {
        ("cost_anomaly", RUNAWAY.feature),
        ("cost_week_over_week", RUNAWAY.feature),
        ("cost_week_over_week", CACHE_STOPS.feature),
        ("cache_rate_falls", CACHE_STOPS.feature),
        ("prompt_length_drifts", "support_answer"),
        *(("evaluations_drift", feature) for feature in UPDATED),
        *(("answers_become_longer", feature) for feature in UPDATED),
    }
