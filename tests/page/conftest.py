"""One folder of telemetry and one server over it, for all tests of pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .serving import Server, served
from .telemetry import write_telemetry


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_telemetry(tmp_path_factory.mktemp("page") / "telemetry")


@pytest.fixture(scope="package")
def server(folder: Path) -> Iterator[Server]:
    """A server that lets us in."""
    with served(folder) as server:
        assert server.address.startswith("http://127.0.0.1:")
        server.enter()
        yield server


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder.parent / "cache"))
