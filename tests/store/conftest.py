"""What the tests of the store share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..support.serving import serving
from .s3_server import S3Server
from .systems import Trouble, trouble
from .told import Told


@pytest.fixture
def told() -> Told:
    """Pass it to the store as ``count``."""
    return Told()


@pytest.fixture(name="trouble")
def trouble_fixture() -> Iterator[Trouble]:
    """What ``blocking://`` and ``looping://`` do."""
    with trouble() as made:
        yield made


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """An object store on loopback, and the variables that lead there."""
    server = S3Server()
    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)
    with serving(server):
        yield server
        server.hold.set()
