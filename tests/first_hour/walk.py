"""Readers of several pages, two at a time: each page has a reader, a folder and a shell of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from .blocks import BLOCKS
from .environment import Installed
from .pasted import Pasted, paste

AT_ONCE: Final = 2
"""Most of a block's time is one processor's."""


def walk(pages: Sequence[str], installed: Installed, folder: Path) -> Iterator[Pasted]:
    """Paste the blocks of the pages; those with most blocks are begun first."""
    longest_first = sorted(pages, key=lambda page: -len(BLOCKS[page]))

    def read(page: str) -> list[Pasted]:
        return list(paste(page, installed, folder / page))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for results in pool.map(read, longest_first):
            yield from results
