"""The exporter behind the real SDK: processors, streams, threads."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import termios
import threading
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags

from otel_genai_instr.exporters.console import GenAIConsoleExporter
from otel_genai_instr.semconv import attributes as names
from otel_genai_instr.semconv import own

MS = 1_000_000
REMOTE = SpanContext(0xABC, 0xDEF, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def simple(exporter: GenAIConsoleExporter) -> trace.Tracer:
    provider = TracerProvider(resource=Resource({"service.name": "shop"}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("test")


def finished(name: str = "work") -> ReadableSpan:
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    provider.get_tracer("test").start_span(name).end()
    return memory.get_finished_spans()[0]


def ask(tracer: trace.Tracer) -> None:
    """A server span at 0 to 1000 ms around a query and a chat that was retried."""
    server = tracer.start_span("POST /ask", start_time=0, attributes={names.HTTP_RESPONSE_STATUS_CODE: 200})
    inside = trace.set_span_in_context(server)
    tracer.start_span("SELECT", inside, start_time=0, attributes={"db.system": "sqlite"}).end(5 * MS)
    chat = tracer.start_span("chat gpt-5-mini", inside, start_time=100 * MS)
    chat.set_attributes(
        {
            names.OPERATION_NAME: "chat",
            names.USAGE_INPUT_TOKENS: 1000,
            names.USAGE_CACHE_READ_INPUT_TOKENS: 600,
            names.USAGE_OUTPUT_TOKENS: 50,
            names.USAGE_REASONING_OUTPUT_TOKENS: 20,
            names.USAGE_COST_AMOUNT: 0.000123,
            names.USAGE_COST_CURRENCY: "USD",
            names.RESPONSE_TIME_TO_FIRST_CHUNK: 0.4,
            names.RESPONSE_FINISH_REASONS: ("stop",),
            own.REQUEST_ATTEMPTS: 2,
        }
    )
    http = tracer.start_span("POST", trace.set_span_in_context(chat), start_time=110 * MS)
    http.set_attribute(names.ERROR_TYPE, "429")
    http.set_attribute(names.HTTP_RESPONSE_STATUS_CODE, 429)
    http.set_status(Status(StatusCode.ERROR, "what the user wrote"))
    http.end(200 * MS)
    chat.end(900 * MS)
    server.end(1000 * MS)


def test_a_trace_through_the_sdk() -> None:
    out = io.StringIO()
    ask(simple(GenAIConsoleExporter(out, width=110)))
    empty, title, headings, units, *lines = out.getvalue().splitlines()
    assert empty == ""
    assert title.startswith("trace ")
    assert "shop" in title
    assert headings.split() == ["ms", "%", "in", "cached", "out", "reason", "first", "cost"]
    assert units.split() == ["tok", "tok", "tok", "tok", "ms"]
    assert [line.strip().split("  ")[0] for line in lines] == [
        "POST /ask", "├─ SELECT", "└─ chat gpt-5-mini", "└─ POST", "total",
    ]  # fmt: skip
    assert lines[2].split()[-8:] == ["800", "80%", "1000", "600", "50", "20", "400", "$0.000123"]
    assert "2 attempts" in lines[2]
    assert lines[3].count("429") == 1
    assert lines[4] == (
        "total  1000 ms · 4 spans · 1 call · 1,000 tokens in (600 cached) · 50 out (20 reasoning) · $0.000123 · 1 error"
    )
    assert "what the user wrote" not in out.getvalue()


def test_a_batch_is_one_tree() -> None:
    out = io.StringIO()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(GenAIConsoleExporter(out), schedule_delay_millis=60_000))
    ask(provider.get_tracer("test"))
    assert out.getvalue() == ""
    provider.force_flush()
    assert out.getvalue().count("trace ") == 1
    assert "4 spans" in out.getvalue()
    provider.shutdown()
    assert out.getvalue().count("trace ") == 1


def test_a_remote_parent_is_a_local_root() -> None:
    out = io.StringIO()
    parent = trace.set_span_in_context(NonRecordingSpan(REMOTE))
    simple(GenAIConsoleExporter(out)).start_span("GET /", parent).end()
    assert f"trace {0xABC:032x}" in out.getvalue()
    assert "orphan" not in out.getvalue()


def test_late_and_orphan_spans_are_shown() -> None:
    out = io.StringIO()
    exporter = GenAIConsoleExporter(out)
    tracer = simple(exporter)
    root = tracer.start_span("root")
    background = tracer.start_span("background", trace.set_span_in_context(root))
    root.end()
    background.end()
    assert "1 span late" in out.getvalue()
    never_ended = tracer.start_span("never ended")
    tracer.start_span("lost", trace.set_span_in_context(never_ended)).end()
    assert "lost" not in out.getvalue()
    exporter.shutdown()
    assert "orphan" in out.getvalue()
    assert "lost" in out.getvalue()
    assert exporter.export([finished()]) is SpanExportResult.FAILURE


def test_a_stream_that_nobody_closed_leaves_no_false_title() -> None:
    out = io.StringIO()
    exporter = GenAIConsoleExporter(out)
    tracer = simple(exporter)
    root = tracer.start_span("GET /ask")
    chat = tracer.start_span("chat", trace.set_span_in_context(root))
    tracer.start_span("POST", trace.set_span_in_context(chat)).end()
    root.end()
    assert "POST" not in out.getvalue()
    exporter.shutdown()
    whole, cut_off = out.getvalue().strip().split("\n\n")
    assert "GET /ask" in whole
    assert "orphan: its parent never came" in cut_off
    assert "POST" in cut_off


def test_stderr_is_looked_up_when_printing(capsys: pytest.CaptureFixture[str]) -> None:
    assert GenAIConsoleExporter().export([finished("seen")]) is SpanExportResult.SUCCESS
    printed = capsys.readouterr()
    assert "seen" in printed.err
    assert printed.out == ""
    assert max(map(len, printed.err.splitlines())) <= 100


class Broken(io.StringIO):
    def write(self, s: str, /) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("kind", ["closed", "broken"])
def test_a_broken_stream_is_a_quiet_failure(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    out = Broken() if kind == "broken" else io.StringIO()
    if kind == "closed":
        out.close()
    exporter = GenAIConsoleExporter(out)
    assert exporter.export([finished()]) is SpanExportResult.FAILURE
    exporter.shutdown()
    assert caplog.records == []


class WritesOnly:
    """What stands in the place of ``sys.stderr`` may have no more than this."""

    def __init__(self) -> None:
        self.written = ""

    def write(self, text: str) -> None:
        self.written += text


class Wrong(WritesOnly):
    """All else that it has is wrong."""

    encoding = 8
    flush = None

    def isatty(self) -> bool:
        raise RuntimeError("not known")

    def fileno(self) -> int:
        raise AttributeError("none")


class WithoutEncoding(WritesOnly):
    """A terminal that can't say its width, nor its encoding."""

    @property
    def encoding(self) -> str:
        raise NotImplementedError

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("kind", [WritesOnly, Wrong, WithoutEncoding])
def test_anything_that_can_be_written_to_will_do(kind: type[WritesOnly], monkeypatch: pytest.MonkeyPatch) -> None:
    out = kind()
    monkeypatch.setattr(sys, "stderr", out)
    assert GenAIConsoleExporter().export([finished("seen")]) is SpanExportResult.SUCCESS
    assert "seen" in out.written


def test_no_stderr_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert GenAIConsoleExporter().export([finished()]) is SpanExportResult.FAILURE


@pytest.mark.parametrize(
    ("environment", "terminal", "colored"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour(environment: dict[str, str], terminal: bool, colored: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: terminal)
    GenAIConsoleExporter(out).export([finished()])
    assert ("\x1b[" in out.getvalue()) is colored


def test_width_comes_from_columns_or_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    narrow = io.StringIO()
    GenAIConsoleExporter(narrow).export([finished("n" * 200)])
    assert max(map(len, narrow.getvalue().splitlines())) <= 40
    monkeypatch.delenv("COLUMNS")
    master, slave = pty.openpty()
    try:
        termios.tcsetwinsize(slave, (24, 50))
        with os.fdopen(slave, "w", encoding="utf-8") as terminal:
            GenAIConsoleExporter(terminal, color=False).export([finished("n" * 200)])
            printed = os.read(master, 65536).decode()
    finally:
        os.close(master)
    widest = max(map(len, printed.splitlines()))
    assert 40 < widest <= 50


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "no-such-codec"])
def test_a_stream_that_cannot_carry_the_glyphs(encoding: str) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii" if encoding.startswith("no") else encoding)
    assert GenAIConsoleExporter(out).export([finished("天気")]) is SpanExportResult.SUCCESS
    assert b"??" in raw.getvalue()
    assert b"=" in raw.getvalue()


def test_many_threads_lose_nothing() -> None:
    out = io.StringIO()
    tracer = simple(GenAIConsoleExporter(out))

    def work() -> None:
        for _ in range(20):
            with tracer.start_as_current_span("outer"), tracer.start_as_current_span("inner"):
                pass

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert out.getvalue().count("trace ") == 160
    assert out.getvalue().count("2 spans") == 160


def test_a_span_that_ends_while_we_print_does_not_block() -> None:
    class Noisy(io.StringIO):
        def write(self, s: str, /) -> int:
            if "inner" not in s:
                tracer.start_span("inner").end()
            return super().write(s)

    out = Noisy()
    tracer = simple(GenAIConsoleExporter(out))
    tracer.start_span("outer").end()
    assert "inner" in out.getvalue()
    assert "outer" in out.getvalue()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_does_not_print_its_parents_spans(tmp_path: Path) -> None:
    script = tmp_path / "forks.py"
    script.write_text(
        "import os\n"
        "from opentelemetry import trace\n"
        "from opentelemetry.sdk.trace import TracerProvider\n"
        "from opentelemetry.sdk.trace.export import SimpleSpanProcessor\n"
        "from otel_genai_instr.exporters.console import GenAIConsoleExporter\n"
        "exporter = GenAIConsoleExporter()\n"
        "provider = TracerProvider(shutdown_on_exit=False)\n"
        "provider.add_span_processor(SimpleSpanProcessor(exporter))\n"
        "tracer = provider.get_tracer('t')\n"
        "root = tracer.start_span('root')\n"
        "tracer.start_span('child', trace.set_span_in_context(root)).end()\n"
        "if (pid := os.fork()) == 0:\n"
        "    exporter.shutdown()\n"
        "    os._exit(0)\n"
        "os.waitpid(pid, 0)\n"
        "exporter.shutdown()\n"
    )
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=True)
    assert run.stderr.count("child") == 1


def test_the_entry_point_names_the_exporter() -> None:
    (found,) = entry_points(group="opentelemetry_traces_exporter", name="genai_console")
    assert found.load() is GenAIConsoleExporter


def test_zero_code(tmp_path: Path) -> None:
    app = tmp_path / "app.py"
    app.write_text(
        "from opentelemetry import trace\n"
        "tracer = trace.get_tracer('app')\n"
        "with tracer.start_as_current_span('outer'), tracer.start_as_current_span('inner'):\n"
        "    print('the app speaks')\n"
    )
    environment = os.environ | {
        "OTEL_TRACES_EXPORTER": "genai_console",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "PYTHONIOENCODING": "utf-8",
    }
    command = [Path(sys.executable).with_name("opentelemetry-instrument"), sys.executable, app]
    run = subprocess.run(
        command, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=120, check=True
    )
    assert run.stdout == "the app speaks\n"
    lines = run.stderr.splitlines()
    assert lines[0] == ""
    assert lines[1].startswith("trace ")
    assert lines[2].split() == ["ms", "%"]
    assert lines[3].startswith("outer")
    assert lines[4].startswith("└─ inner")
    assert "2 spans" in lines[5]
    assert len(lines) == 6
