"""Runs a program of ours in the process of an environment; what it found comes back as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .environments import ROOT, python_of

LONGEST: Final = 90.0
"""Seconds after which a process hangs."""


@dataclass(frozen=True)
class Ran:
    """One process."""

    result: dict[str, Any]
    """What it wrote; empty when it failed."""
    failure: str
    output: str
    """What it printed, standard error too."""
    seconds: float


def run(environment: Path, module: str, *arguments: str, environ: Mapping[str, str]) -> Ran:
    """``python -m module ARGUMENTS FILE``, which writes to the file. ``environ`` is added to ours."""
    began = time.monotonic()
    # It writes byte code, unlike whoever starts it: the next process with the same SDK starts much sooner.
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "result.json")
        try:
            done = subprocess.run(
                [str(python_of(environment)), "-m", module, *arguments, str(target)],
                cwd=ROOT,
                # The example servers find what they share beside them.
                env={**kept, "PYTHONPATH": str(ROOT / "examples"), **environ},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=LONGEST,
            )
            output, failure = done.stdout, f"exit code {done.returncode}" if done.returncode else ""
        except subprocess.TimeoutExpired as late:
            output, failure = (late.stdout or b"").decode(), f"hangs after {LONGEST} s"
        result: dict[str, Any] = json.loads(target.read_text()) if target.exists() else {}
    return Ran(result, failure, output, time.monotonic() - began)
