"""Telemetry that comes through a pipe. It can be read once, and is wanted twice: so it is put down first."""

from __future__ import annotations

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from .problems import Problem
from .progress import working

STANDARD_INPUT: Final = "-"


def is_piped(source: str, path: Path) -> bool:
    """Whether a source is standard input, or a pipe with a name, such as ``<(zcat old.json.gz)`` has in a shell."""
    return source == STANDARD_INPUT or path.is_fifo()


@cache
def put_down(source: str) -> Path:
    """Read a pipe to its end, once; return the file that holds it until this process ends.

    Raises:
        Problem: if it can't be read, or there is no room for it.
    """
    folder = Path(mkdtemp(prefix="otel-genai-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "piped"
    try:
        with (
            working(f"reading {named(source)}"),
            open(0 if source == STANDARD_INPUT else source, "rb", closefd=source != STANDARD_INPUT) as pipe,
            file.open("wb") as copy,
        ):
            shutil.copyfileobj(pipe, copy, 1 << 20)
    except OSError as error:
        raise Problem(f"{named(source)}: can't be kept in {folder.parent}: {error.strerror or error}") from None
    return file


def named(source: str) -> str:
    """How people are told of a source."""
    return "standard input" if source == STANDARD_INPUT else source
