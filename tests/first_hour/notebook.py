"""The notebook of docs/start.md, run by Jupyter's own kernel in the environment of the wheel."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

from examples.openai_server import INSTANT, OpenAIServer

from .blocks import BLOCKS
from .environment import Installed
from .pasted import LONGEST, environment_of_reader
from .table import is_cell

CELLS: Final = tuple(block.code for blocks in BLOCKS.values() for block in blocks if is_cell(block))


def execute(installed: Installed, folder: Path) -> list[list[dict[str, Any]]]:
    """What each cell showed, in the form of Jupyter's ``outputs``.

    Raises:
        subprocess.CalledProcessError: when a cell raises.
    """
    folder.mkdir(parents=True)
    with OpenAIServer(INSTANT) as server:
        ran = subprocess.run(
            [str(installed.programs / "python"), str(Path(__file__).with_name("kernel.py"))],
            cwd=folder,
            env=environment_of_reader(installed, folder, server.url),
            input=json.dumps(CELLS),
            stdout=subprocess.PIPE,
            text=True,
            timeout=LONGEST,
            check=True,
        )
    shown: list[list[dict[str, Any]]] = json.loads(ran.stdout)
    return shown
