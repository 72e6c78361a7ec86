"""The file exporters in one process: what stands in a line, how files follow each other, what is lost."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

from otel_genai_instr import file_settings
from otel_genai_instr.cli.stored_spans import read_spans
from otel_genai_instr.exporters.encoding import LINE_BYTES, LINE_ITEMS
from otel_genai_instr.exporters.files import GenAIFileLogExporter, GenAIFileSpanExporter
from otel_genai_instr.exporters.folder import stored_files
from otel_genai_instr.file_settings import FILE_DIR, FILE_MAX_AGE, FileSettings

from .written import files, lines, names, records_in, some_records, some_spans, spans_in

DAY = 86_400.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "some" / "where"


def test_a_line_says_of_spans_what_otlp_says(folder: Path) -> None:
    spans = some_spans(5)
    assert GenAIFileSpanExporter(FileSettings(str(folder))).export(spans) is SpanExportResult.SUCCESS
    (line,) = lines(*files(folder))
    assert spans_in(line) == encode_spans(spans)
    first = line["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert first["traceId"] == f"{0xABC:032x}"
    assert first["parentSpanId"] == f"{0xDEF:016x}"
    assert first["startTimeUnixNano"] == str(spans[0].start_time)
    assert "天" in files(folder)[0].read_text("utf-8"), "escapes take twice the room"


def test_a_line_says_of_records_what_otlp_says(folder: Path) -> None:
    records = some_records()
    assert GenAIFileLogExporter(FileSettings(str(folder))).export(records) is LogRecordExportResult.SUCCESS
    (line,) = lines(*files(folder, "logs"))
    assert records_in(line) == encode_logs(records)


def test_our_own_reader_reads_it(folder: Path) -> None:
    GenAIFileSpanExporter(FileSettings(str(folder))).export(some_spans(**{"gen_ai.usage.input_tokens": 2**40}))
    unread: list[int] = []
    found = list(read_spans(str(files(folder)[0]), unread.append))
    assert [span.attributes.get("gen_ai.usage.input_tokens") for span in found] == [2**40] * 3 + [None]
    assert not unread


def test_half_a_surrogate_pair_is_no_text(folder: Path) -> None:
    GenAIFileSpanExporter(FileSettings(str(folder))).export(some_spans(1, said="\ud83d!"))
    (line,) = lines(*files(folder))
    assert '"?!"' in str(line).replace("'", '"')


def test_a_number_of_more_than_64_bits_is_text(folder: Path) -> None:
    """No reader of OTLP takes the line otherwise."""
    told = '{"intValue":"9223372036854775808"}'
    spans = some_spans(1, large=2**63, small=-(2**63) - 1, fits=[-(2**63), 2**63 - 1], told=told)
    GenAIFileSpanExporter(FileSettings(str(folder))).export(spans)
    (line,) = lines(*files(folder))
    assert line["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"] == [
        {"key": "large", "value": {"stringValue": "9223372036854775808"}},
        {"key": "small", "value": {"stringValue": "-9223372036854775809"}},
        {
            "key": "fits",
            "value": {
                "arrayValue": {"values": [{"intValue": "-9223372036854775808"}, {"intValue": "9223372036854775807"}]}
            },
        },
        {"key": "told", "value": {"stringValue": told}},
    ]


def test_nobody_else_reads_it(folder: Path) -> None:
    before = os.umask(0)
    try:
        GenAIFileSpanExporter(FileSettings(str(folder))).export(some_spans())
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, *files(folder))] == [0o700, 0o600]


def test_lines_are_short(folder: Path) -> None:
    """The Collector's receiver takes lines of one MiB; more only where one span alone is longer."""
    exporter = GenAIFileSpanExporter(FileSettings(str(folder)))
    many, long = some_spans(LINE_ITEMS * 2), some_spans(40, said="x" * 30_000)
    exporter.export([*many, *long])
    written = files(folder)[0].read_bytes().splitlines()
    assert len(written) > 4
    assert max(map(len, written)) <= LINE_BYTES
    assert names(*files(folder)) == [span.name for span in (*many, *long)]
    exporter.export(some_spans(1, said="x" * LINE_BYTES))
    assert names(*files(folder))[-2:] == ["span 0 天", "failed"]


def test_a_span_that_no_encoder_takes_is_lost_alone(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    spans = some_spans(9)
    spans[4]._name = {"a secret"}  # pyright: ignore
    exporter = GenAIFileSpanExporter(FileSettings(str(folder)))
    assert exporter.export(spans) is SpanExportResult.FAILURE
    assert names(*files(folder)) == [span.name for span in spans if span is not spans[4]]
    (said,) = caplog.messages
    assert "what can't be encoded is lost: TypeError; this is logged once." in said
    assert exporter.export(spans[:4]) is SpanExportResult.SUCCESS


def test_files_follow_each_other_by_size_and_the_oldest_go(folder: Path) -> None:
    exporter = GenAIFileSpanExporter(FileSettings(str(folder), max_bytes=4_000, total_bytes=20_000))
    others = folder / "traces-of-mine.jsonl"
    folder.mkdir(parents=True)
    others.write_text("x" * 30_000)
    seen: list[Path] = []
    for number in range(40):
        exporter.export(some_spans(1, said=str(number)))
        seen += [path for path in files(folder) if path not in (*seen, others)]
        assert sum(path.stat().st_size for path in files(folder) if path != others) <= 20_000
    kept = [path for path in files(folder) if path != others]
    assert kept == seen[-len(kept) :]
    assert 1 < len(kept) < len(seen)
    assert all(path.stat().st_size <= 4_000 for path in kept)
    assert others.exists()


def test_a_line_longer_than_a_file_may_be_is_written_whole(folder: Path) -> None:
    exporter = GenAIFileSpanExporter(FileSettings(str(folder), max_bytes=2_000, total_bytes=0))
    for _ in range(3):
        assert exporter.export(some_spans(1, said="x" * 5_000)) is SpanExportResult.SUCCESS
    assert len(lines(*files(folder))) == len(files(folder)) == 3


def test_a_file_is_no_more_than_a_quarter_of_the_folder(folder: Path) -> None:
    exporter = GenAIFileSpanExporter(FileSettings(str(folder), total_bytes=40_000))
    for _ in range(40):
        exporter.export(some_spans(1))
    assert len(files(folder)) > 1
    assert sum(path.stat().st_size for path in files(folder)) <= 40_000


def test_what_is_too_old_goes_and_what_is_written_to_stays(folder: Path) -> None:
    settings = FileSettings(str(folder), max_age=2)
    old, young = GenAIFileSpanExporter(settings), GenAIFileLogExporter(settings)
    old.export(some_spans())
    young.export(some_records())
    for path, days in ((*files(folder), 2.1), (*files(folder, "logs"), 1.9)):
        then = time.time() - days * DAY
        os.utime(path, (then, then))
    GenAIFileSpanExporter(FileSettings(str(folder), max_age=0, total_bytes=0)).export(some_spans())
    assert len(stored_files(str(folder))) == 3
    GenAIFileSpanExporter(settings).export(some_spans())
    assert [file.kind for file in stored_files(str(folder))] == ["logs", "traces", "traces"]
    # Whose file was removed begins another one.
    assert old.export(some_spans()) is SpanExportResult.SUCCESS
    assert len(lines(*files(folder))) == 3


def test_the_folder_stays_when_the_app_goes_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exporter = GenAIFileSpanExporter(FileSettings("here"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    exporter.export(some_spans())
    assert len(files(tmp_path / "here")) == 1


def test_a_folder_that_is_removed_is_made_again(folder: Path) -> None:
    exporter = GenAIFileSpanExporter(FileSettings(str(folder)))
    exporter.export(some_spans())
    files(folder)[0].unlink()
    folder.rmdir()
    assert exporter.export(some_spans()) is SpanExportResult.SUCCESS
    assert len(lines(*files(folder))) == 1


def test_a_folder_that_is_none_is_said_once_until_it_is_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "file"
    folder.write_text("")
    exporter = GenAIFileSpanExporter(FileSettings(str(folder)))
    for _ in range(3):
        assert exporter.export(some_spans()) is SpanExportResult.FAILURE
    (said,) = caplog.messages
    assert said == (
        f"otel-genai-instr: genai_file, traces to {folder}: what can't be written is lost:"
        f" [Errno 17] File exists: '{folder}'; {FILE_DIR} can name another folder; this is logged once."
    )
    folder.unlink()
    assert exporter.export(some_spans()) is SpanExportResult.SUCCESS
    exporter.shutdown()
    assert len(caplog.messages) == 2
    assert ": 12 were lost;" in caplog.messages[1]


def test_after_shutdown_nothing_is_taken(folder: Path) -> None:
    exporter = GenAIFileSpanExporter(FileSettings(str(folder)))
    assert exporter.force_flush()
    exporter.shutdown()
    assert exporter.export(some_spans()) is SpanExportResult.FAILURE
    assert not folder.exists()


def test_a_call_waits_for_nothing(folder: Path) -> None:
    """Encoded and written is in the processor's thread, when it has a batch."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(GenAIFileSpanExporter(FileSettings(str(folder)))))
    provider.get_tracer("tests").start_span("one").end()
    assert not folder.exists()
    assert provider.force_flush()
    assert names(*files(folder)) == ["one"]
    provider.get_tracer("tests").start_span("two").end()
    provider.shutdown()
    assert names(*files(folder)) == ["one", "two"]


def test_without_the_extra_it_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.json.common.trace_encoder", None)
    exporter = GenAIFileSpanExporter(FileSettings(str(folder)))
    assert "pip install 'otel-genai-instr[file]'" in caplog.text
    assert exporter.export(some_spans()) is SpanExportResult.FAILURE
    assert len(caplog.messages) == 1


def test_the_environment_says_where_and_how_much(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    default = FileSettings(str(tmp_path / "otel-genai"), 64 << 20, 1 << 30, 30)
    assert file_settings.from_environ({"XDG_STATE_HOME": str(tmp_path)}) == default
    assert file_settings.from_environ({}).folder == os.path.expanduser("~/.local/state/otel-genai")
    said: dict[str, Any] = {FILE_DIR: "here", "OTEL_GENAI_FILE_MAX_BYTES": "1", "OTEL_GENAI_FILE_TOTAL_BYTES": "2"}
    assert file_settings.from_environ({**said, FILE_MAX_AGE: "3"}) == FileSettings(os.path.abspath("here"), 1, 2, 3)
    assert file_settings.from_environ({FILE_DIR: "~nobody-at-all/x"}).folder == os.path.abspath("otel-genai")
    assert not caplog.messages
    assert file_settings.from_environ({FILE_MAX_AGE: "a week"}).max_age == 30
    assert FILE_MAX_AGE in caplog.text
