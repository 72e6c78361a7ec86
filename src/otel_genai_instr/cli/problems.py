"""What ends a command early."""

from __future__ import annotations


class Problem(Exception):
    """Something that the user has to know; the command ends with exit code 1 and this text on standard error."""
