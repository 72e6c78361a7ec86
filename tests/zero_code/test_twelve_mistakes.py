"""Twelve ways to set it up wrong: of each one line of ours names the cause and the cure, once. Mended, nothing is said.

Each is a real process, started as a user does. What nothing is wrong with prints nothing at all.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from examples.anthropic_server import AnthropicServer
from examples.openai_server import INSTANT, OpenAIServer
from otel_genai_instr.log import WHOSE

from ..processes.table import NO_FORK
from ..processes.test_setups import WATERFALL

NOTHING: Final = {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
TERMINAL: Final = {**NOTHING, "OTEL_TRACES_EXPORTER": "genai_console"}
IMPORT: Final = "import openai\nclient = openai.OpenAI(api_key='none')\n"
ASK: Final = """
def ask(model="gpt-4o-mini", **more):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hello?"}], **more)
"""
TWICE: Final = "ask(), ask()\n"
APP: Final = IMPORT + ASK + TWICE
INSTRUMENT: Final = "import otel_genai_instr as genai\ngenai.instrument()\n"
BOTH: Final = """
import anthropic
anthropic.Anthropic(api_key="none").messages.create(
    model="claude-haiku-4-5", max_tokens=9, messages=[{"role": "user", "content": "Hello?"}]
)
"""
STREAMS: Final = "for _ in range(2):\n    for chunk in ask(stream=True{}):\n        pass\n"
RIVAL: Final = """
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor

class Rival(BaseInstrumentor):
    def instrumentation_dependencies(self):
        return ("openai >= 1.0",)

    def _instrument(self, **kwargs):
        pass

    def _uninstrument(self, **kwargs):
        pass

"""
PROVIDER: Final = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

class Quiet(SpanExporter):
    def export(self, spans):
        return SpanExportResult.SUCCESS

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(Quiet()))
trace.set_tracer_provider(provider)
"""
WORKERS: Final = """
import multiprocessing, warnings
warnings.simplefilter("ignore")

def work():
    ask()
    {}

for _ in range(2):
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join()
"""


@dataclass(frozen=True)
class Started:
    """A program, and how it is started."""

    program: str = APP
    environ: Mapping[str, str] = field(default_factory=lambda: dict(NOTHING))
    by_command: bool = True
    """Under ``opentelemetry-instrument``."""
    path: Mapping[str, str] = field(default_factory=dict[str, str])
    """Files in a folder that Python looks into first; ``FOLDER`` in a variable stands for it."""


@dataclass(frozen=True)
class Mistake:
    """It, what is read of it, and the same without it."""

    wrong: Started
    read: tuple[str, ...]
    """The cause and the cure. None where it is no mistake: then it works."""
    mended: Started


def _with(**environ: str) -> Started:
    return Started(environ={**NOTHING, **environ})


def _prices(text: str) -> Started:
    return Started(APP + BOTH, {**NOTHING, "OTEL_GENAI_PRICES": "FOLDER/prices.yaml"}, path={"prices.yaml": text})


def _version(number: str) -> Started:
    metadata = f"Metadata-Version: 2.1\nName: openai\nVersion: {number}\n"
    return Started(path={f"openai-{number}.dist-info/METADATA": metadata})


PRICES: Final = "prices:\n  - {provider: openai, model: mystery-1, per_million_tokens: {input: 1, output: 2}}\n"
RIGHT: Final = _with(
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="on",
    OTEL_GENAI_CONTENT="full",
    OTEL_GENAI_FEEDBACK_KEY="sixteen letters!",
)
"""The same for several, and run once."""
SDK_FIRST: Final = Started(PROVIDER + INSTRUMENT + APP, {}, by_command=False)

MISTAKES: Final[Mapping[str, Mistake]] = {
    "no provider": Mistake(
        Started(INSTRUMENT + APP, {}, by_command=False),
        ("this process has no OpenTelemetry SDK", "opentelemetry-instrument python app.py"),
        SDK_FIRST,
    ),
    "no Collector": Mistake(
        Started(environ={"OTEL_EXPORTER_OTLP_TIMEOUT": "2", "OTEL_METRICS_EXPORTER": "none"}),
        ("Nothing listens at localhost", "OTEL_TRACES_EXPORTER=genai_console"),
        RIGHT,
    ),
    "wrong name": Mistake(
        _with(OTEL_GENAI_CAPTURE="on"),
        ("OTEL_GENAI_CAPTURE is no setting", "is OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT meant?"),
        RIGHT,
    ),
    "wrong value": Mistake(
        _with(OTEL_GENAI_CONTENT="everything"),
        ("OTEL_GENAI_CONTENT='everything'", "allowed: none, digest, full"),
        RIGHT,
    ),
    "short key": Mistake(
        _with(OTEL_GENAI_FEEDBACK_KEY="short"),
        ("OTEL_GENAI_FEEDBACK_KEY: a key has 5 characters", "allowed: 16 or more"),
        RIGHT,
    ),
    "old SDK": Mistake(
        _version("1.0.0"),
        ("openai 1.0.0 is installed", "openai >= 1.55.3, < 4 is supported"),
        _version("2.0.0"),
    ),
    "SDK imported before": Mistake(
        Started(PROVIDER + IMPORT + INSTRUMENT + ASK + TWICE, {}, by_command=False),
        (),
        SDK_FIRST,
    ),
    "rival present": Mistake(
        Started(RIVAL + "Rival().instrument()\n" + APP),
        ("__main__ makes a span of each call of openai as well", "leave out its `instrument()`"),
        Started(RIVAL + APP),
    ),
    "no usage": Mistake(
        Started(IMPORT + ASK + STREAMS.format(""), TERMINAL),
        ('"no usage" stands beside a stream', "OTEL_GENAI_STREAM_USAGE=true"),
        Started(IMPORT + ASK + STREAMS.format(', stream_options={"include_usage": True}'), TERMINAL),
    ),
    "unknown model": Mistake(
        Started(IMPORT + ASK + "ask('mystery-1'), ask('mystery-1')\n"),
        ("No cost for calls to 'mystery-1'", "OTEL_GENAI_PRICES=file"),
        Started(
            IMPORT + ASK + "ask('mystery-1')\n",
            {**NOTHING, "OTEL_GENAI_PRICES": "FOLDER/prices.yaml"},
            path={"prices.yaml": PRICES},
        ),
    ),
    "unreadable price file": Mistake(
        _prices("models: [\n"),
        ("prices.yaml", "None of its prices is used"),
        _prices(PRICES),
    ),
    "forked workers": Mistake(
        Started(PROVIDER + INSTRUMENT + APP + WORKERS.format(""), {}, by_command=False),
        ("ends without sending", "force_flush()"),
        Started(PROVIDER + INSTRUMENT + APP + WORKERS.format("provider.force_flush()"), {}, by_command=False),
    ),
}


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, str]]:
    """The variables that send the apps to them."""
    with OpenAIServer(INSTANT) as openai, AnthropicServer(INSTANT) as anthropic:
        yield {"OPENAI_BASE_URL": openai.url, "ANTHROPIC_BASE_URL": anthropic.url}


@pytest.fixture(scope="module")
def quiet() -> list[Started]:
    """What was run and said nothing."""
    return []


def _read(started: Started, folder: Path, servers: Mapping[str, str]) -> str:
    """What the user reads, without the waterfall."""
    for name, text in started.path.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "app.py").write_text(started.program)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "OPENAI_", "PYTHON"))}
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH", ""))))
    asked = {name: value.replace("FOLDER", str(folder)) for name, value in started.environ.items()}
    launcher = [str(Path(sys.executable).with_name("opentelemetry-instrument"))] if started.by_command else []
    done = subprocess.run(
        [*launcher, sys.executable, str(folder / "app.py")],
        env={**clean, **servers, **asked, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return WATERFALL.sub("", done.stdout)


def test_there_are_twelve() -> None:
    assert len(MISTAKES) == 12


@pytest.mark.parametrize("name", MISTAKES)
def test_one_line_names_the_cause_and_the_cure(
    name: str, tmp_path: Path, servers: Mapping[str, str], quiet: list[Started]
) -> None:
    mistake = MISTAKES[name]
    if name == "forked workers" and NO_FORK:
        pytest.skip(NO_FORK)
    folders = [tmp_path / "wrong", tmp_path / "mended"]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(2) as side_by_side:
        running = side_by_side.submit(_read, mistake.wrong, folders[0], servers)
        if mistake.mended not in quiet:
            quiet.append(mistake.mended)
            assert _read(mistake.mended, folders[1], servers) == ""
        wrong = running.result()
    assert wrong.count(WHOSE) == bool(mistake.read), wrong
    for words in mistake.read:
        assert words in wrong
    if not mistake.read:
        assert wrong == ""
