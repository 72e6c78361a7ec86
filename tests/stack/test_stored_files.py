"""The lines that ``genai_file`` writes are read by the Collector, as they stand: it takes the same JSON over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_genai_instr.exporters.files import GenAIFileLogExporter, GenAIFileSpanExporter
from otel_genai_instr.file_settings import FileSettings

from ..exporters.written import files, some_records, some_spans
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
