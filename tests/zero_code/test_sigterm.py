"""A process that SIGTERM ends: with the recipe its last trace arrives, without it doesn't."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from examples.openai_server import INSTANT, OpenAIServer

RECIPES: Final = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text()
APP: Final = """
import time
import openai
openai.OpenAI(api_key="none").chat.completions.create(
    model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello?"}]
)
print("asked", flush=True)
time.sleep(30)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM that a process can handle")
@pytest.mark.parametrize("has_recipe", [True, False], ids=["recipe", "nothing"])
def test_the_last_trace(has_recipe: bool) -> None:
    found = re.search(r"^## Ended by SIGTERM\n.*?^```python\n(.*?)^```", RECIPES, re.DOTALL | re.MULTILINE)
    assert found is not None
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    exporters = {"OTEL_TRACES_EXPORTER": "genai_console", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    launcher = Path(sys.executable).with_name("opentelemetry-instrument")
    with (
        OpenAIServer(INSTANT) as server,
        subprocess.Popen(
            [launcher, sys.executable, "-c", (found[1] if has_recipe else "") + APP],
            env={**clean, **exporters, "OPENAI_BASE_URL": server.url, "OTEL_BSP_SCHEDULE_DELAY": "60000"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "asked\n"
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == (128 + signal.SIGTERM if has_recipe else -signal.SIGTERM)
    assert ("chat gpt-4o-mini" in said) == has_recipe
