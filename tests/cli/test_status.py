"""``otel-genai status``, with SDKs and neighbours of any version: their metadata is all that is looked at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from otel_genai_instr import __version__, file_settings, log, settings
from otel_genai_instr.cli import main


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("OTEL_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(log, "_said", {})


def _status(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["status", "--format", "json"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return json.loads(printed.out)


def _sdk(name: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (found,) = [sdk for sdk in _status(capsys)["sdks"] if sdk["sdk"] == name]
    return found


def _install(folder: Path, name: str, release: str, instruments: str | None = None) -> None:
    """What a package manager writes down of a distribution."""
    info = folder / f"{name.replace('-', '_')}-{release}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {release}\n")
    if instruments:
        (info / "entry_points.txt").write_text(f"[opentelemetry_instrumentor]\n{instruments} = theirs:Instrumentor\n")


def test_an_sdk_that_is_there_is_instrumented(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("openai")
    assert _sdk("openai", capsys) == {
        "sdk": "openai",
        "installed": version("openai"),
        "supported": ">= 1.55.3, < 4",
        "instrumented": True,
        "why_not": None,
    }


@pytest.mark.parametrize("release", ["1.55.2", "4.0.0"])
def test_a_version_that_we_do_not_claim(
    release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _install(tmp_path, "openai", release)
    monkeypatch.syspath_prepend(tmp_path)  # pyright: ignore[reportUnknownMemberType]
    found = _sdk("openai", capsys)
    assert (found["installed"], found["instrumented"]) == (release, False)
    assert found["why_not"] == "this version is not supported"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("OTEL_SDK_DISABLED", "true", "OTEL_SDK_DISABLED is set"),
        (
            "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS",
            "flask, openai",
            "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS names it; instrument() in code does it nevertheless",
        ),
        (
            "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS",
            "*",
            "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS names it; instrument() in code does it nevertheless",
        ),
    ],
)
def test_what_is_turned_off(
    variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("openai")
    monkeypatch.setenv(variable, value)
    found = _sdk("openai", capsys)
    assert (found["instrumented"], found["why_not"]) == (False, said)


def test_an_sdk_that_is_not_there() -> None:
    """Without site-packages but what we stand on: as a process, since what is imported is imported."""
    program = (
        "import importlib.metadata as m, sys\n"
        "from importlib.machinery import PathFinder\n"
        "class Hidden(PathFinder):\n"
        "    @classmethod\n"
        "    def find_distributions(cls, context=m.DistributionFinder.Context()):\n"
        "        found = m.MetadataPathFinder.find_distributions(context)\n"
        "        return (one for one in found if one.metadata['Name'] != 'anthropic')\n"
        "sys.meta_path[:] = [Hidden if one is PathFinder else one for one in sys.meta_path]\n"
        "from otel_genai_instr.cli import main; sys.exit(main(['status', '--format', 'json']))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    (found,) = [sdk for sdk in json.loads(done.stdout)["sdks"] if sdk["sdk"] == "anthropic"]
    assert (found["installed"], found["instrumented"], found["why_not"]) == (None, False, "not installed")


def test_others_that_observe_the_same_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _install(tmp_path, "their-openai", "1.2", "openai")
    _install(tmp_path, "their-anthropic", "3.4", "anthropic_v2")
    _install(tmp_path, "their-flask", "5.6", "flask")
    _install(tmp_path, "langfuse", "7.8")
    monkeypatch.syspath_prepend(tmp_path)  # pyright: ignore[reportUnknownMemberType]
    found = {other["package"]: other for other in _status(capsys)["others"]}
    assert "their-flask" not in found
    assert found["their-openai"]["installed"] == "1.2"
    assert "its name is that of ours: uninstall one" in found["their-openai"]["says"]
    assert found["their-anthropic"]["says"].endswith("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=anthropic_v2 turns it off")
    assert found["langfuse"]["installed"] == "7.8"

    monkeypatch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "anthropic_v2")
    found = {other["package"]: other for other in _status(capsys)["others"]}
    assert found["their-anthropic"]["says"].startswith("off: ")


def test_settings_in_force_and_where_they_come_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(settings.CAPTURE_MESSAGE_CONTENT, "true")
    monkeypatch.setenv(settings.COST, "on")  # as by default, and said nevertheless
    monkeypatch.setenv(settings.METRIC_DIMENSIONS, "")
    monkeypatch.setenv(settings.STREAM_USAGE, "perhaps")
    monkeypatch.setenv(settings.FEEDBACK_KEY, "a secret of sorts")
    monkeypatch.setenv("OTEL_GENAI_COSTS", "on")
    monkeypatch.setenv(file_settings.FILE_DIR, "/var/calls")
    monkeypatch.setenv(file_settings.FILE_MAX_AGE, "a month")
    outcome = _status(capsys)
    found = {one["setting"]: (one["value"], one["source"]) for one in outcome["settings"]}
    assert list(found) == [*settings.VARIABLES, *(f"genai_file {name}" for name in file_settings.VARIABLES)]
    assert found["genai_file folder"] == ("/var/calls", file_settings.FILE_DIR)
    assert found["genai_file max_age"] == (30, "default")
    assert found["capture_content"] == ("span_only", settings.CAPTURE_MESSAGE_CONTENT)
    assert found["cost"] == (True, settings.COST)
    assert found["metric_dimensions"] == ([], settings.METRIC_DIMENSIONS)
    assert found["stream_usage"] == (False, "default")
    assert found["feedback_key"] == ("set, not shown", settings.FEEDBACK_KEY)
    assert found["content_max_bytes"] == (32_768, "default")
    said = sorted(outcome["mistakes"])
    assert [line.split()[0].split("=")[0] for line in said] == [
        "OTEL_GENAI_COSTS",
        file_settings.FILE_MAX_AGE,
        settings.STREAM_USAGE,
    ]


SECRET = "never-to-be-shown-0123456789"


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_shown(form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Keys, and the address of the store, which may have a password in it."""
    secrets = ("content_key", "content_store", "content_store_keys", "pseudonym_keys", "feedback_key")
    for name in secrets:
        monkeypatch.setenv(settings.VARIABLES[name], f"s3://{SECRET}@host/folder,{SECRET}")
    assert main(["status", "--format", form]) == 0
    printed = capsys.readouterr()
    assert SECRET not in printed.out + printed.err
    assert printed.out.count("set, not shown") == len(secrets)


def test_for_people(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(settings.PROVIDER_BY_HOST, "a.corp=openai")
    monkeypatch.setenv(settings.FEEDBACK_KEY, "short")
    assert main(["status"]) == 0
    printed = capsys.readouterr()
    lines = [line.split() for line in printed.out.splitlines()]
    assert lines[0][:2] == ["otel-genai-instr", f"{__version__},"]
    assert ["SDK", "installed", "supported", "instrumented"] in lines
    assert ["provider_by_host", "a.corp=openai", settings.PROVIDER_BY_HOST] in lines
    assert ["prices", "-", "default"] in lines
    assert lines[-1][:3] == ["mistake:", f"{settings.FEEDBACK_KEY}:", "a"]
    assert " short " not in printed.out
    assert printed.err == ""
