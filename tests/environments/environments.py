"""Environments for what can't stand beside each other, locked: versions and hashes, no address of any index.

What all have in common, ``openai`` and what we need ourselves, is locked once in ``common.txt``. The lock of an
environment holds what it adds, or has in another version.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.versions.interpreters import OLDEST

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "src" / "otel_genai_instr"
COMMON: Final = Path(__file__).with_name("common.txt")
_UV: Final = (sys.executable, "-m", "uv")

Requirements = tuple[str, ...]
"""What is installed besides ``openai`` and what we need ourselves."""
Lock = dict[str, str]
"""What is installed, by the name of the package: the lines that pin it."""


@dataclass(frozen=True)
class Environments:
    """The environments of one suite."""

    folder: Path
    """Where they are built."""
    locks: Path
    """The folder with a lock for each."""
    wanted: frozenset[Requirements]

    def environment_of(self, requirements: Requirements) -> Path:
        """The folder of the environment with these requirements, built if it isn't there as its lock says.

        Raises:
            subprocess.CalledProcessError: when it can't be built.
        """
        folder = self.folder / name_of(requirements)
        text = "".join((_read(COMMON) | _read(self.lock_of(requirements))).values())
        entry_points = _entry_points()
        built_from = folder / "built-from.txt"
        if built_from.exists() and built_from.read_text() == text + entry_points:
            return folder
        _run("venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as lock:
            lock.write(text)
            lock.flush()
            _run("pip", "sync", "--quiet", "--require-hashes", "--python", str(python_of(folder)), lock.name)
        (site_packages,) = folder.glob("lib/python*/site-packages")
        # Ours stands there, too, as it does for users: some tell the app's own frames from those of what is installed.
        (site_packages / PACKAGE.name).symlink_to(PACKAGE)
        metadata = site_packages / f"{PACKAGE.name}-0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACKAGE.name}\nVersion: 0\n")
        (metadata / "entry_points.txt").write_text(entry_points)
        built_from.write_text(text + entry_points)  # last: one that was broken off is built again
        return folder

    def lock_of(self, requirements: Requirements) -> Path:
        """Its lock; there is none to tell for what is common."""
        return self.locks / f"{name_of(requirements)}.txt" if requirements else COMMON

    def lock(self) -> None:
        """Lock the newest versions that go together, apart from what ``common.txt`` has already."""
        common = _read(COMMON)
        for requirements in sorted(self.wanted - {()}):
            locked = {name: lines for name, lines in _resolve(requirements).items() if common.get(name) != lines}
            self.lock_of(requirements).write_text("".join(locked.values()))

    def problems(self) -> Iterator[str]:
        """Where the locks are not what is wanted."""
        locks = {self.lock_of(requirements): requirements for requirements in self.wanted if requirements}
        for path in sorted(set(self.locks.iterdir()) ^ set(locks)):
            yield f"{path.name} is {'missing' if path in locks else 'left over'}"
        for path, requirements in locks.items():
            text = path.read_text()
            yield from (f"{path.name}: no {package}" for package in _unlocked(requirements, text))
            if "://" in text:
                yield f"{path.name} names an index"


def lock_common() -> None:
    """Lock the newest versions of what all have in common."""
    COMMON.write_text("".join(_resolve(()).values()))


def python_of(folder: Path) -> Path:
    """The interpreter of an environment."""
    return folder / "bin" / "python"


def name_of(requirements: Requirements) -> str:
    """A name for files and folders."""
    return re.sub(r"[^\w.]+", "-", "-".join(requirements)).strip("-") or COMMON.stem


def _unlocked(requirements: Iterable[str], text: str) -> Iterator[str]:
    for requirement in requirements:
        package = re.split(r"[\[<>=~!]", requirement)[0]
        if re.search(rf"^{re.escape(package)}==[^\\]+ \\\n    --hash=sha256:", text, re.MULTILINE) is None:
            yield package


def _read(lock: Path) -> Lock:
    return _parse(lock.read_text())


def _resolve(requirements: Requirements) -> Lock:
    with tempfile.NamedTemporaryFile("w", suffix=".in") as wanted:
        wanted.write("\n".join(requirements))
        wanted.flush()
        sources = ("--extra", "openai", "--extra", "file", str(ROOT / "pyproject.toml"), wanted.name)
        portable = ("--universal", "--python-version", ".".join(map(str, OLDEST)), "--generate-hashes")
        bare = ("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links")
        return _parse(_run("pip", "compile", "--quiet", *portable, *bare, *sources))


def _entry_points() -> str:
    """Ours, by which ``opentelemetry-instrument`` finds us."""
    groups: dict[str, dict[str, str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    return "".join(
        f"[{group}]\n" + "".join(f"{name} = {place}\n" for name, place in names.items())
        for group, names in groups.items()
    )


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
