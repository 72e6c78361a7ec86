"""The tables in the docs and the names in the code are the same."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path

import otel_genai_instr
from otel_genai_instr import file_settings, semconv, settings
from otel_genai_instr.pricing import Unpriced
from otel_genai_instr.semconv import events, metrics, own
from otel_genai_instr.semconv.types import NOT_TEXT
from otel_genai_instr.settings import Settings

from ..support.tables import ATTRIBUTES, EMITTED, INSTRUMENTORS, NAMESPACES, constants

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
REFERENCE = (ROOT / "docs" / "reference.md").read_text()
QUOTED = set(re.findall(r"`([^`\n]+)`", REFERENCE))


def test_every_attribute_is_documented() -> None:
    assert ATTRIBUTES <= QUOTED


def test_every_documented_name_exists() -> None:
    prefixes = tuple(f"{namespace}." for namespace in NAMESPACES)
    families = {"otel_genai.", "app.", "gen_ai.usage.*", "gen_ai.usage.cost.*"}
    named = {name for name in QUOTED if name.startswith(prefixes) and "," not in name} - families
    assert named - EMITTED == set()


def test_what_is_no_text_is_documented_so() -> None:
    documented: set[str] = set()
    for said, kinds in re.findall(
        r"^\| (`[^|]+) \| ((?:(?:string(?:\[\])?|int|double|bool)(?:, )?)+) \|", _spans(), re.MULTILINE
    ):
        attributes = re.findall(r"`([^`]+)`", said)
        types = kinds.split(", ")
        types *= len(attributes) if len(types) == 1 else 1
        documented |= {name for name, kind in zip(attributes, types, strict=True) if kind != "string"}
    assert {*documented, own.CONTENT_CUT_BYTES} == NOT_TEXT


def _spans() -> str:
    """Attributes of spans: before the metrics."""
    return REFERENCE[: REFERENCE.index("\n## Metrics")]


def test_every_metric_is_documented_with_its_kind_and_unit() -> None:
    for value in vars(metrics).values():
        if isinstance(value, metrics.Instrument):
            assert f"| `{value.name}` | {value.kind} | {value.unit} |" in REFERENCE


def test_every_event_is_documented_with_its_severity() -> None:
    for name in (name for name in vars(events) if f"{name}_SEVERITY" in vars(events)):
        severity = getattr(events, f"{name}_SEVERITY")
        assert f"| `{getattr(events, name)}` | {severity.name} |" in REFERENCE


def test_every_variable_is_documented_beside_its_setting() -> None:
    rows = dict(re.findall(r"^\| `(OTEL_[A-Z_]+)` \| `(\w+)` \|", REFERENCE, re.MULTILINE))
    of_files = {variable: name for name, variable in file_settings.VARIABLES.items()}
    assert {variable: rows.pop(variable, None) for variable in of_files} == of_files
    in_code_only = set(re.findall(r"^\| only in code \| `(\w+)` \|", REFERENCE, re.MULTILINE))
    of_exporters = set(re.findall(r"^\| `(OTEL_[A-Z_]+)` \| of the waterfall \|", REFERENCE, re.MULTILINE))
    assert set(rows) == constants(settings) - of_exporters
    assert of_exporters == settings.OF_EXPORTERS
    assert {*rows.values(), *in_code_only} == {field.name for field in dataclasses.fields(Settings)}


def test_every_reason_for_a_missing_cost_is_documented() -> None:
    assert {reason.value for reason in Unpriced} <= QUOTED


def test_the_pinned_commit_is_documented() -> None:
    assert semconv.CONVENTIONS_COMMIT in REFERENCE


def test_architecture_names_real_modules() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    for path in re.findall(r"`([a-z_]+/[a-z_]+\.py)`", text):
        assert (ROOT / "src" / "otel_genai_instr" / path).exists(), path
    for room in re.findall(r"^\| `([a-z_]+/|[a-z_]+\.py)", text, re.MULTILINE):
        assert (ROOT / "src" / "otel_genai_instr" / room).exists(), room


def test_links_between_documents_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} → {target}"


def test_the_project_states_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["dynamic"] == ["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", otel_genai_instr.__version__)


def test_the_readme_states_the_supported_range_of_every_sdk() -> None:
    for sdk, instrumentor in INSTRUMENTORS.items():
        (requirement,) = instrumentor.requirements
        lowest, above = re.findall(r"[\d.]+", requirement.removeprefix(sdk))
        assert f"`{sdk}` {lowest} to {int(above) - 1}.x" in README
