"""The Python interpreters of this machine, found by running them: a shim on the PATH may run nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

OLDEST: Final = (3, 11)
_NEWEST_ASKED_FOR: Final = 20
# What our dependencies import from the standard library and a home-made build may lack.
_PROBE: Final = "import ctypes, sqlite3, ssl, sys; print('%d %d' % sys.version_info[:2])"

Version = tuple[int, int]


def find_interpreters() -> dict[Version, str]:
    """Versions from :data:`OLDEST` on that really run, each with the first path that did."""
    found: dict[Version, str] = {}
    for candidate in dict.fromkeys(_candidates()):
        version = _version_of(candidate)
        if version is not None and version >= OLDEST:
            found.setdefault(version, candidate)
    return dict(sorted(found.items()))


def _candidates() -> Iterator[str]:
    names = [f"python3.{minor}" for minor in range(OLDEST[1], _NEWEST_ASKED_FOR)]
    yield sys.executable
    for folder in os.get_exec_path():
        for name in names:
            if (path := Path(folder, name)).is_file():
                yield str(path)
    root = _pyenv_root()
    if root is not None:
        yield from (str(path) for path in sorted((root / "versions").glob("*/bin/python")))


def _pyenv_root() -> Path | None:
    if "PYENV_ROOT" in os.environ:
        return Path(os.environ["PYENV_ROOT"])
    pyenv = shutil.which("pyenv")
    answer = _output([pyenv, "root"]) if pyenv is not None else None
    return Path(answer) if answer else None


def _version_of(interpreter: str) -> Version | None:
    answer = _output([interpreter, "-c", _PROBE])
    if answer is None:
        return None
    major, minor = answer.split()
    return int(major), int(minor)


def _output(command: list[str]) -> str | None:
    """What ``command`` prints; ``None`` when it doesn't run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
