"""The command: plan a month, play or fill it, and write it down."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from .events import DAYS
from .ledger import Ledger
from .otlp import LOGS, SPANS, Item, Lines, dumped, log_data, scope_json, span_data
from .planned import PlannedRequest
from .real import RealPackage
from .story import FIRST_DAY, LEAST_CALLS, plan
from .templates import Templates

RESOURCE: Final = {
    "service.name": "assistant",
    "service.version": "2026.10.1",
    "deployment.environment.name": "production",
    "telemetry.sdk.language": "python",
    "telemetry.sdk.name": "opentelemetry",
}
_BATCH: Final = 512


@dataclass(frozen=True, slots=True)
class Written:
    """What a run has written."""

    calls: int
    spans: int
    span_bytes: int
    logs: int
    seconds: float
    kinds: int
    """Templates that were needed."""


def write_month(
    folder: Path,
    calls: int,
    seed: int,
    *,
    real: int = 0,
    first_day: date = FIRST_DAY,
    batch: int = _BATCH,
    file_bytes: int | None = None,
) -> Written:
    """Write ``traces.jsonl``, ``logs.jsonl`` and ``ledger.csv`` into the folder, which is made.

    Args:
        folder: where to.
        calls: to models, altogether.
        seed: the same one writes the same bytes.
        real: so many of the first calls go through the real package, each of them; the others are filled into
            templates that it made. The bytes are the same.
        first_day: of the four weeks.
        batch: records on a line.
        file_bytes: of spans; then another file follows.

    Raises:
        ValueError: for too few calls.
    """
    began = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    done = 0
    with (
        RealPackage() as package,
        Lines(folder, SPANS, RESOURCE, batch, file_bytes) as traces,
        Lines(folder, LOGS, RESOURCE, batch) as logs,
        Ledger(folder) as ledger,
    ):
        templates = Templates(package)
        for request in plan(calls, seed, first_day):
            told = _played(package, request) if done < real else templates.fill(request)
            traces.write(told[0])
            logs.write(told[1])
            ledger.write(request)
            done += len(request.calls)
    return Written(done, traces.records, traces.bytes, logs.records, time.monotonic() - began, templates.kinds)


def _played(package: RealPackage, request: PlannedRequest) -> tuple[list[Item], list[Item]]:
    spans, logs = package.play(request)
    return (
        [(scope_json(span.instrumentation_scope), dumped(span_data(span))) for span in spans],
        [(scope_json(log.instrumentation_scope), dumped(log_data(log))) for log in logs],
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser("month", description=__doc__)
    parser.add_argument(
        "--calls", type=int, default=20_000, help=f"calls to models, {LEAST_CALLS} or more (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=7, help="the same one writes the same bytes (%(default)s)")
    parser.add_argument("--to", type=Path, default=Path("month"), help="folder to write into (%(default)s)")
    parser.add_argument("--real", type=int, default=0, help="so many calls go through the real package (%(default)s)")
    parser.add_argument("--until", type=date.fromisoformat, help="last day of the four weeks (2026-11-22)")
    parser.add_argument("--batch", type=int, default=_BATCH, help="records on a line (%(default)s)")
    parser.add_argument("--file-mb", type=int, help="megabytes of a file of spans, then the next one begins (one file)")
    said = parser.parse_args(arguments)
    first_day = FIRST_DAY if said.until is None else said.until - timedelta(days=DAYS - 1)
    try:
        written = write_month(
            said.to,
            said.calls,
            said.seed,
            real=said.real,
            first_day=first_day,
            batch=said.batch,
            file_bytes=said.file_mb and said.file_mb * 1_000_000,
        )
    except ValueError as error:
        parser.error(str(error))
    print(
        f"{written.calls} calls, {written.spans} spans ({written.span_bytes / 1e6:.1f} MB, "
        f"{written.span_bytes / written.spans:.0f} bytes each), {written.logs} log records, "
        f"{written.kinds} templates, {written.seconds:.1f} s"
    )
    return 0
