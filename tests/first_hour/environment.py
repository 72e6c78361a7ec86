"""An empty environment with the wheel in it, and what the pages install beside it, in the versions of the lock."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .blocks import ROOT
from .table import BESIDE, EXTRAS

_LOCK: Final = ROOT / "requirements-dev.lock"
_UV: Final = (sys.executable, "-m", "uv")


@dataclass(frozen=True)
class Installed:
    """The wheel, and the environment that has it."""

    wheel: Path
    folder: Path

    @property
    def programs(self) -> Path:
        """Where ``python``, ``pip`` and the commands are."""
        return self.folder / "bin"

    @property
    def package(self) -> Path:
        """Where the wheel's files went."""
        (package,) = self.folder.glob("lib/python*/site-packages/otel_genai_instr")
        return package


def install(folder: Path) -> Installed:
    """Build the wheel and install it below ``folder``.

    Raises:
        subprocess.CalledProcessError: when either can't be done.
    """
    wheels, environment = folder / "wheels", folder / "environment"
    _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(wheels))
    (wheel,) = wheels.glob("*.whl")
    _run(*_UV, "venv", "--quiet", "--python", sys.executable, str(environment))
    into = ("--quiet", "--python", str(environment / "bin" / "python"), "--constraint", str(_LOCK))
    _run(*_UV, "pip", "install", *into, f"{wheel}[{','.join(EXTRAS)}]", *BESIDE)
    return Installed(wheel, environment)


def _run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
