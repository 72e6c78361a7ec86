"""Every test begins and ends with a clean world."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import context, trace

import otel_genai_instr
from otel_genai_instr import guard
from otel_genai_instr.telemetry import batches

from .providers import installed
from .support.capture import Capture
from .support.clock import FakeClock


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("promises", "the matrix of tests/promises")
    group.addoption(
        "--provider", action="append", default=[], metavar="NAME", help="of this one; default: all that are installed"
    )
    group.addoption("--pairs", action="store_true", help="a part in which any two values of its axes meet")


def pytest_collection_finish() -> None:
    """Tens of thousands of tests are objects, too: the collector need not look at them each time a test asks it."""
    gc.collect()
    gc.freeze()


def _read_by_sdks() -> tuple[str, ...]:
    """Beginnings of the variables that an SDK of this environment reads."""
    return tuple(prefix for provider in installed() for prefix in provider.environment)


@pytest.fixture(autouse=True)
def clean_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No current span, no settings from outside, our own faults raised, and everything put back."""
    for name in os.environ:
        if name.startswith(("OTEL_", *_read_by_sdks())):
            monkeypatch.delenv(name)
    assert trace.get_current_span() is trace.INVALID_SPAN
    before = context.get_current()
    guard.reset()
    batches.forget()
    monkeypatch.setattr(guard, "strict", True)
    yield
    otel_genai_instr.uninstrument()
    assert trace.get_current_span() is trace.INVALID_SPAN
    assert context.get_current() == before


@pytest.fixture
def clock() -> FakeClock:
    """Time that moves only when told to."""
    return FakeClock()


@pytest.fixture
def capture(clock: FakeClock) -> Capture:
    """Where the telemetry goes; turn it on with ``capture.instrument()``."""
    return Capture(clock)


@pytest.fixture
def no_collection() -> Iterator[None]:
    """The garbage collector only comes when the test calls it."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a month of 20,000 calls by the seed 7, with its ledger. Nobody writes into it: it is made once."""
    from examples.month.command import write_month  # needs every SDK, as most tests don't

    folder = tmp_path_factory.mktemp("month") / "telemetry"
    write_month(folder, 20_000, seed=7)
    return folder


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Programs that the test starts can be interrupted, even if this run ignores it, as in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
