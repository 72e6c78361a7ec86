"""Names of files as people write them."""

from __future__ import annotations

from pathlib import Path

from .problems import Problem


def expanded(name: str) -> Path:
    """Return the path, with ``~`` as the home it stands for.

    Raises:
        Problem: if there is no such home, as for a user that the machine doesn't know.
    """
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise Problem(f"{name}: nobody here has the home that ~ stands for; write the whole path") from None
