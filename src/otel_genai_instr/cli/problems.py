"""What ends a command early."""

from __future__ import annotations

from typing import ClassVar


class Problem(Exception):
    """Something that the user has to know; the command ends with the exit code and this text on standard error.

    There may be several: its ``args`` are a line each.
    """

    code: ClassVar[int] = 1


class Misuse(Problem):
    """An argument that can't be meant, as if the command line wasn't understood."""

    code: ClassVar[int] = 2
