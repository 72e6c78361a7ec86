"""What ``instrument()`` takes is what a type checker says that it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from otel_genai_instr.options import Options
from otel_genai_instr.settings import Settings, with_overrides
from otel_genai_instr.telemetry import telemetry

SOURCES = Path(__file__).parents[1] / "src"
PYRIGHT_SECONDS = 240
HINTS = get_type_hints(Options)
SETTINGS = get_type_hints(Settings)


def test_there_is_one_entry_for_each_setting_and_part() -> None:
    assert HINTS.keys() - telemetry._PARTS == {setting.name for setting in fields(Settings)}  # pyright: ignore[reportPrivateUsage]
    assert set(telemetry._PARTS) < HINTS.keys()  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_what_a_setting_may_be_an_option_may_be(name: str) -> None:
    assert _kinds(SETTINGS[name]) <= _kinds(HINTS[name]) or SETTINGS[name] is object


def _kinds(hint: Any) -> set[Any]:
    """The alternatives of a type."""
    return set(get_args(hint)) if get_origin(hint) in (Union, UnionType) else {hint}


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_the_words_of_a_setting_are_those_that_it_takes(name: str) -> None:
    words = {word for kind in _kinds(HINTS[name]) if get_origin(kind) is Literal for word in get_args(kind)}
    enumerated = [kind for kind in _kinds(SETTINGS[name]) if isinstance(kind, type) and issubclass(kind, Enum)]
    values = {choice.value for kind in enumerated for choice in kind}
    if bool in _kinds(HINTS[name]) and enumerated:
        values -= {"true", "false"}  # which are True and False
    assert words == values
    for word in words:
        assert getattr(with_overrides(Settings(), {name: word}), name).value == word


def test_a_typo_is_an_error_of_the_type_checker(tmp_path: Path) -> None:
    pytest.importorskip("pyright")
    program = tmp_path / "app.py"
    program.write_text(
        "import otel_genai_instr as genai\n"
        "from opentelemetry.trace import get_tracer_provider\n"
        'genai.instrument(tracer_provider=get_tracer_provider(), content="digest", cost=False, prices={"name": "x"})\n'
        "genai.instrument(content_for=lambda call: 'full' if call.error else None, record='both')\n"
        "genai.instrument(capture_contents=True)\n"
        'genai.instrument(content="everything")\n'
        'genai.instrument(cost="no")\n'
    )
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"extraPaths": [str(SOURCES)]}))
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson", "app.py"]
    checked = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PYRIGHT_SECONDS
    )
    found = json.loads(checked.stdout)["generalDiagnostics"]
    wrong = {(one["range"]["start"]["line"] + 1, one["rule"]) for one in found if one["severity"] == "error"}
    assert wrong == {(5, "reportCallIssue"), (6, "reportArgumentType"), (7, "reportArgumentType")}
    assert "capture_contents" in str(found)
