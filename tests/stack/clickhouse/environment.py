"""Where the engine is installed: an environment of its own, since it is half a gigabyte and brings pandas."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from tests.environments.environments import ROOT, Environments, Requirements, python_of

ENGINE: Final[Requirements] = ("chdb-core==26.3.0",)
"""The engine of the LTS line that docker-compose.yml pins; a test compares them."""
ENVIRONMENTS: Final = Environments(
    folder=ROOT / ".venv-clickhouse", locks=Path(__file__).with_name("locks"), wanted=frozenset({ENGINE})
)


class EngineUnavailable(Exception):
    """The engine can't be installed here; the message says so."""


def engine_python() -> Path:
    """The interpreter that can import ``chdb``; installs it where it is not there yet.

    Raises ``EngineUnavailable`` where that fails: no network, or no build of it for this Python and platform.
    """
    try:
        return python_of(ENVIRONMENTS.environment_of(ENGINE))
    except subprocess.CalledProcessError as failed:
        raise EngineUnavailable(
            f"ClickHouse's engine ({ENGINE[0]}) can't be installed here, uv says why above: {failed}"
        ) from failed
