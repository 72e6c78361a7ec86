"""``python examples/month --calls 20000 --seed 7 --to month``; ``--help`` says the rest."""

import sys
from pathlib import Path

# Run as a folder or by `-m examples.month`: its modules find each other as those of the package `month`.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from month.command import main

if __name__ == "__main__":
    sys.exit(main())
