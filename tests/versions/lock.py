"""Renews the versions that we develop and test with: ``make lock``.

``requirements-dev.lock`` gets the newest of everything that ``pyproject.toml`` allows, for every Python and platform,
with hashes and without the address of any index. ``pins.toml`` gets what the rows of older SDKs have instead.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from .interpreters import OLDEST
from .rows import LOCK, PINS, ROOT, locked_lines, older_sdks

_HEAD: Final = "# Written by `make lock`: what rows of older SDKs have that requirements-dev.lock hasn't.\n"
_COMPILE: Final = (
    *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "pyproject.toml", "--extra", "dev", "--extra", "demo"),
    *("--python-version", ".".join(map(str, OLDEST))),  # with --universal: from this one on
)


def main() -> None:
    """Renew both files."""
    everywhere = ("--universal", "--generate-hashes", "--custom-compile-command", "make lock")
    subprocess.run([*_COMPILE, *everywhere, "--upgrade", "--output-file", str(LOCK)], cwd=ROOT, check=True)
    PINS.write_text(_HEAD + "".join(_section(requirement) for requirement in older_sdks()))


def _section(requirement: str) -> str:
    """What differs from the lock with this SDK. It is found for the Python and the platform of the rows alone."""
    with tempfile.TemporaryDirectory() as folder:
        only, output = Path(folder, "only.txt"), Path(folder, "output.txt")
        only.write_text(requirement)
        # What an output file says already is kept where it can be.
        output.write_text("\n".join(line for _, line in locked_lines()))
        bare = ("--no-header", "--no-annotate", "--constraint", str(only), "--output-file", str(output))
        subprocess.run([*_COMPILE, *bare], cwd=ROOT, check=True)
        needed = re.findall(r"^([a-z0-9-]+)==(\S+)", output.read_text(), re.MULTILINE)
    locked = {line.partition(" ")[0] for _, line in locked_lines()}
    different = [f'{name} = "{version}"' for name, version in needed if f"{name}=={version}" not in locked]
    return "\n".join([f'\n["{requirement}"]', *different, ""])


if __name__ == "__main__":
    main()
