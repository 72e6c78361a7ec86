"""Prices are loaded late, once, in the background, and survive forks and broken installations."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost, Pricer
from otel_genai_instr.pricing.loading import LazySource
from otel_genai_instr.pricing.source import NoPrices, PriceSource

USAGE = Usage(input_tokens=1_000, output_tokens=100)
NOON = 1_795_262_400.0  # 2026-11-21T12:00Z

PRELUDE = """
import logging, os, sys, threading, time
from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost, Pricer, Unpriced
USAGE = Usage(input_tokens=1000, output_tokens=100)
def price(pricer):
    return pricer.price("openai", "gpt-4o", None, USAGE, at=1795262400.0)
"""

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")


def run(script: str, *path: Path) -> subprocess.CompletedProcess[str]:
    """Run the script in a fresh interpreter, in which nothing is loaded; folders in ``path`` come first."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join([*map(str, path), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(script)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_nothing_is_loaded_by_the_import_and_once_by_many_warm_ups() -> None:
    run("""
        assert "genai_prices" not in sys.modules
        assert "pydantic" not in sys.modules
        started = []
        start = threading.Thread.start
        threading.Thread.start = lambda thread: (started.append(thread), start(thread))[1]
        pricer = Pricer()
        for _ in range(1000):
            pricer.warm_up()
        Pricer().warm_up()
        assert [thread.daemon for thread in started] == [True], started
        started[0].join()
        assert "genai_prices" in sys.modules
        pricer.warm_up()
        assert len(started) == 1
        assert isinstance(price(pricer), Cost)
    """)


def test_a_call_before_or_during_the_load_waits_for_it() -> None:
    run("""
        assert isinstance(price(Pricer()), Cost)
    """)
    run("""
        pricer = Pricer()
        pricer.warm_up()
        assert isinstance(price(pricer), Cost)
    """)


def test_eight_threads_load_once() -> None:
    loads: list[int] = []
    barrier = threading.Barrier(8)

    def load() -> PriceSource:
        loads.append(1)
        return NoPrices()

    source = LazySource(load)

    def use() -> None:
        barrier.wait()
        source.start()
        source.get()

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(loads) == 1


def test_loading_needs_no_network_and_writes_nothing(tmp_path: Path) -> None:
    run(f"""
        import builtins, socket
        os.chdir({str(tmp_path)!r})
        writes = []
        def audit(event, arguments):
            if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
                writes.append(arguments)
            if event.startswith("socket."):
                raise AssertionError(event)
        sys.dont_write_bytecode = True
        sys.addaudithook(audit)
        assert isinstance(price(Pricer()), Cost)
        assert not writes, writes
    """)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("raise ImportError('gone')", "ImportError: gone"),
        ("raise RuntimeError('half an upgrade')", "RuntimeError: half an upgrade"),
        ("", "ModuleNotFoundError"),
    ],
    ids=["missing", "broken", "empty"],
)
def test_without_price_data_the_app_runs_on_and_is_told_once(tmp_path: Path, content: str, error: str) -> None:
    package = tmp_path / "genai_prices"
    package.mkdir()
    (package / "__init__.py").write_text(content)

    done = run(
        """
        logging.basicConfig(format="%(levelname)s %(name)s %(message)s")
        for pricer in (Pricer(), Pricer()):
            pricer.warm_up()
            for _ in range(3):
                assert price(pricer) is Unpriced.UNKNOWN_MODEL
        cost = pricer.price("openrouter", "any", None, Usage(provider_cost=0.25), at=0.0)
        assert isinstance(cost, Cost) and cost.amount == 0.25
        """,
        tmp_path,
    )

    assert done.stderr.count("No price data") == 1
    assert "WARNING otel_genai_instr otel-genai-instr: No price data" in done.stderr
    assert error in done.stderr


@needs_fork
@pytest.mark.parametrize("delay", [0.0, 0.005, 0.02, 0.1])
def test_a_fork_during_the_load_does_not_lock_the_child(delay: float) -> None:
    run(f"""
        pricer = Pricer()
        pricer.warm_up()
        time.sleep({delay})
        child = os.fork()
        if child == 0:
            pricer.warm_up()
            os._exit(0 if isinstance(price(pricer), Cost) else 1)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                break
            time.sleep(0.01)
        else:
            os.kill(child, 9)
            os.waitpid(child, 0)
            raise AssertionError("the child hangs")
        assert status == 0, status
        assert isinstance(price(pricer), Cost)
    """)


@needs_fork
def test_a_fork_waits_for_a_load_under_way() -> None:
    run("""
        from otel_genai_instr.pricing.loading import LazySource
        from otel_genai_instr.pricing.source import NoPrices
        loading = threading.Event()
        def load():
            loading.set()
            time.sleep(0.3)
            return NoPrices()
        source = LazySource(load)
        source.start()
        loading.wait()
        child = os.fork()
        if child == 0:
            os._exit(0 if source._loaded is not None else 1)
        _, status = os.waitpid(child, 0)
        assert status == 0
    """)


@needs_fork
def test_a_fork_before_the_thread_ran_leaves_a_child_that_loads_for_itself() -> None:
    run("""
        start = threading.Thread.start
        threading.Thread.start = lambda thread: None  # the thread was made, and lost by the fork
        pricer = Pricer()
        pricer.warm_up()
        threading.Thread.start = start
        child = os.fork()
        if child == 0:
            assert "genai_prices" not in sys.modules
            pricer.warm_up()
            assert any(thread.name == "otel-genai-prices" for thread in threading.enumerate()) or (
                "genai_prices" in sys.modules
            )
            os._exit(0 if isinstance(price(pricer), Cost) else 1)
        _, status = os.waitpid(child, 0)
        assert status == 0
    """)


def test_pricers_share_the_loaded_prices() -> None:
    first, second = Pricer(), Pricer()

    assert first.price("openai", "gpt-4o", None, USAGE, at=NOON) == second.price(
        "openai", "gpt-4o", None, USAGE, at=NOON
    )
    assert isinstance(first.price("openai", "gpt-4o", None, USAGE, at=NOON), Cost)
