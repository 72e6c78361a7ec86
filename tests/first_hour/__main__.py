"""Walks the first hour and prints what took how long: ``python -m tests.first_hour [PAGE...]``."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .blocks import BLOCKS
from .environment import install
from .notebook import execute
from .walk import walk


def main(pages: Sequence[str]) -> int:
    """Walk these pages, or all; returns 1 when a block fails."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        installed = install(Path(folder))
        print(f"{time.monotonic() - began:6.1f} s  wheel and environment", flush=True)
        failed = 0
        for pasted in walk(pages or list(BLOCKS), installed, Path(folder, "readers")):
            print(f"{pasted.seconds:6.1f} s  {pasted.block.name} ({pasted.block.heading})", flush=True)
            if pasted.code:
                failed += 1
                print(pasted.output)
        if not pages:
            at = time.monotonic()
            execute(installed, Path(folder, "notebook"))
            print(f"{time.monotonic() - at:6.1f} s  notebook")
        print(f"{time.monotonic() - began:6.1f} s  altogether, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
