"""Whole processes: what is imported when, what a fork inherits, and what a disabled SDK leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..providers import installed
from ..support.sdk import IS_BEFORE_3

ROOT = Path(__file__).parents[2]
INSTALLED = [provider.name for provider in installed()]

PRELUDE = """
import json, sys
sys.path.insert(0, ".")

def loaded():
    heavy = ("openai", "anthropic", "genai_prices", "pydantic", "httpx", "httpx2")
    return [name for name in heavy if name in sys.modules]

def say(value):
    print("ANSWER " + json.dumps(value))
"""

CALL = """
from tests.support.provider import FakeProvider, json_reply
from tests.support import answers
messages = [{"role": "user", "content": "hi"}]

def call():
    client = FakeProvider(None, json_reply(answers.chat())).client()
    return client.chat.completions.create(model="gpt-4o-mini", messages=messages).choices[0].message.content
"""


def run(program: str, **environment: str) -> Any:
    """What a fresh Python answers.

    Raises:
        AssertionError: when it fails, writes to stderr, or takes a minute.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "OPENAI_"))}
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + program],
        cwd=ROOT,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    (answer,) = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    return json.loads(answer.removeprefix("ANSWER "))


def test_instrument_imports_no_sdk_and_calls_are_observed_after_the_import() -> None:
    answer = run(
        """
import otel_genai_instr
at_import = loaded()
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
turned_on = otel_genai_instr.instrument(tracer_provider=provider)
instrumented = loaded()
"""
        + CALL
        + """
call()
(span,) = exporter.get_finished_spans()
say([at_import, sorted(turned_on), instrumented, span.name, span.attributes["gen_ai.usage.cost.amount"] > 0])
"""
    )
    assert answer == [[], INSTALLED, [], "chat gpt-4o-mini", True]


def test_a_process_that_never_imports_openai_never_pays() -> None:
    """As ``opentelemetry-instrument`` starts it: by the entry point, after the distribution was checked."""
    added = run(
        """
from importlib.metadata import entry_points
import opentelemetry.instrumentation.instrumentor
before = loaded()
(point,) = entry_points(group="opentelemetry_instrumentor", name="openai")
assert point.value.startswith("otel_genai_instr.")
point.load()().instrument()
say(sorted(set(loaded()) - set(before)))
"""
    )
    assert added == []


def test_a_disabled_sdk_records_nothing() -> None:
    answer = run(
        """
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter = InMemorySpanExporter()
reader = InMemoryMetricReader()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
metrics.set_meter_provider(MeterProvider([reader]))
import otel_genai_instr
otel_genai_instr.instrument()
"""
        + CALL
        + """
said = call()
say([said, len(exporter.get_finished_spans()), reader.get_metrics_data() is None])
""",
        OTEL_SDK_DISABLED="true",
    )
    assert answer == ["Hello", 0, True]


def test_with_the_api_alone_calls_go_through() -> None:
    program = "import otel_genai_instr\notel_genai_instr.instrument()\n" + CALL + "say(call())"
    assert run(program, OTEL_SDK_DISABLED="true") == "Hello"  # meant, so nothing is said: see test_first_hour.py


FORK = """
import os, signal, threading
import otel_genai_instr
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter

class Ended(SpanExporter, list):  # the SDK's own holds a lock, perhaps at the fork
    def export(self, spans):
        self.extend(spans)

ended = Ended()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ended))
otel_genai_instr.instrument(tracer_provider=provider)
"""

CHILD = """
def child():
    signal.alarm(30)
    call()
    span = ended[-1]
    os._exit(0 if span.attributes.get("gen_ai.usage.cost.amount", 0) > 0 else 3)

def fork():
    process = os.fork()
    if not process:
        child()
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "before",
    ["", "call()\n", "otel_genai_instr.OpenAIInstrumentor.patcher.telemetry.pricer.warm_up()\n"],
    ids=["at once", "after a call", "while prices are being loaded"],
)
def test_a_forked_child_calls_and_prices(before: str) -> None:
    program = FORK + CALL + CHILD + before + "codes = [fork() for _ in range(3)]\nsay([codes, call()])"
    # From 3.12 on, Python warns of every fork of a process that has threads.
    assert run(program, PYTHONWARNINGS="ignore::DeprecationWarning") == [[0, 0, 0], "Hello"]


BATCHES = """
from otel_genai_instr.telemetry import batches
from tests.support.batch_files import answered, file_reply, lines
client = FakeProvider(None, file_reply(lines(answered(answers.chat())))).client()

def child():
    signal.alarm(30)
    read()
    client.files.content("file-2")
    os._exit(len(ended))

def read():
    return len(client.files.content("file-1").content) > 0

read()
held, over = threading.Event(), threading.Event()

def hold():
    with batches._lock:
        held.set()
        over.wait(30)

holder = threading.Thread(target=hold)
holder.start()
held.wait(30)
code = fork()
over.set()
holder.join()
say([read(), len(ended), code])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_a_forked_child_bills_no_batch_that_its_parent_has_read() -> None:
    assert run(FORK + CALL + CHILD + BATCHES, PYTHONWARNINGS="ignore::DeprecationWarning") == [True, 1, 2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
@pytest.mark.skipif(
    IS_BEFORE_3 and sys.version_info < (3, 12),
    reason="this openai hangs by itself: functools.cached_property of Python 3.11 holds a lock",
)
def test_children_forked_while_other_threads_call_do_not_hang() -> None:
    """Everything that other people lock is out of the way, so that only a lock of ours can be held at the fork."""
    program = (
        FORK
        + CALL
        + CHILD
        + """
client = FakeProvider(None, json_reply(answers.chat())).client()
completions = client.chat.completions  # Python 3.11 finds a cached property under a lock

def call():
    return completions.create(model="gpt-4o-mini", messages=messages).choices[0].message.content

from opentelemetry.instrumentation.utils import suppress_instrumentation
with suppress_instrumentation():  # what the SDK imports at its first call hangs in a child, with or without us
    call()
stop = threading.Event()

def busy():
    while not stop.is_set():
        call()

threads = [threading.Thread(target=busy) for _ in range(3)]
[thread.start() for thread in threads]
codes = [fork() for _ in range(6)]
stop.set()
[thread.join() for thread in threads]
say(codes)
"""
    )
    assert run(program, PYTHONWARNINGS="ignore::DeprecationWarning") == [0] * 6
