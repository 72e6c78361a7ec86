"""Where ``genai_file`` writes and how much it keeps: its variables, and the defaults that readers of the files share.

Apart from :mod:`settings`: ``instrument()`` takes none of them, and reading stored files needs nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from . import variables
from .records import frozen

FILE_DIR: Final = "OTEL_GENAI_FILE_DIR"
FILE_MAX_BYTES: Final = "OTEL_GENAI_FILE_MAX_BYTES"
FILE_TOTAL_BYTES: Final = "OTEL_GENAI_FILE_TOTAL_BYTES"
FILE_MAX_AGE: Final = "OTEL_GENAI_FILE_MAX_AGE"

REPORTS_FROM: Final = "OTEL_GENAI_REPORTS_FROM"
REPORTS_HEADERS: Final = "OTEL_GENAI_REPORTS_HEADERS"
REPORTS_PASSWORD: Final = "OTEL_GENAI_REPORTS_PASSWORD"
REPORTS: Final = (REPORTS_FROM, REPORTS_HEADERS, REPORTS_PASSWORD)
"""Read by the command alone."""

VARIABLES: Final = {
    "folder": FILE_DIR,
    "max_bytes": FILE_MAX_BYTES,
    "total_bytes": FILE_TOTAL_BYTES,
    "max_age": FILE_MAX_AGE,
}
"""The variable of each setting."""

_STATE: Final = "~/.local/state"
"""What stands for ``XDG_STATE_HOME`` where nobody has set it."""
_NAME: Final = "otel-genai"


@frozen
class FileSettings:
    """Bounds of zero are none."""

    folder: str
    """It need not exist; ``~`` is the home of the user."""
    max_bytes: int = 64 * 1024 * 1024
    """Of one file, which is never more than a quarter of the folder."""
    total_bytes: int = 1024 * 1024 * 1024
    """Of all files in the folder."""
    max_age: int = 30
    """Days after its last line that a file is kept."""


def from_environ(environ: Mapping[str, str] = os.environ) -> FileSettings:
    """Settings as the environment says; wrong values are warned about once and left at their default."""
    default = FileSettings(absolute(environ.get(FILE_DIR, "").strip() or default_folder(environ)))
    return FileSettings(
        folder=default.folder,
        max_bytes=variables.count(environ, FILE_MAX_BYTES, default.max_bytes),
        total_bytes=variables.count(environ, FILE_TOTAL_BYTES, default.total_bytes),
        max_age=variables.count(environ, FILE_MAX_AGE, default.max_age),
    )


def reports_from(environ: Mapping[str, str] = os.environ) -> str:
    """Where the command looks for telemetry: what the variable says, else the folder that ``genai_file`` writes to."""
    return environ.get(REPORTS_FROM, "").strip() or from_environ(environ).folder


def reports_headers(environ: Mapping[str, str] = os.environ) -> str:
    """Headers for a Jaeger or a Tempo that wants to know who asks, written as ``OTEL_EXPORTER_OTLP_HEADERS`` is."""
    return environ.get(REPORTS_HEADERS, "").strip()


def reports_password(environ: Mapping[str, str] = os.environ) -> str:
    """Password for a ClickHouse; in a command everybody on the machine could read it."""
    return environ.get(REPORTS_PASSWORD, "")


def default_folder(environ: Mapping[str, str] = os.environ) -> str:
    """``otel-genai`` in the user's folder for state: one for all apps, so that a report finds it from anywhere."""
    return os.path.join(environ.get("XDG_STATE_HOME", "").strip() or _STATE, _NAME)


def absolute(folder: str) -> str:
    """``folder`` from the root on, with ``~`` as the home that it stands for.

    Of a user without a home, as in some containers, the folder is below the current one.
    """
    expanded = os.path.expanduser(folder)
    return os.path.abspath(_NAME if expanded.startswith("~") else expanded)
