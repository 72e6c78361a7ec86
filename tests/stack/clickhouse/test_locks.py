"""The engine is locked, and is that of the server that Compose pins."""

from __future__ import annotations

import re

from tests.environments.environments import ROOT

from .environment import ENGINE, ENVIRONMENTS


def test_what_it_needs_is_locked() -> None:
    assert list(ENVIRONMENTS.problems()) == []


def test_the_engine_is_of_the_line_that_compose_pins() -> None:
    pinned = re.search(r"clickhouse-server:(\d+\.\d+)\.", (ROOT / "docker-compose.yml").read_text())
    assert pinned is not None
    assert ENGINE[0].startswith(f"chdb-core=={pinned[1]}.")
