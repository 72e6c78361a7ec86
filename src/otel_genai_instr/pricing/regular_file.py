"""A file of prices as bytes: a regular one, of bounded size."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .errors import UserFileError


def read_bytes(path: Path, most: int) -> bytes:
    """Read a regular file of at most ``most`` bytes.

    Raises:
        UserFileError: if there is none, or it is larger.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # before opening: opening a pipe would wait for its writer
            raise UserFileError(f"{path}: is not a file")
        with open(path, "rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise UserFileError(f"{path}: can't be read: {error.strerror or type(error).__name__}") from None
    except ValueError as error:
        if isinstance(error, UserFileError):
            raise
        raise UserFileError(f"{str(path)!r}: is not the name of a file") from None  # it has a null character
    if len(content) > most:
        raise UserFileError(f"{path}: is larger than {most:,} bytes")
    return content
