"""The recipe on Flask: a stream that a view passes on is one trace with the request."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from examples.openai_server import INSTANT, OpenAIServer

RECIPES: Final = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text()
CLIENT: Final = """
import threading
import urllib.request
from werkzeug.serving import make_server

server = make_server("127.0.0.1", 0, app, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
answer = urllib.request.urlopen(f"http://127.0.0.1:{server.port}/chat?question=Hello?").read()
server.shutdown()
print(answer.count(b"data: "))
"""


def test_one_trace() -> None:
    pytest.importorskip("flask")
    found = re.search(r"^## Stream an answer from Flask\n\n```python\n(.*?)^```", RECIPES, re.DOTALL | re.MULTILINE)
    assert found is not None
    exporters = {"OTEL_TRACES_EXPORTER": "genai_console", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    with OpenAIServer(INSTANT) as server:
        run = subprocess.run(
            [Path(sys.executable).with_name("opentelemetry-instrument"), sys.executable, "-c", found[1] + CLIENT],
            env={**clean, **exporters, "OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "none", "COLUMNS": "100"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert int(run.stdout) > 1
    assert len(set(re.findall(r"^trace ([0-9a-f]{32})", run.stderr, re.MULTILINE))) == 1
    assert "GET /chat" in run.stderr
    assert "chat gpt-4o-mini" in run.stderr
    assert "$" in run.stderr
