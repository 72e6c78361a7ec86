"""One environment for each neighbour under ``.venv-neighbours/``, locked: versions and hashes, no address of any index.

What all have in common, ``openai`` and what we need ourselves, is locked once in ``locks/common.txt``. A neighbour's
own lock holds what it adds, or has in another version.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.versions.interpreters import OLDEST

ROOT: Final = Path(__file__).parents[2]
ENVIRONMENTS: Final = ROOT / ".venv-neighbours"
PACKAGE: Final = ROOT / "src" / "otel_genai_instr"
LOCKS: Final = Path(__file__).with_name("locks")
COMMON: Final = "common"
_UV: Final = (sys.executable, "-m", "uv")

Lock = dict[str, str]
"""What is installed, by the name of the package: the lines that pin it."""


def environment_of(requirements: tuple[str, ...]) -> Path:
    """The folder of the environment with these requirements, built if it isn't there as its lock says.

    Raises:
        subprocess.CalledProcessError: when it can't be built.
    """
    name = name_of(requirements)
    folder, text = ENVIRONMENTS / name, "".join((_read(COMMON) | _read(name)).values())
    built_from = folder / "built-from.txt"
    if built_from.exists() and built_from.read_text() == text:
        return folder
    _run("venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as lock:
        lock.write(text)
        lock.flush()
        _run("pip", "sync", "--quiet", "--require-hashes", "--python", str(python_of(folder)), lock.name)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    # Ours stands there, too, as it does for users: some tell the app's own frames from those of what is installed.
    (site_packages / PACKAGE.name).symlink_to(PACKAGE)
    built_from.write_text(text)  # last: one that was broken off is built again
    return folder


def python_of(folder: Path) -> Path:
    """The interpreter of an environment."""
    return folder / "bin" / "python"


def lock(requirements: tuple[str, ...]) -> None:
    """Lock the newest versions that go together; of what is common too, where ``requirements`` is empty."""
    name = name_of(requirements)
    locked = _resolve(requirements)
    if requirements:
        common = _read(COMMON)
        locked = {package: lines for package, lines in locked.items() if common.get(package) != lines}
    (LOCKS / f"{name}.txt").write_text("".join(locked.values()))


def name_of(requirements: tuple[str, ...]) -> str:
    return re.sub(r"[^\w.]+", "-", "-".join(requirements)) or COMMON


def _read(name: str) -> Lock:
    return _parse((LOCKS / f"{name}.txt").read_text())


def _resolve(requirements: tuple[str, ...]) -> Lock:
    with tempfile.NamedTemporaryFile("w", suffix=".in") as wanted:
        wanted.write("\n".join(requirements))
        wanted.flush()
        sources = ("--extra", "openai", str(ROOT / "pyproject.toml"), wanted.name)
        portable = ("--universal", "--python-version", ".".join(map(str, OLDEST)), "--generate-hashes")
        bare = ("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links")
        return _parse(_run("pip", "compile", "--quiet", *portable, *bare, *sources))


def _parse(text: str) -> Lock:
    locked: Lock = {}
    for lines in _entries(text):
        package = lines.partition("==")[0]
        locked[package] = locked.get(package, "") + lines  # one package may have a version for each Python
    return locked


def _entries(text: str) -> Iterator[str]:
    """A requirement, and the hashes below it."""
    entry = ""
    for line in text.splitlines(keepends=True):
        if entry and not line.startswith(" "):
            yield entry
            entry = ""
        entry += line
    if entry:
        yield entry


def _run(*arguments: str) -> str:
    return subprocess.run([*_UV, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
