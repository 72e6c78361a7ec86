"""The example and the recipes of docs/spans.md run, and do what they say."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..support.capture import Capture

ROOT = Path(__file__).parents[2]
RECIPES = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "spans.md").read_text(), re.DOTALL | re.MULTILINE)


def recipe(word: str) -> dict[str, Any]:
    (code,) = (code for code in RECIPES if word in code)
    names: dict[str, Any] = {}
    exec(code, names)
    return names


def users(capture: Capture) -> list[object]:
    return [(span.attributes or {}).get("user.id") for span in capture.spans()]


def test_the_example_prints_the_tree() -> None:
    environment = {**os.environ, "COLUMNS": "160"}
    run = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "blocks.py")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
    )
    assert run.returncode == 0, run.stderr
    printed = run.stdout + run.stderr
    for line in ("invoke_workflow answer_question", "retrieval handbook", "rerank rerank-v3.5", "chat gpt-4o"):
        assert line in printed
    assert "6 spans · 1 inference call" in printed
    assert "Read 2 pages." in printed


def test_the_asgi_recipe_keeps_requests_apart(capture: Capture) -> None:
    names = recipe("class Attribution")
    capture.instrument()

    async def main() -> None:
        app = names["Attribution"](names["app"])
        for headers in ([(b"X-User-Id", b"a")], [(b"x-user-id", b"b")], []):
            await app({"type": "http", "headers": headers}, names["nothing"], names["nothing"])

    asyncio.run(main())
    assert users(capture) == ["a", "b", None]


def test_the_wsgi_recipe_keeps_requests_apart(capture: Capture) -> None:
    names = recipe("def attributed")
    capture.instrument()

    def start_response(_status: str, _headers: list[tuple[str, str]]) -> None:
        """Nobody listens."""

    bodies = [names["wsgi"]({"REMOTE_USER": user} if user else {}, start_response) for user in ("a", "b", None)]
    assert [b"".join(body) for body in reversed(bodies)] == [b"done"] * 3
    assert users(capture) == [None, "b", "a"]
