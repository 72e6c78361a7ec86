"""The blocks of the pages, in the order in which a reader comes by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
SHELL: Final = ("sh", "bash")
_PART: Final = re.compile(
    r"^#+ (?P<heading>[^\n]+)$|^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """What stands in a fence."""

    page: str
    """The name of the file, without its end."""
    number: int
    """Which one of the page, from 1 on."""
    heading: str
    """Below which it stands."""
    language: str
    code: str

    @property
    def name(self) -> str:
        """How a test and a table call it."""
        return f"{self.page}-{self.number}-{self.language}"

    @property
    def is_shell(self) -> bool:
        """Whether it is typed into a shell."""
        return self.language in SHELL


def blocks_of(page: Path) -> list[Block]:
    """What a reader of the page may paste: blocks of shells and of Python."""
    found: list[Block] = []
    heading = ""
    for part in _PART.finditer(page.read_text()):
        heading = part["heading"] or heading
        if part["language"] in (*SHELL, "python"):
            found.append(Block(page.stem, len(found) + 1, heading, part["language"], part["code"]))
    return found


BLOCKS: Final = {page.stem: blocks for page in PAGES if (blocks := blocks_of(page))}
"""By page."""
