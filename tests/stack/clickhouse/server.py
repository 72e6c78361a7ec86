"""ClickHouse as the tests have it: its engine, with an HTTP port for the Collector and for questions."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from ..programs import Program, free_port, http_get

PAGE = Path(__file__).parents[3] / "docs" / "clickhouse.md"
ENGINE = Path(__file__).with_name("engine.py")
_http = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def statements() -> list[tuple[str, str]]:
    """Those of the page in their order, each with the heading that it stands under."""
    found: list[tuple[str, str]] = []
    heading = ""
    for title, sql in re.findall(r"^#+ ([^\n]+)$|^```sql\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE):
        heading = title or heading
        if sql:
            found.append((heading, sql))
    return found


class ClickHouse:
    """One engine on a port of its own, with its tables in ``directory``."""

    def __init__(self, python: Path, directory: Path) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self._program = Program(
            "clickhouse", [python, "-I", ENGINE, str(port), directory], env={}, log=directory / "clickhouse.log"
        )

    def start(self) -> None:
        self._program.start(lambda: http_get(f"{self.url}/ping")[0] == 200)

    def stop(self) -> None:
        self._program.stop()

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """The rows of the answer; raises with what the engine says when it refuses."""
        request = urllib.request.Request(f"{self.url}/?default_format=JSONEachRow", data=statement.encode())
        try:
            with _http.open(request, timeout=30.0) as answer:
                return [json.loads(row) for row in answer.read().decode().splitlines()]
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{statement}\n{refused.read().decode()}") from None
