"""The first hour of a person who installs the wheel: blocks as pasted, the notebook, and what an editor sees."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import pytest

from .blocks import BLOCKS, ROOT, Block
from .environment import Installed, install
from .notebook import CELLS, execute
from .pasted import Pasted
from .table import ELSEWHERE, SERVED, asked_of, is_pasted, reason_against
from .walk import walk

ALL: Final = [block for blocks in BLOCKS.values() for block in blocks]
PASTED: Final = [pytest.param(block, id=block.name) for block in ALL if is_pasted(block)]
_TIMES: Final = re.compile(r"[━─╸╺╼╾╶╴]+|\b\d+(\.\d+)?(?=( ms|  +\d+%))|\b\d+%|[0-9a-f]{32}|(?<=  )2\d\d(?=  )")
"""What differs from run to run in a waterfall: bars, times, shares, ids."""
_CALLS: Final = """\
import otel_genai_instr as genai

genai.instrument(capture_content="span_only")
genai.instrument(captur_content="span_only")
with genai.workflow("answer") as run:
    reveal_type(run)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def walked(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> dict[Block, Pasted]:
    """What came of each block. For one page alone there is ``python -m tests.first_hour PAGE``."""
    return {each.block: each for each in walk(list(BLOCKS), installed, tmp_path_factory.mktemp("readers"))}


@pytest.fixture(scope="module")
def shown(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> list[list[dict[str, Any]]]:
    return execute(installed, tmp_path_factory.mktemp("notebook") / "home")


@pytest.mark.parametrize("block", PASTED)
def test_a_block_runs_as_pasted(block: Block, walked: dict[Block, Pasted]) -> None:
    assert walked[block].code == 0, walked[block].output
    assert "Traceback" not in walked[block].output


def test_whatever_is_not_run_has_a_reason_and_every_reason_a_block() -> None:
    for page, words, _ in ELSEWHERE:
        assert any(words in block.code and reason_against(block) for block in BLOCKS[page]), (page, words)
    for page, words in SERVED:
        assert any(words in block.code for block in BLOCKS[page]), (page, words)
    assert {block.page for block in ALL if reason_against(block) and not block.is_shell} == {"frameworks"}, (
        "Python runs"
    )
    assert len(PASTED) > 40


def test_the_picture_of_readme_is_what_its_first_block_prints(walked: dict[Block, Pasted]) -> None:
    (picture,) = re.findall(r"^```\n(trace .*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    printed = walked[BLOCKS["README"][0]].output
    assert _without_times(picture) == _without_times(printed[printed.index("trace ") :])


def test_servers_of_the_pages_answer(walked: dict[Block, Pasted]) -> None:
    outputs = [walked[block].output for block in walked if asked_of(block)]
    assert len(outputs) == len(SERVED)
    for output in outputs:
        assert "data: " in output or '"token":' in output
        assert "chat gpt-4o-mini" in output
        assert "GET /" in output


def test_a_notebook_shows_waterfalls_in_its_cells(shown: list[list[dict[str, Any]]]) -> None:
    assert len(shown) == len(CELLS) == 3
    set_up, asked, summed = (list(_pages(outputs)) for outputs in shown)
    assert set_up == []
    (waterfall,) = asked
    assert "invoke_workflow answer" in waterfall
    assert "chat gpt-4o-mini" in waterfall
    assert "two questions" in summed[-1]
    assert summed[-1].count("chat gpt-4o-mini") >= 2
    assert not [output for outputs in shown for output in outputs if output.get("name") == "stderr"]


def test_an_editor_sees_names_and_types(installed: Installed, tmp_path: Path) -> None:
    assert (installed.package / "py.typed").exists()
    code = "import otel_genai_instr as genai; print(*set(genai.__all__) - set(dir(genai)), 'workflow' in dir(genai))"
    assert subprocess.check_output([installed.programs / "python", "-c", code], text=True) == "True\n"

    (tmp_path / "app.py").write_text(_CALLS)
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    pyright = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", str(installed.programs / "python")]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run([*pyright, "."], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    said = {
        (each["range"]["start"]["line"] + 1, each["severity"]): each["message"]
        for each in json.loads(ran.stdout)["generalDiagnostics"]
    }
    assert set(said) == {(4, "error"), (6, "information")}
    assert "captur_content" in said[4, "error"]
    assert '"StepBlock"' in said[6, "information"]


def test_the_wheel_has_the_package_alone(installed: Installed) -> None:
    with ZipFile(installed.wheel) as wheel:
        folders = {name.split("/")[0] for name in wheel.namelist()}
    assert {re.sub(r"-.*\.", ".", folder) for folder in folders} == {"otel_genai_instr", "otel_genai_instr.dist-info"}


def _pages(outputs: list[dict[str, Any]]) -> Iterator[str]:
    for output in outputs:
        html = output.get("data", {}).get("text/html", "")
        if "<table" in html:
            yield "".join(html)


def _without_times(waterfall: str) -> list[list[str]]:
    return [_TIMES.sub("", line).split() for line in waterfall.strip().splitlines()]
