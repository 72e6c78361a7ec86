"""Packed and rotated files: read as they lie there, each part of them once."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_genai_instr.cli.command import main
from otel_genai_instr.cli.pricers import pricer_from
from otel_genai_instr.reports.stored import files
from otel_genai_instr.reports.stored.files import Unreadable
from otel_genai_instr.reports.stored.ingest import ingest
from otel_genai_instr.reports.stored.manifest import Counts, Manifest

from .lines import all_rows, call, document, line, message, read, tables_of, zstd

CALLS: Final = [call() for _ in range(4)]
LINES: Final = [line(document([each])) for each in CALLS]


MESSAGES: Final = [message(zstd(text.rstrip())) for text in LINES]


def counts_of(manifest: Manifest) -> Counts:
    """Of the one file."""
    (file,) = manifest.files.values()
    return file.counts


def ingested(source: Path, cache: Path) -> tuple[Manifest, list[Unreadable]]:
    """Read what is new, and say what can't be."""
    return ingest(source, cache, pricer_from(None), lambda _done, _all: None)


@pytest.mark.parametrize(
    ("name", "is_read"),
    [
        ("traces.jsonl", True),
        ("traces.jsonl.1", True),
        ("traces.jsonl.12", True),
        ("traces.jsonl-20261130", True),
        ("traces.jsonl.2026-11-30", True),
        ("traces-2026-11-30T10-00-00.000.jsonl", True),
        ("traces.ndjson", True),
        ("traces.json", True),
        ("jsonl", False),
        ("traces.jsonl.swp", False),
        ("traces.jsonl.1.tmp", False),
        ("traces.log.1", False),
        ("settings.json5", False),
    ],
)
@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_a_rotated_file_is_found_by_its_name(tmp_path: Path, name: str, is_read: bool, suffix: str) -> None:
    packed = {"": LINES[0], ".gz": gzip.compress(LINES[0]), ".zst": zstd(LINES[0])}[suffix]
    (tmp_path / (name + suffix)).write_bytes(packed)
    manifest = read(tmp_path, tmp_path / "cache")
    assert [file.counts.rows for file in manifest.files.values()] == [1] * is_read


@pytest.mark.parametrize(
    "packed",
    [
        zstd(b"".join(LINES)),
        b"".join(map(zstd, LINES)),
        zstd(b"".join(LINES)[:700]) + zstd(b"".join(LINES)[700:]),
        b"".join(MESSAGES),
        b"".join(message(zstd(text[:300]) + zstd(text[300:])) for text in LINES),
    ],
    ids=["one frame", "a frame a line", "frames that end within lines", "messages", "messages of several frames"],
)
def test_what_zstd_packed_is_read_like_the_lines(tmp_path: Path, packed: bytes) -> None:
    (tmp_path / "plain.jsonl").write_bytes(b"".join(LINES))
    (tmp_path / "packed.jsonl").write_bytes(packed)
    expected, found = (
        sorted(
            (row["span_id"], row["input_tokens"], row["cost"], row["line_at"] == 0)
            for row in all_rows(tables_of(tmp_path / f"{name}.jsonl", tmp_path / f"{name} cache"))
        )
        for name in ("plain", "packed")
    )
    assert len(expected) == len(CALLS)
    assert found == expected


@pytest.mark.parametrize("packed", [b"".join(map(zstd, LINES)), b"".join(MESSAGES)], ids=["zstd", "messages"])
def test_a_packed_trace_is_debugged(tmp_path: Path, capsys: pytest.CaptureFixture[str], packed: bytes) -> None:
    (tmp_path / "traces.jsonl.1.zst").write_bytes(packed)
    assert main(["debug", CALLS[2]["traceId"], "--from", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert CALLS[2]["traceId"] in said.out
    assert "not in their files any more" not in said.out + said.err


def test_messages_are_read_as_they_come(tmp_path: Path) -> None:
    path, cache = tmp_path / "traces.jsonl", tmp_path / "cache"
    path.write_bytes(MESSAGES[0] + MESSAGES[1][:-5])
    counts = counts_of(read(path, cache))
    assert (counts.rows, counts.unfinished_bytes) == (1, len(MESSAGES[1]) - 5)
    path.write_bytes(b"".join(MESSAGES[:3]))
    counts = counts_of(read(path, cache))
    assert (counts.rows, counts.lines, counts.unfinished_bytes) == (3, 3, 0)
    path.write_bytes(b"".join(MESSAGES))
    assert counts_of(read(path, cache)).rows == 4
    assert len(all_rows(tables_of(path, cache))) == 4


def test_a_damaged_message_costs_no_other(tmp_path: Path) -> None:
    damaged = MESSAGES[1][:30] + bytes(20) + MESSAGES[1][50:]
    (tmp_path / "traces.jsonl").write_bytes(MESSAGES[0] + damaged + message(zstd(b"{")) + MESSAGES[2])
    counts = counts_of(read(tmp_path, tmp_path / "cache"))
    assert (counts.rows, counts.lines, counts.refused_lines) == (2, 4, 2)
    assert counts.mistakes[0].startswith(f"line 2 (at byte {len(MESSAGES[0]):,}): is damaged: ")


@pytest.mark.parametrize("length", [5, 0xFFFF_FFFF, 0], ids=["wrong", "longer than any", "none"])
def test_where_no_message_begins_the_file_is_read_up_to_there_and_said(tmp_path: Path, length: int) -> None:
    path, cache = tmp_path / "traces.jsonl", tmp_path / "cache"
    path.write_bytes(MESSAGES[0] + length.to_bytes(4, "big") + b"elsewhere" + MESSAGES[1])
    for _ in range(2):
        manifest, unreadable = ingested(path, cache)
        assert counts_of(manifest).rows == 1
        assert [file.reason for file in unreadable] == [f"damaged: no message begins at byte {len(MESSAGES[0]):,}"]


def test_a_message_that_grows_without_end_when_it_is_unpacked_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LONGEST_LINE", 1024 * 1024)
    long = message(zstd(b'{"resourceSpans": [], "x": "' + b"x" * 1024 * 1024 + b'"}'))
    (tmp_path / "traces.jsonl").write_bytes(long + MESSAGES[0])
    counts = counts_of(read(tmp_path, tmp_path / "cache"))
    assert (counts.rows, counts.refused_lines) == (1, 1)
    assert counts.mistakes == ["line 1 (at byte 0): is too long"]


def test_protobuf_is_said(tmp_path: Path) -> None:
    (tmp_path / "traces.jsonl").write_bytes(b"\x00\x00\x01\x00\x0a\xfd\x01" + bytes(253))
    manifest, unreadable = ingested(tmp_path, tmp_path / "cache")
    assert not manifest.files
    assert [file.reason for file in unreadable] == [
        "it is protobuf; let the Collector's exporter write JSON: `format: json`"
    ]


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0), grows=st.booleans())
def test_messages_cut_anywhere_are_those_that_are_whole(
    tmp_path_factory: pytest.TempPathFactory, at: int, grows: bool
) -> None:
    text = b"".join(MESSAGES)
    folder = tmp_path_factory.mktemp("cut")
    path, cut = folder / "traces.jsonl", 1 + at % (len(text) - 1)
    path.write_bytes(text[:cut])
    ends = [sum(map(len, MESSAGES[: n + 1])) for n in range(len(MESSAGES))]
    manifest, unreadable = ingested(path, folder / "cache")
    assert (counts_of(manifest).rows, unreadable) == (sum(end <= cut for end in ends), [])
    if grows:
        path.write_bytes(text)
        assert counts_of(read(path, folder / "cache")).rows == len(MESSAGES)
