"""The lines that ``genai_file`` writes are read by the Collector, as they stand; what it packs is read by reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from otel_genai_instr.exporters.files import GenAIFileLogExporter, GenAIFileSpanExporter
from otel_genai_instr.file_settings import FileSettings
from otel_genai_instr.reports.stored.tables import stored_tables

from ..exporters.written import files, some_records, some_spans
from ..reports.lines import all_rows, call, document, read
from .otlp_receiver import OTLPReceiver
from .passing import SECONDS, RunCollector
from .programs import http_post, wait_until
from .spans import sent_spans

pytestmark = pytest.mark.stack


def test_collector_reads_every_line(run_collector: RunCollector, receiver: OTLPReceiver, tmp_path: Path) -> None:
    settings = FileSettings(str(tmp_path))
    spans = some_spans(200)
    GenAIFileSpanExporter(settings).export(spans)
    GenAIFileLogExporter(settings).export(some_records())
    collector = run_collector(receiver.otlp_endpoint)
    for kind, at_least in (("traces", 4), ("logs", 1)):
        lines = [line for path in files(tmp_path, kind) for line in path.read_bytes().splitlines()]
        assert len(lines) >= at_least
        for line in lines:
            assert http_post(f"{collector.http_endpoint}/v1/{kind}", line, "application/json") == 200
    wait_until(lambda: len(receiver.find("shöp")) == len(spans), what="all spans are there", seconds=SECONDS)
    assert receiver.find("shöp") == sent_spans(spans)


@pytest.mark.parametrize("compression", [None, "zstd"], ids=["lines", "zstd"])
def test_what_the_collector_writes_is_read_while_it_writes(
    run_collector: RunCollector, tmp_path: Path, compression: str | None
) -> None:
    folder, cache = tmp_path / "files", tmp_path / "cache"
    variables = {"OTELCOL_FILE_DIR": str(folder), "OTELCOL_FILE_COMPRESSION": compression}
    collector = run_collector("nowhere.invalid:4317", "file", **variables)
    calls = [call() for _ in range(3)]
    for sent in range(1, 4):
        line = json.dumps(document([calls[sent - 1]])).encode()
        assert http_post(f"{collector.http_endpoint}/v1/traces", line, "application/json") == 200
        wait_until(
            lambda sent=sent: sum(file.counts.rows for file in read(folder, cache).files.values()) == sent,
            what=f"{sent} calls are read",
            seconds=SECONDS,
        )
    (file,) = folder.glob("traces*")
    assert file.read_bytes().startswith(b"{") == (compression is None)
    rows = all_rows(stored_tables(read(folder, cache), cache))
    assert {row["trace_id"] for row in rows} == {each["traceId"] for each in calls}
