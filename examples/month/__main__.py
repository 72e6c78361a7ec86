"""``python examples/month --calls 20000 --seed 7 --to month``; ``--help`` says the rest."""

import sys
from pathlib import Path

if not __package__:  # run as a folder: the modules still find each other as those of a package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from month.command import main

if __name__ == "__main__":
    sys.exit(main())
