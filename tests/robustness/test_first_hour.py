"""What a set-up says that shows nothing, shows everything twice, or waits for nobody: once, and with what to type."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # pyright: ignore[reportMissingTypeStubs]

import otel_genai_instr
from otel_genai_instr import log
from otel_genai_instr.providers.openai import OpenAIInstrumentor
from otel_genai_instr.telemetry.first_spans import LOOKED_AT, FirstSpans

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply

ROOT = Path(__file__).parents[2]
HERE = "import sys; sys.path.insert(0, '.')\n"
CALL = """
from tests.support.provider import FakeProvider, json_reply
from tests.support import answers

def call():
    client = FakeProvider(None, json_reply(answers.chat())).client()
    client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}])
"""
NO_SDK = "has no OpenTelemetry SDK"
NO_COLLECTOR = "Nothing listens at localhost"
TWICE = "count its tokens and cost twice"
IN_THE_TERMINAL = {
    "OTEL_TRACES_EXPORTER": "genai_console",
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
    "PYTHONIOENCODING": "utf-8",
}


@pytest.fixture(autouse=True)
def nothing_said_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_said", {})


def printed(program: str, *, instrument: bool = False, **environment: str) -> str:
    """What a fresh Python writes to stderr."""
    command = [sys.executable, "-c", HERE + program]
    if instrument:
        command.insert(0, str(Path(sys.executable).with_name("opentelemetry-instrument")))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "OPENAI_"))}
    done = subprocess.run(
        command, cwd=ROOT, env=clean | environment, capture_output=True, encoding="utf-8", timeout=60, check=True
    )
    return done.stderr


def test_without_an_sdk_it_is_said_once_and_what_it_says_to_type_shows_the_next_call() -> None:
    said = printed(
        """
import logging
import otel_genai_instr
otel_genai_instr.instrument()
messages = []
handler = logging.Handler()
handler.emit = lambda record: messages.append(record.getMessage())
logging.getLogger("otel_genai_instr").addHandler(handler)
"""
        + CALL
        + """
call(), call()
(message,) = messages
code = message.partition("run this:\\n")[2].splitlines()
exec("\\n".join(line.strip() for line in code if line.startswith("    ")))
call()
print(message, file=sys.stderr)
""",
        PYTHONIOENCODING="utf-8",
    )
    assert any(line.startswith("trace ") for line in said.splitlines())
    assert "chat gpt-4o-mini" in said
    assert said.count(NO_SDK) == 1
    for name, value in IN_THE_TERMINAL.items():
        assert name == "PYTHONIOENCODING" or f"{name}={value}" in said


SDK = "from opentelemetry import metrics, trace\nfrom opentelemetry.sdk.trace import TracerProvider\n"


MEANT = {
    "an SDK that is set later": ("instrument()", "trace.set_tracer_provider(TracerProvider())"),
    "a provider that does nothing": ("instrument()", "trace.set_tracer_provider(trace.NoOpTracerProvider())"),
    "no span is sampled": ("instrument()", "trace.set_tracer_provider(TracerProvider(sampler=ALWAYS_OFF))"),
    "a provider that is passed": ("instrument(tracer_provider=trace.NoOpTracerProvider())", ""),
    "metrics alone": ("instrument()", "metrics.set_meter_provider(MeterProvider())"),
    "records alone": ("instrument(record='logging')", ""),
    "the SDK is disabled": ("os.environ['OTEL_SDK_DISABLED'] = 'true'; instrument()", ""),
    "blocks of a library": ("", "with workflow('of a library'): pass"),
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_what_is_meant_is_not_said() -> None:
    """Each in a child of one process, since a provider is set once."""
    program = """
import json, os
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from otel_genai_instr import instrument, workflow
"""
    forks = """
for name, (before, after) in json.loads(os.environ["MEANT"]).items():
    child = os.fork()
    if not child:
        exec(before)
        exec(after)
        call()
        os._exit(0)
    print(name, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=sys.stderr)
"""
    said = printed(program + CALL + forks, MEANT=json.dumps(MEANT), OTEL_GENAI_COST="false")
    assert said.splitlines() == [f"{name} 0" for name in MEANT]


def a_call() -> None:
    client = FakeProvider(None, json_reply(answers.chat())).client()
    client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}])


def test_the_tracer_itself_takes_over_soon(capture: Capture) -> None:
    capture.instrument()
    telemetry = OpenAIInstrumentor.patcher.telemetry
    assert telemetry is not None
    assert isinstance(telemetry.tracer, FirstSpans)
    for _ in range(LOOKED_AT):
        a_call()
    assert not isinstance(telemetry.tracer, FirstSpans)
    a_call()
    assert len(capture.spans()) == LOOKED_AT + 1


@pytest.mark.parametrize(
    ("scope", "attributes", "cure"),
    [
        ("opentelemetry.instrumentation.langchain", {"gen_ai.operation.name": "chat"}, "INSTRUMENTATIONS=langchain"),
        ("openinference.instrumentation.dspy", {"openinference.span.kind": "LLM"}, "INSTRUMENTATIONS=dspy"),
        ("pydantic-ai", {"gen_ai.operation.name": "chat"}, "where the app turns it on"),
        ("langfuse-sdk", {"langfuse.observation.type": "generation"}, "where the app turns it on"),
    ],
)
def test_a_call_inside_the_span_of_the_same_call(
    scope: str, attributes: dict[str, str], cure: str, capture: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    capture.instrument()
    for _ in range(2):
        with capture.tracer_provider.get_tracer(scope).start_as_current_span("theirs", attributes=attributes):
            a_call()
    (said,) = caplog.messages
    assert scope in said
    assert "metrics count it once" in said
    assert cure in said


def test_spans_around_a_call_that_are_none_of_a_call(capture: Capture, caplog: pytest.LogCaptureFixture) -> None:
    capture.instrument()
    theirs: list[dict[str, Any]] = [
        {"gen_ai.operation.name": "invoke_agent"},
        {"openinference.span.kind": "CHAIN"},
        {"langfuse.observation.type": "span"},
        {},
    ]
    for attributes in theirs:
        with capture.tracer_provider.get_tracer("app").start_as_current_span("theirs", attributes=attributes):
            a_call()
    with otel_genai_instr.workflow("ours"), otel_genai_instr.tool("ours, too"):
        a_call()
    assert caplog.messages == []


class Theirs(BaseInstrumentor):
    """Another instrumentation of the same SDK; ``make neighbours-test`` has real ones."""

    def instrumentation_dependencies(self) -> Collection[str]:
        return ("openai >= 1.0",)

    def _uninstrument(self, **kwargs: Any) -> None:
        pass


class OfAnotherSdk(BaseInstrumentor):
    """Beside us, and none of our business."""

    def instrumentation_dependencies(self) -> Collection[str]:
        return ("openai-agents >= 0.1",)

    def _uninstrument(self, **kwargs: Any) -> None:
        pass


@pytest.fixture
def theirs() -> Iterator[None]:
    Theirs().instrument()
    OfAnotherSdk().instrument(skip_dep_check=True)
    yield
    Theirs().uninstrument()
    OfAnotherSdk().uninstrument()


def test_another_instrumentation_of_the_same_sdk(
    capture: Capture, caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> None:
    capture.instrument()
    a_call()
    assert caplog.messages == []
    request.getfixturevalue("theirs")  # turned on later
    a_call()
    a_call()
    (said,) = caplog.messages
    assert said.startswith(f"{log.WHOSE}{__name__} makes a span of each call of openai")
    assert TWICE in said
    assert "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=openai" in said


def _somebody_listens(*ports: int) -> bool:
    return any(not socket.socket().connect_ex(("localhost", port)) for port in ports)


@pytest.mark.skipif(_somebody_listens(4317, 4318), reason="there is a Collector")
@pytest.mark.parametrize(
    ("environment", "is_default"),
    [
        ({}, True),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, False),
    ],
    ids=["grpc", "http", "elsewhere"],
)
def test_no_collector_where_the_default_exporter_looks_for_one(environment: dict[str, str], is_default: bool) -> None:
    # The exporters name the address where they try again, which they do after up to 1.2 seconds.
    patience = {"OTEL_EXPORTER_OTLP_TIMEOUT": "3", "OTEL_METRICS_EXPORTER": "none"}
    said = printed(CALL + "call()", instrument=True, **patience, **environment)
    assert said.count(NO_COLLECTOR) == is_default
    assert "exporting" in said or "Failed to export" in said  # the exporter's own words are not kept back


@pytest.mark.parametrize("by_command", [True, False], ids=["opentelemetry-instrument", "instrument()"])
def test_a_version_out_of_range_is_left_alone_and_that_is_said(by_command: bool, tmp_path: Path) -> None:
    info = tmp_path / "openai-99.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: openai\nVersion: 99.0\n")
    turned_on = "" if by_command else "import otel_genai_instr as genai\ngenai.instrument(); genai.instrument()\n"
    observed = """
import json
from otel_genai_instr.providers.openai import OpenAIInstrumentor
print(json.dumps(OpenAIInstrumentor.patcher.telemetry is not None), file=sys.stderr)
"""
    path = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    said = printed(f"{turned_on}{CALL}\ncall()\n{observed}", instrument=by_command, PYTHONPATH=path, **IN_THE_TERMINAL)
    warning, is_observed = said.splitlines()
    assert warning == f"{log.WHOSE}openai 99.0 is installed, and openai >= 1.55.3, < 4 is supported: " + (
        "its calls are not observed."
    )
    assert json.loads(is_observed) is False
