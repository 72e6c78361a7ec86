"""Where reports read from: ``--from``, a variable, or the folder that the file exporter writes to."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ..file_settings import REPORTS_FROM, reports_from
from .figures import counted
from .files import expanded
from .piped import is_piped, named, put_down
from .pricers import pricer_from
from .problems import Problem
from .progress import progress
from .tables import warn

if TYPE_CHECKING:
    from ..reports.asked import Window
    from ..reports.stored.files import Unreadable
    from ..reports.stored.manifest import Manifest
    from ..reports.tables import Tables

_NEEDED: Final = ("duckdb", "ibis", "msgspec", "platformdirs", "pyarrow", "scipy")
_SHOWN_MISTAKES: Final = 50
_ALLOWED: Final = (
    "a folder or file of OTLP JSON, - for what is piped in, clickhouse://host:8123/database; "
    "for debug and replay jaeger+http://host:16686 and tempo+http://host:3200, too"
)


@dataclass(frozen=True)
class Opened:
    """A source, ready to be asked."""

    name: str
    tables: Callable[[Window], Tables]
    """Its tables, for questions about a time and what it is compared with. Files have all of it, whatever the time."""
    files: Manifest | None = None
    """Of a folder: what was read of which file."""
    notes: list[str] = field(default_factory=list[str])
    """What of it doesn't count."""


def open_source(said: str | None, prices: str | None = None) -> Opened:
    """Open what ``--from`` says, or else the variable; files are read as far as they are new.

    Args:
        said: A folder, a file or a pipe of OTLP JSON (``-`` is standard input), or the URL of a ClickHouse.
        prices: Price file for calls that come without a cost.

    Raises:
        Problem: if there is nothing, or it can't be read.
    """
    require_reports()
    source = said or reports_from()
    if urlsplit(source).scheme.startswith("clickhouse"):
        return _open_clickhouse(source)
    if "://" in source:  # there may be a password in it
        raise Problem(f"{source.partition('://')[0]}:// is not understood; allowed: {_ALLOWED}")
    path = expanded(source)
    try:
        is_pipe, is_there = is_piped(source, path), path.exists()
    except OSError as error:
        raise Problem(f"{source}: can't be read: {error.strerror or error}") from None
    if is_pipe:
        file = put_down(source)
        return _open_files(file, named(source), prices, file.parent / "tables")
    if not is_there:
        hint = (
            "" if said else f"; say by --from or {REPORTS_FROM} where the telemetry is: a folder or file of OTLP JSON"
        )
        raise Problem(f"{source}: there is no such file or folder{hint}")
    return _open_files(path, source, prices)


def require_reports() -> None:
    """Make sure that what reports need is installed.

    Raises:
        Problem: says what to install.
    """
    require(_NEEDED, "reports")


def require(modules: Sequence[str], extra: str) -> None:
    """Make sure that what an extra brings is there.

    Raises:
        Problem: says what to install.
    """
    if any(importlib.util.find_spec(module) is None for module in modules):
        raise Problem(f'this needs more packages: pip install "otel-genai-instr[{extra}]"')


def _open_clickhouse(source: str) -> Opened:
    require(("clickhouse_connect",), "clickhouse")
    from ..reports.clickhouse.tables import Database
    from ..reports.computed.watch import LOOK_BACK
    from ..reports.exceptions import NotUnderstood

    @cache
    def database() -> Database:
        """Opened when it is first asked: that may take a while, and whoever asks shows that it works."""
        try:
            return Database(source)
        except NotUnderstood as error:  # the address may be the variable's, so the command line is none the worse
            raise Problem(str(error)) from None

    return Opened("ClickHouse", lambda window: database().tables(window.reaching_back(LOOK_BACK)))


def _open_files(path: Path, source: str, prices: str | None, folder: Path | None = None) -> Opened:
    from ..reports.stored.ingest import cache_folder, ingest
    from ..reports.stored.tables import stored_tables

    folder = folder or cache_folder(path)
    try:
        with progress(f"reading {source}") as on_progress:
            manifest, unreadable = ingest(path, folder, pricer_from(prices), on_progress)
    except OSError as error:
        raise Problem(f"{folder}: can't be written: {error.strerror or error}") from None
    _say_mistakes(manifest, unreadable, {str(path): source})
    if not manifest.files:
        raise Problem(f"{source}: has no file of OTLP JSON (.json, .jsonl, .ndjson, packed by gzip, zstd or not)")
    tables = stored_tables(manifest, folder)
    return Opened(source, lambda _: tables, manifest, _notes(manifest, unreadable))


def _notes(manifest: Manifest, unreadable: Sequence[Unreadable]) -> list[str]:
    """Say what was read but doesn't count."""
    counts = [file.counts for file in manifest.files.values()]

    def total(name: str) -> int:
        return sum(getattr(each, name) for each in counts)

    notes: list[str] = []
    if manifest.repeated:
        notes.append(f"{counted(manifest.repeated, 'span')} there twice, counted once")
    if manifest.repeated_scores:
        notes.append(f"{counted(manifest.repeated_scores, 'evaluation')} there twice, counted once")
    if total("refused_lines"):
        notes.append(f"{counted(total('refused_lines'), 'line')} refused")
    if total("refused"):
        notes.append(f"{counted(total('refused'), 'span or event')} refused")
    unfinished = sum(each.unfinished_bytes > 0 for each in counts)
    if unfinished:
        notes.append(f"{counted(unfinished, 'file')} ending in half a line, not read yet")
    if unreadable:
        notes.append(f"{counted(len(unreadable), 'file')} not read, or not to the end")
    return notes


def _say_mistakes(manifest: Manifest, unreadable: Sequence[Unreadable], names: Mapping[str, str]) -> None:
    """Say what is wrong with which file, and where in it; files that people call otherwise have ``names``."""
    said = [f"{names.get(str(file.path), file.path)}: can't be read: {file.reason}" for file in unreadable]
    for file in manifest.files.values():
        said += [f"{names.get(str(file.place), file.place)}, {mistake}" for mistake in file.counts.mistakes]
    for mistake in said[:_SHOWN_MISTAKES]:
        warn(f"otel-genai: {mistake}")
    if len(said) > _SHOWN_MISTAKES:
        warn(f"otel-genai: and {len(said) - _SHOWN_MISTAKES:,} more")
