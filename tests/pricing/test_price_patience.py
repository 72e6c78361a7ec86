"""Nothing waits for prices without a bound, and nothing of ours is started when the process ends."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from otel_genai_instr.model import Endpoint, Request, Response, Usage
from otel_genai_instr.pricing import Cost, Pricer, Unpriced, loading
from otel_genai_instr.pricing.loading import GateClosed, LazySource, bundled_prices, gate
from otel_genai_instr.pricing.source import PriceSource
from otel_genai_instr.telemetry.series import SeriesTable

ROOT = Path(__file__).parents[2]
NOON = 1_795_262_400.0  # 2026-11-21T12:00Z


def _price(pricer: Pricer) -> Cost | Unpriced:
    return pricer.price("openai", "gpt-4o", None, Usage(input_tokens=1000, output_tokens=100), at=NOON)


def test_a_load_that_takes_too_long_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loading, "_CALL_PATIENCE", 0.05)
    begun, answered = threading.Event(), threading.Event()

    def load() -> PriceSource:
        begun.set()
        answered.wait(30)
        return bundled_prices.get()

    source = LazySource(load)
    pricer = Pricer(source)
    pricer.warm_up()
    begun.wait(30)
    with caplog.at_level(logging.WARNING, "otel_genai_instr"):
        assert _price(pricer) is Unpriced.NOT_LOADED
        before = time.monotonic()
        for _ in range(500):
            assert _price(pricer) is Unpriced.NOT_LOADED
        assert time.monotonic() - before < 0.05 * 100  # they don't wait: that were 25 s
    (said,) = caplog.messages
    assert said == (
        "otel-genai-instr: No price data after 0.05 s of loading: calls will carry no cost until it is there."
    )

    answered.set()
    with gate.passed():  # when the load has ended
        pass
    assert isinstance(_price(pricer), Cost)


def test_who_waits_in_vain_is_told_so() -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with gate.passed():
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    try:
        with pytest.raises(GateClosed), gate.passed(0.01):
            pass
    finally:
        done.set()
        thread.join()


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="no such signal on this platform")
def test_a_signal_handler_may_call_while_our_lock_is_held() -> None:
    """A handler runs in the main thread, whatever that was doing: it must not wait for itself."""
    table = SeriesTable()
    series = table.find(Request("chat", "m"), Endpoint("openai", None, None, None), Response())

    def handler(*_: object) -> None:
        table.add(series, Usage(input_tokens=1, output_tokens=1))

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        with table._lock:  # pyright: ignore[reportPrivateUsage]
            signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert series.tokens.input == 1


PRELUDE = """
import atexit, queue, sys, threading
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from tests.support import answers
from tests.support.provider import FakeProvider, json_reply

class Said(SpanExporter):
    def export(self, spans):
        for span in spans:
            said = span.attributes
            print(said.get("otel_genai.cost.unpriced_reason") or said["gen_ai.usage.cost.currency"], flush=True)
        return SpanExportResult.SUCCESS

def call():
    client = FakeProvider(None, json_reply(answers.chat())).client()
    client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}])

class Worker:
    def __init__(self):
        self.jobs = queue.Queue()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while job := self.jobs.get():
            job()

    def do(self, job):
        self.jobs.put(job)
        self.jobs.put(None)
        self.thread.join(20)
        print("returned" if not self.thread.is_alive() else "HANGS", flush=True)

def start():
    import otel_genai_instr
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(Said()))
    otel_genai_instr.instrument(tracer_provider=provider)
"""
BY_A_WORKER = "worker = Worker()\natexit.register(worker.do, call)\n"
BY_THE_MAIN_THREAD = "atexit.register(call)\n"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (BY_A_WORKER + "start()", ["prices_not_loaded", "returned"]),
        (BY_A_WORKER + "start()\ncall()", ["USD", "USD", "returned"]),
        ("start()\n" + BY_A_WORKER, ["USD", "returned"]),
        (BY_THE_MAIN_THREAD + "start()", ["USD"]),
        ("start()\n" + BY_THE_MAIN_THREAD, ["USD"]),
    ],
    ids=["a worker, after us", "after a call", "a worker, before us", "the main thread, after us", "before us"],
)
def test_the_first_call_while_the_process_ends(program: str, said: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "OPENAI_"))}
    done: Any = subprocess.run(
        [sys.executable, "-c", PRELUDE + program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr, done.stdout.split()) == (0, "", said)


def test_no_thread_is_started_when_the_process_ends() -> None:
    program = """
import atexit, threading
from otel_genai_instr.pricing.estimate import Estimator
from otel_genai_instr.pricing.loading import LazySource
started = []
def end():
    threading.Thread.start = started.append
    LazySource(lambda: None).start()
    Estimator(lambda name: None).warm_up()
    print(started)
atexit.register(end)
import otel_genai_instr.pricing.loading
atexit.unregister(end)
atexit._run_exitfuncs()  # ours
end()
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "[]\n")
