"""``pip install``, ``opentelemetry-instrument``, and nothing else: in a fresh environment, as a user has it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from examples.openai_server import INSTANT, OpenAIServer

ROOT = Path(__file__).parents[2]

APP = """
import openai
client = openai.OpenAI(api_key="none")
for chunk in client.chat.completions.create(
    model="gpt-4o-mini",
    messages=[{"role": "user", "content": "Hello?"}],
    stream=True,
    stream_options={"include_usage": True},
):
    pass
client.embeddings.create(model="text-embedding-3-small", input="Hello?")
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the package and the SDK, and nothing that the tests need."""
    place = tmp_path_factory.mktemp("fresh") / "venv"
    uv = [sys.executable, "-m", "uv", "--quiet"]
    subprocess.run([*uv, "venv", "--python", sys.executable, place], check=True)
    package = [f"{ROOT}[openai,file]", f"openai=={openai.__version__}"]
    subprocess.run([*uv, "pip", "install", "--python", place / "bin" / "python", *package], check=True)
    return place / "bin"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(INSTANT) as server:
        yield server


def _run(environment: Path, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "PYTHON"))}
    quiet = {"OTEL_TRACES_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    return subprocess.run(
        [environment / "opentelemetry-instrument", environment / "python", "-c", code],
        env={**inherited, **quiet, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_call_is_traced_without_a_line_of_code(environment: Path, server: OpenAIServer) -> None:
    run = _run(environment, APP, OPENAI_BASE_URL=server.url)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count('"gen_ai.operation.name": "chat"') == 1
    assert run.stdout.count('"gen_ai.operation.name": "embeddings"') == 1
    assert run.stdout.count('"gen_ai.usage.cost.amount"') == 2
    assert run.stderr == ""


def test_the_waterfall_is_printed(environment: Path, server: OpenAIServer) -> None:
    run = _run(environment, APP, OPENAI_BASE_URL=server.url, OTEL_TRACES_EXPORTER="genai_console")
    assert run.returncode == 0, run.stderr
    assert run.stdout == ""
    assert "chat gpt-4o-mini" in run.stderr
    assert "$" in run.stderr


EVALUATED = """
import openai, os
import otel_genai_instr as genai
with genai.workflow("answer") as run:
    openai.OpenAI(api_key="none").chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello? \\u5929"}]
    )
genai.evaluate(run, "relevance", score=0.9)
print(os.path.exists(os.environ["OTEL_GENAI_FILE_DIR"]))
"""


def test_files_are_left(environment: Path, server: OpenAIServer, tmp_path: Path) -> None:
    run = _run(
        environment,
        EVALUATED,
        OPENAI_BASE_URL=server.url,
        OTEL_TRACES_EXPORTER="genai_file",
        OTEL_LOGS_EXPORTER="genai_file",
        OTEL_GENAI_FILE_DIR=str(tmp_path / "files"),
        OTEL_BSP_SCHEDULE_DELAY="60000",
        OTEL_BLRP_SCHEDULE_DELAY="60000",
        OTEL_GENAI_RECORD="true",
        OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="span_and_event",
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == "False\n", "the app's thread has written something"
    logs, traces = sorted((tmp_path / "files").iterdir())
    (spans,) = traces.read_text("utf-8").splitlines()
    assert spans.count('"name":"chat gpt-4o-mini"') == spans.count('"name":"invoke_workflow answer"') == 1
    assert "Hello? 天" in spans
    (events,) = logs.read_text("utf-8").splitlines()
    assert re.findall('"eventName":"([^"]+)"', events) == [
        "gen_ai.client.inference.operation.details",
        "otel_genai.call",
        "gen_ai.evaluation.result",
    ]


def test_it_can_be_left_out_by_name(environment: Path, server: OpenAIServer) -> None:
    run = _run(environment, APP, OPENAI_BASE_URL=server.url, OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="openai")
    assert run.returncode == 0, run.stderr
    assert "gen_ai." not in run.stdout


def test_a_process_without_openai_never_pays_for_it(environment: Path) -> None:
    code = "import sys; print(sorted({'openai', 'genai_prices', 'pydantic', 'httpx', 'httpx2'} & set(sys.modules)))"
    run = _run(environment, code)
    assert run.stdout.strip() == "[]"
    assert run.stderr == ""


def test_wrong_settings_are_said_and_the_app_runs_on(environment: Path, server: OpenAIServer) -> None:
    run = _run(
        environment,
        APP,
        OPENAI_BASE_URL=server.url,
        OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="everything",
        OTEL_GENAI_METRICS_COMPAT="old",
    )
    assert run.returncode == 0
    assert run.stdout.count('"gen_ai.operation.name"') == 2
    assert "gen_ai.input.messages" not in run.stdout
    assert "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT='everything'" in run.stderr
    assert "OTEL_GENAI_METRICS_COMPAT='old'" in run.stderr
