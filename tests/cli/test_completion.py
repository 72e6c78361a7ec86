"""The scripts that ``otel-genai completion`` writes, in the shells themselves."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from otel_genai_instr.cli import main
from otel_genai_instr.cli.repricing import GROUPS as REPRICE_GROUPS
from otel_genai_instr.reports.names import GROUPS, REPORTS

ASKED = {
    "otel-genai rep": ["replay", "report", "reprice"],
    "otel-genai report ": sorted(REPORTS),
    "otel-genai report la": ["latency"],
    "otel-genai report cost --format ma": ["markdown"],
    "otel-genai report cost --by ": sorted(GROUPS),
    "otel-genai report cost --by day,pro": sorted(f"day,{name}" for name in GROUPS if name.startswith("pro")),
    "otel-genai what-if --by te": ["tenant"],
    "otel-genai reprice spans.jsonl --by ": sorted(REPRICE_GROUPS),
    "otel-genai report cost --daily": ["--daily-budget"],
    "otel-genai prices che": ["check"],
    "otel-genai report cost --prices my": ["my-prices.yaml"],
    "otel-genai completion ": ["bash", "fish", "zsh"],
}
"""A line, and what its last word may become."""
IN_BASH = """\
source ./script
COMP_LINE=$1
read -ra COMP_WORDS <<< "$1"
[[ $1 == *' ' ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
spec=$(complete -p otel-genai)
spec=${spec#*-F }
"${spec%% *}" otel-genai "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completion")
    (folder / "my-prices.yaml").touch()
    return folder


def _script(shell: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    pytest.importorskip("shtab")
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} here")
    assert main(["completion", shell]) == 0
    (folder / "script").write_text(capsys.readouterr().out)
    return program


def _ran(program: str, script: str, folder: Path, *words: str) -> list[str]:
    done = subprocess.run(
        [program, "-c", script, *words], cwd=folder, capture_output=True, text=True, timeout=30, check=True
    )
    return sorted(set(done.stdout.splitlines()))


def test_bash_completes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bash = _script("bash", folder, capsys)
    for line, expected in ASKED.items():
        assert _ran(bash, IN_BASH, folder, "bash", line) == expected, line


def test_fish_completes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fish = _script("fish", folder, capsys)
    for line, expected in ASKED.items():
        found = _ran(fish, f"source ./script; complete -C '{line}' | cut -f1", folder)
        assert found == expected, line


def test_zsh_reads_the_script(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zsh = _script("zsh", folder, capsys)
    in_zsh = "autoload -U compinit && compinit -u -D; source ./script; whence -w _otel_genai_groups_of_report"
    assert _ran(zsh, in_zsh, folder) == ["_otel_genai_groups_of_report: function"]


def test_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name, package=None: None)  # pyright: ignore
    assert main(["completion", "bash"]) == 1
    assert 'pip install "otel-genai-instr[completion]"' in capsys.readouterr().err
