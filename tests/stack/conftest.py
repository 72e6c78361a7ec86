"""What the stack tests run on. They run with ``-m stack`` only; `make stack-test` does that."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, TypeVar

import pytest
from _pytest.capture import CaptureManager

from .build_collector import build_collector, find_collector
from .build_prometheus import PrometheusPrograms, build_prometheus, find_prometheus
from .building import ProgramUnavailable
from .collector import Collector
from .http_receiver import HTTPReceiver
from .jaeger import NO_JAEGER, Jaeger, find_jaeger
from .otlp_receiver import OTLPReceiver
from .programs import running
from .spans import SpanRecord

_without_jaeger = pytest.StashKey[bool]()
_Built = TypeVar("_Built")


class Backend(Protocol):
    """Where the Collector sends to: Jaeger, or what stands in its place."""

    name: str
    otlp_endpoint: str

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def find(self, service: str) -> dict[str, SpanRecord]: ...


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "stack" in str(config.getoption("markexpr")):
        return
    for item in items:
        if item.get_closest_marker("stack") is not None:
            reason = "needs a real Collector and Jaeger: `make stack-test` runs it"
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash.get(_without_jaeger, False):
        terminalreporter.section("THE JAEGER HALF OF THE STACK WAS NOT TESTED", red=True, bold=True)
        terminalreporter.line(NO_JAEGER, red=True)


@pytest.fixture(scope="session", autouse=True)
def end_programs_when_told_to_stop() -> Iterator[None]:
    """A terminated run ends like an interrupted one: through the finalisers, which end what they started."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def collector_binary(pytestconfig: pytest.Config) -> Path:
    """The Collector, built now if it has not been."""
    try:
        return _aloud(pytestconfig, lambda: find_collector() or build_collector())
    except ProgramUnavailable as problem:
        # Without a Collector every test here fails for the same reason: say it once.
        pytest.exit(str(problem), returncode=1)


@pytest.fixture(scope="session")
def prometheus(pytestconfig: pytest.Config) -> PrometheusPrograms:
    """Prometheus, Alertmanager and their tools, built now if they have not been."""
    try:
        return _aloud(pytestconfig, lambda: find_prometheus() or build_prometheus())
    except ProgramUnavailable as problem:
        pytest.fail(str(problem), pytrace=False)


def _aloud(config: pytest.Config, build: Callable[[], _Built]) -> _Built:
    """Minutes of silence look like a hang: let the build speak."""
    capture: CaptureManager | None = config.pluginmanager.get_plugin("capturemanager")
    assert capture is not None
    with capture.global_and_fixture_disabled():
        return build()


@pytest.fixture
def jaeger(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[Jaeger]:
    """A Jaeger that does not run yet; without one the test is skipped."""
    found = find_jaeger(tmp_path)
    if found is None:
        pytestconfig.stash[_without_jaeger] = True
        pytest.skip(NO_JAEGER)
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture(params=["receiver", "jaeger"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Both places to read back from, one after the other; not started."""
    if request.param == "jaeger":
        yield request.getfixturevalue("jaeger")
        return
    receiver = OTLPReceiver()
    try:
        yield receiver
    finally:
        receiver.stop()


@pytest.fixture
def collector(backend: Backend, collector_binary: Path, tmp_path: Path) -> Iterator[Collector]:
    """A Collector that runs and sends to ``backend``."""
    with running(Collector(collector_binary, tmp_path, backend.otlp_endpoint)) as collector:
        yield collector


@pytest.fixture
def receiver() -> Iterator[OTLPReceiver]:
    """What stands in Jaeger's place; listens."""
    with running(OTLPReceiver()) as receiver:
        yield receiver


@pytest.fixture
def http_receiver() -> Iterator[HTTPReceiver]:
    """What stands in the place of a destination that takes OTLP over HTTP; listens."""
    with running(HTTPReceiver()) as receiver:
        yield receiver


@pytest.fixture
def run_collector(collector_binary: Path, tmp_path: Path) -> Iterator[Callable[..., Collector]]:
    """Starts a Collector with overlays and variables: ``run_collector(jaeger_endpoint, "tempo", VARIABLE="value")``."""
    with ExitStack() as running:

        def run(jaeger_endpoint: str, *overlays: str, **env: str | None) -> Collector:
            collector = Collector(collector_binary, tmp_path, jaeger_endpoint, overlays, env)
            running.callback(collector.stop)
            collector.start()
            return collector

        yield run
