"""A notebook with the cells of standard input, run by its kernel; what they showed goes to standard output, as JSON.

Runs in the environment of the wheel, so it imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import nbclient
import nbformat

# Neither says much of its types.
client: Any = nbclient.NotebookClient
v4: Any = nbformat.v4


def main() -> None:
    """Run them in the kernel of this environment. An exception of a cell is one of this program."""
    cells = [v4.new_code_cell(code) for code in json.load(sys.stdin)]
    notebook = v4.new_notebook(cells=cells)
    client(notebook, kernel_name="python3", timeout=60).execute()
    shown: list[list[Any]] = [list(cell.outputs) for cell in notebook.cells]
    json.dump(shown, sys.stdout)


if __name__ == "__main__":
    main()
