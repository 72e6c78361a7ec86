"""Programs that the stack tests build from published Go modules, into a cache outside of what git sees."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".stack"

# GOFLAGS: fill in what `go mod tidy` would have. CGO: files that run anywhere, and no C compiler.
_ENV = {"GOFLAGS": "-mod=mod", "CGO_ENABLED": "0", "GOWORK": "off"}


class ProgramUnavailable(Exception):
    """A program is not there and cannot be built; the message says what to do."""


def cached(name: str, recipe: str) -> Path:
    """Where it is, once it has been built; another recipe has another place."""
    return CACHE / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def find_go(without: str) -> str:
    """The path of Go; raises ``ProgramUnavailable`` with the text ``without`` when there is none."""
    go = shutil.which("go")
    if go is None:
        raise ProgramUnavailable(without)
    return go


def compile_go(go: str, *arguments: str, to: str, cwd: Path) -> None:
    """``go build`` what the arguments name; raises ``ProgramUnavailable`` when that fails."""
    run([go, "build", "-trimpath", "-ldflags=-s -w", "-o", to, *arguments], cwd=cwd, env=_ENV)


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
    """Run a command that says itself what it does; raises ``ProgramUnavailable`` when it fails."""
    if subprocess.run(command, cwd=cwd, env={**os.environ, **env}).returncode != 0:
        raise ProgramUnavailable(f"`{' '.join(command)}` failed; its output is above.")


def say(what: str) -> None:
    """To whoever waits for it."""
    print(f"stack: {what}", file=sys.stderr, flush=True)
