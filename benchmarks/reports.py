"""How long reports take on a month of telemetry: reading its files, beside DuckDB's bare reading of them, and asking.

``python -m benchmarks.reports --calls 1000000``. Each step runs in a process of its own, so its memory is its own.
Prints, and gates nothing. A million calls are 2.6 million spans: 3.7 GB of disk, which are deleted at the end.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

import duckdb

from examples.month.command import write_month
from examples.month.events import DAYS
from examples.month.story import FIRST_DAY
from otel_genai_instr.cli.pricers import pricer_from
from otel_genai_instr.reports.asked import Asked, Window
from otel_genai_instr.reports.computed.all import ANSWERS, Options
from otel_genai_instr.reports.names import REPORTS
from otel_genai_instr.reports.stored import manifest
from otel_genai_instr.reports.stored.ingest import ingest
from otel_genai_instr.reports.stored.tables import stored_tables

from .report import machine

_SEED: Final = 7
_GIB: Final = 1024**3
_INGEST_GOAL: Final = 2.5
"""The most that reading may take, as a multiple of DuckDB's bare reading."""
_REPORT_GOAL: Final = 2.0
"""Seconds."""
_LONGEST_LINE: Final = 16 * 1024 * 1024
_TIMES: Final = 3
END: Final = datetime.combine(FIRST_DAY, datetime.min.time()) + timedelta(days=DAYS)


@dataclass(frozen=True, slots=True)
class Step:
    """What a process took."""

    seconds: float
    peak_bytes: int
    said: str = ""


def main() -> None:
    """Entry point of ``python -m benchmarks.reports``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reports", description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000, help="calls of the month (%(default)s)")
    parser.add_argument("--in", dest="folder", type=Path, help="where its folder is made (where the system has such)")
    parser.add_argument(
        "--keep", action="store_true", help="leave all in IN/reports: the next run takes the month as it is"
    )
    options = parser.parse_args()
    if options.keep and options.folder is None:
        parser.error("--keep: say by --in where")
    kept: Path | None = options.folder
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
    # One of our own in it: what else is there stays.
    folder = kept / "reports" if options.keep and kept else Path(tempfile.mkdtemp("", "reports-", kept))
    try:
        _measure(folder, options.calls)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, calls: int) -> None:
    print(", ".join(f"{name} {value}" for name, value in machine().items()), end="\n\n")
    month, cache = folder / f"month-{calls}", folder / f"tables-{calls}"
    if not (month / "done").exists():
        print(f"writing {calls:,} calls into {month}", file=sys.stderr)
        _apart(partial(_write, month, calls))
    shutil.rmtree(cache, ignore_errors=True)
    print("| what | measured | peak memory | goal |\n|---|---:|---:|---:|")
    size = sum(path.stat().st_size for path in month.glob("traces*.jsonl"))
    bare = _apart(partial(_bare_read, month))
    _print(f"DuckDB's bare reading of {size / 1e9:.1f} GB", f"{bare.seconds:.1f} s", bare)
    read = _apart(partial(_read, month, cache))
    ratio = read.seconds / bare.seconds
    _print(f"reading {read.said}", f"{read.seconds:.1f} s: {ratio:.2f} x", read, f"≤ {_INGEST_GOAL:g} x, 1 GiB")
    again = _apart(partial(_read, month, cache))
    _print("reading again, nothing being new", f"{again.seconds:.2f} s", again)
    for name in ANSWERS:
        answered = _apart(partial(_answer, cache, name))
        _print(f"`report {name}`", f"{answered.seconds:.2f} s, {answered.said}", answered, f"≤ {_REPORT_GOAL:g} s")


def _print(what: str, measured: str, step: Step, goal: str = "") -> None:
    print(f"| {what} | {measured} | {step.peak_bytes / _GIB:.2f} GiB | {goal} |", flush=True)


def _apart(work: Callable[[], Step]) -> Step:
    """Do it in a new process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(work).result()


def _step(began: float, said: str = "") -> Step:
    unit = 1 if sys.platform == "darwin" else 1024
    return Step(perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, said)


def _write(month: Path, calls: int) -> Step:
    began = perf_counter()
    write_month(month, calls, _SEED)
    (month / "done").touch()
    return _step(began)


def _bare_read(month: Path) -> Step:
    """Every span as a typed value, and nothing done with it."""
    began = perf_counter()
    files = [str(path) for path in sorted(month.glob("traces*.jsonl"))]
    engine = duckdb.connect()
    engine.execute("SET enable_progress_bar = false")
    engine.execute(
        "SELECT count(resourceSpans) FROM read_json($files, format='newline_delimited', maximum_object_size=$longest)",
        {"files": files, "longest": _LONGEST_LINE},
    ).fetchall()
    return _step(began)


def _read(month: Path, cache: Path) -> Step:
    began = perf_counter()
    known, _ = ingest(month, cache, pricer_from(None), lambda _done, _all: None)
    return _step(began, f"{sum(file.counts.rows for file in known.files.values()):,} spans")


def _answer(cache: Path, name: str) -> Step:
    """The last week's report, the fastest of three."""
    tables = stored_tables(manifest.load(cache), cache)
    about = REPORTS[name]
    length = timedelta(days=7 if about.last == "7d" else 1)
    asked = Asked(Window(END - length, END), about.by)
    seconds: list[float] = []
    of_cores: list[float] = []
    for _ in range(_TIMES):
        began, began_on_cores = perf_counter(), process_time()
        ANSWERS[name](tables, asked, Options())
        seconds.append(perf_counter() - began)
        of_cores.append(process_time() - began_on_cores)
    # What all threads took says more than the clock does, where others use the machine.
    return Step(min(seconds), _step(0.0).peak_bytes, f"{min(of_cores):.2f} s of all cores")


if __name__ == "__main__":
    main()
