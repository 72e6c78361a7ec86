"""The apps of ``docs/frameworks.md``, each in the environment of its framework: one tree, and right sums.

``UPDATE_SNAPSHOTS=1`` writes their waterfalls into the page.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.environments.environments import ROOT, python_of

sys.path.append(str(ROOT / "examples"))  # where the examples find each other, as pytest is told

from examples.openai_server import OpenAIServer, Timing

from .prices import dollars
from .program import told
from .table import Traced

PAGE: Final = ROOT / "docs" / "frameworks.md"
TIMING: Final = Timing(0.1, 0.005, 0.02)
"""Of a server that takes its time, so that calls can be told from the work around them."""
LONGEST: Final = 90.0
"""Seconds after which a process hangs."""
WIDTH: Final = "100"
_SECTION: Final = r"^## {}\n\n```sh\n(?P<sh>.*?)```\n\n```python\n(?P<app>.*?)```\n\n```text\n(?P<shown>.*?)```\n"
_QUIET: Final = {"OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}


def section(traced: Traced, page: str) -> re.Match[str]:
    """What the page has of a framework."""
    found = re.search(_SECTION.format(re.escape(traced.heading)), page, re.DOTALL | re.MULTILINE)
    if found is None:
        raise ValueError(f"{PAGE.name} has no section {traced.heading!r} with its three blocks")
    return found


def problems(traced: Traced, environment: Path) -> Iterator[str]:
    """Whatever is wrong with the app of a section."""
    shown = section(traced, PAGE.read_text())
    with tempfile.TemporaryDirectory() as folder, OpenAIServer(TIMING) as server:
        ended = _run(shown, Path(folder), environment, server.url, traced.environ)
        if ended.returncode:
            yield f"exit code {ended.returncode}: {ended.stderr[-2000:]}"
            return
        traces = {trace for file in Path(folder, "files").iterdir() for trace in _trace_ids(file)}
        counted = _report(folder)
        owed = _owed(server)
    waterfall = re.sub(r"\A.*?(?=^trace [0-9a-f]{32})", "", ended.stderr, flags=re.DOTALL | re.MULTILINE)
    waterfall = re.sub(r"^(total [^\n]*\n(?: [^\n]*\n)*).*\Z", r"\1", waterfall, flags=re.DOTALL | re.MULTILINE)
    if len(traces) != 1:
        yield f"{len(traces)} traces"
    if owed["calls"] == 0:
        yield "no call was answered"
    for who, said in (("the report", counted), ("the waterfall", _total(waterfall))):
        wrong = {name: said.get(name) for name in owed if not _same(owed[name], said.get(name))}
        if wrong:
            yield f"{who} says {wrong}, the server {owed}"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        page = PAGE.read_text()
        start, end = section(traced, page).span("shown")
        PAGE.write_text(page[:start] + waterfall + page[end:])
    elif _shape(waterfall) != _shape(shown["shown"]):
        yield f"the page shows another tree than\n{waterfall}"


def _run(
    shown: re.Match[str], folder: Path, environment: Path, server: str, environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    (folder / "app.py").write_text(shown["app"])
    python = python_of(environment)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "PYTHON"))}
    exported = dict(re.findall(r"^export (\w+)=(\S+)", shown["sh"], re.MULTILINE))
    return subprocess.run(
        [python.with_name("opentelemetry-instrument"), python, "app.py"],
        cwd=folder,
        env={
            **inherited,
            **_QUIET,
            "OTEL_TRACES_EXPORTER": "genai_console,genai_file",
            "OTEL_GENAI_FILE_DIR": str(folder / "files"),
            "COLUMNS": WIDTH,
            "OPENAI_API_KEY": "none",
            "OPENAI_BASE_URL": server,
            "OPENAI_API_BASE": server,
            **exported,
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )


def _trace_ids(file: Path) -> list[str]:
    return re.findall(r'"traceId":"([0-9a-f]{32})"', file.read_text("utf-8"))


def _owed(server: OpenAIServer) -> dict[str, float]:
    """The sums of the server's ledger."""
    answers = [told(answered) for answered in server.answered]
    return {
        "calls": len(answers),
        "input_tokens": sum(answer["input"] for answer in answers),
        "output_tokens": sum(answer["output"] for answer in answers),
        "cost": sum(
            dollars(answer["model"], answer["input"], answer["cached"], answer["output"], answer["written"])
            for answer in answers
        ),
    }


def _report(folder: str) -> dict[str, Any]:
    """The total of ``otel-genai report cost``."""
    asked = ("report", "cost", "--from", str(Path(folder, "files")), "--format", "json")
    run = subprocess.run(
        [sys.executable, "-m", "otel_genai_instr.cli", *asked],
        env={**os.environ, "XDG_CACHE_HOME": str(Path(folder, "cache"))},
        stdout=subprocess.PIPE,
        text=True,
        timeout=LONGEST,
        check=True,
    )
    return json.loads(run.stdout)["total"]


def _total(waterfall: str) -> dict[str, float]:
    """What its last lines say."""
    patterns = {
        "calls": r"([\d,]+) calls?",
        "input_tokens": r"([\d,]+) tokens in",
        "output_tokens": r"([\d,]+) out",
        "cost": r"\$([\d.,]+)",
    }
    total = waterfall[waterfall.rfind("\ntotal ") :]
    said = {name: re.search(pattern, total) for name, pattern in patterns.items()}
    return {name: float(found[1].replace(",", "")) for name, found in said.items() if found}


def _shape(waterfall: str) -> list[str]:
    """Its rows without times, bars and the space between."""
    lines = [re.sub(r"[ ─╶╺╴╼╸╾━]{2,}[\d.]+ +\d+%.*", "", line) for line in waterfall.splitlines()]
    return [re.sub(r" {2,}.*$|[\d.]+ ms", "", line) for line in lines if not re.match(r"trace | {9}", line)]


def _same(owed: float, said: float | None) -> bool:
    """As far as a waterfall is exact: three digits of a price."""
    return said is not None and math.isclose(owed, said, rel_tol=2e-3)
