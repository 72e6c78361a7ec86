"""Every Python example in the docs runs as it stands, against a real server on loopback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from examples.openai_server import INSTANT, OpenAIServer

ROOT = Path(__file__).parents[2]
FRAMEWORKS = ROOT / "docs" / "frameworks.md"
"""Its examples run in environments of their own: ``make frameworks-test``."""
PAGES = [ROOT / "README.md", *sorted({*(ROOT / "docs").glob("*.md")} - {FRAMEWORKS})]
EXAMPLES = [
    pytest.param(code, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, code in enumerate(re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE))
]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("code", EXAMPLES)
def test_example(code: str, tmp_path: Path) -> None:
    if "fastapi" in code:
        pytest.importorskip("fastapi", reason="the example needs the extra 'demo'")
    with OpenAIServer(INSTANT) as server:
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "none"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
