"""Damaged files: what is whole in them is counted exactly, what isn't is counted as refused."""

from __future__ import annotations

import gzip
import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_genai_instr.cli.command import main
from otel_genai_instr.cli.pricers import pricer_from
from otel_genai_instr.page.html import page
from otel_genai_instr.reports.columns import PLACE_BITS
from otel_genai_instr.reports.stored.files import FoundFile, find
from otel_genai_instr.reports.stored.ingest import cache_folder, ingest
from otel_genai_instr.reports.stored.manifest import Counts, Manifest

from .lines import Json, all_rows, call, document, evaluation, line, read, tables_of, write

_ONE, _OTHER = call(), call()
_LINE, _NEXT = line(document([_ONE])), line(document([_OTHER]))

_UNNAMED = {"scope": {"name": None}, "spans": [_ONE]}


def _counts(manifest: Manifest) -> Counts:
    (file,) = manifest.files.values()
    return file.counts


def _text(said: Json) -> bytes:
    return json.dumps(said).encode() + b"\n"


def _saying(name: str, value: object, **changed: Any) -> bytes:
    """The line of a call that says this of that."""
    made = call(cost=None) | changed
    made["attributes"] = [each for each in made["attributes"] if each["key"] != name] + [{"key": name, "value": value}]
    return line(document([made]))


@pytest.mark.parametrize(
    ("text", "rows", "refused_lines", "refused"),
    [
        (_LINE[:-1] + _NEXT, 2, 0, 0),
        (_LINE[:200] + _NEXT, 1, 1, 0),
        (b"\x00" * 500 + _LINE + _NEXT, 2, 1, 0),
        (_LINE + b"\x00" * 500 + b"\n" + _NEXT, 2, 1, 0),
        (json.dumps(document([_ONE])).encode("utf-16") + b"\n" + _NEXT, 1, 1, 0),
        (_text({"resourceSpans": [{"scope_spans": []}]}) + _LINE, 1, 0, 1),
        (_text({"resourceSpans": [{"instrumentationLibrarySpans": []}]}), 0, 0, 1),
        (_text({"resourceSpans": 17}), 0, 0, 1),
        (_text({"resourceSpans": [None, {"scopeSpans": [17, {"spans": {}}]}]}), 0, 0, 3),
        (_text({"resourceLogs": [{"scopeLogs": [{"logRecords": [{}, None]}]}]}), 0, 0, 1),
        (
            _text({"resourceSpans": [{"resource": None, "scopeSpans": [{"scope": {"name": None}, "spans": [_ONE]}]}]}),
            1,
            0,
            0,
        ),
        (line(document([_ONE | {"name": None, "attributes": None, "status": None}])), 1, 0, 0),
        (line(document([_ONE | {"attributes": [{}, {"key": None, "value": {"intValue": 1}}, {"key": "a"}]}])), 1, 0, 0),
        (_saying("gen_ai.usage.input_tokens", {"intValue": 12345}).replace(b"12345", b"9" * 5000) + _LINE, 2, 0, 0),
        (_saying("x", {"intValue": [1]}) + _LINE, 1, 0, 1),
    ],
    ids=[
        *("two on one line", "half of one, then another", "zeros before", "zeros between", "utf-16", "snake case"),
        *("older words", "no list", "no objects", "null records", "null owners", "null fields", "null keys"),
        *("digits", "list for a number"),
    ],
)
def test_what_is_whole_is_read_and_all_else_is_counted(
    tmp_path: Path, text: bytes, rows: int, refused_lines: int, refused: int
) -> None:
    counts = _counts(read(write(tmp_path / "traces.jsonl", text), tmp_path / "cache"))
    assert (counts.rows, counts.refused_lines, counts.refused) == (rows, refused_lines, refused)
    assert bool(counts.mistakes) == (refused_lines + refused > 0)


@pytest.mark.parametrize(
    ("name", "value", "column", "expected"),
    [
        ("gen_ai.usage.input_tokens", {"intValue": 100.0}, "input_tokens", 100),
        ("gen_ai.usage.input_tokens", {"intValue": str(2**63 - 1)}, "input_tokens", None),
        ("gen_ai.usage.input_tokens", {"doubleValue": 1e30}, "input_tokens", None),
        ("gen_ai.usage.input_tokens", {"intValue": "-5"}, "input_tokens", None),
        ("gen_ai.usage.cost.amount", {"doubleValue": 1e308}, "cost_source", "report"),
        ("gen_ai.usage.cost.amount", {"doubleValue": -5.0}, "cost_source", "report"),
        ("gen_ai.usage.cost.amount", {"stringValue": "1,5"}, "cost_source", "report"),
        ("gen_ai.response.time_to_first_chunk", {"doubleValue": 1e308}, "first_chunk_ms", None),
        ("gen_ai.operation.name", {"stringValue": "x" * 10_000}, "operation", "x" * 512),
    ],
)
def test_a_value_that_no_sum_can_take_is_not_said(
    tmp_path: Path, name: str, value: Json, column: str, expected: object
) -> None:
    write(tmp_path / "traces.jsonl", _saying(name, value))
    (row,) = all_rows(tables_of(tmp_path, tmp_path / "cache"))
    assert row[column] == expected


def test_ids_that_are_none_are_nobody(tmp_path: Path) -> None:
    made = call(parent="0" * 16)
    judged = [evaluation(made | {"spanId": odd}, "relevance", 0.5) for odd in ("zz", "0" * 16, "x" * 1000)]
    write(tmp_path / "traces.jsonl", document([made, call(parent="x" * 1000)], judged))
    tables = tables_of(tmp_path, tmp_path / "cache")
    assert [row["parent_id"] for row in all_rows(tables)] == [None, None]
    assert set(tables.scores.to_pyarrow()["span_id"].to_pylist()) == {None}


def test_a_call_that_does_not_say_when_it_began_took_no_known_time(tmp_path: Path) -> None:
    write(tmp_path / "traces.jsonl", document([call() | {"startTimeUnixNano": "0"}]))
    (row,) = all_rows(tables_of(tmp_path, tmp_path / "cache"))
    assert row["duration_ms"] is None


def _long_file(path: Path) -> bytes:
    """A file that its beginning alone doesn't tell."""
    text = b"".join(line(document([call(cost=0.001, filling="x" * 1000)])) for _ in range(80))
    path.write_bytes(text)
    assert len(text) > 90_000
    return text


def _cost(source: Path, cache: Path) -> float:
    return sum(row["cost"] for row in all_rows(tables_of(source, cache)))


def test_a_file_that_is_written_anew_in_its_place_is_read_anew(tmp_path: Path) -> None:
    path, cache = tmp_path / "traces.jsonl", tmp_path / "cache"
    text = _long_file(path)
    assert _cost(path, cache) == pytest.approx(0.08)
    end = text.rindex(b"0.001")
    path.write_bytes(text[:end] + b"0.002" + text[end + 5 :])
    assert _cost(path, cache) == pytest.approx(0.081)


def test_a_file_that_was_cut_and_has_grown_again_is_read_anew(tmp_path: Path) -> None:
    path, cache = tmp_path / "traces.jsonl", tmp_path / "cache"
    text = _long_file(path)
    assert _cost(path, cache) == pytest.approx(0.08)
    beginning = text[: text.index(b"\n", 70_000) + 1]
    path.write_bytes(beginning + b"".join(line(document([call(cost=0.5, filling="x" * 1000)])) for _ in range(40)))
    assert _cost(path, cache) == pytest.approx(0.001 * beginning.count(b"\n") + 20)


def test_a_request_that_is_written_on_behind_one_without_its_end_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "traces.jsonl", _LINE[:-1])
    assert len(all_rows(tables_of(path, tmp_path / "cache"))) == 1
    path.write_bytes(_LINE[:-1] + _NEXT)
    assert len(all_rows(tables_of(path, tmp_path / "cache"))) == 2


@pytest.mark.parametrize("name", [b"no text \xff.jsonl", b"a line\nand another.jsonl", b"x" * 249 + b".jsonl"])
def test_files_may_have_any_name(tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    path.write_bytes(_LINE)
    cache = cache_folder(path)
    str(cache).encode()  # the engine is told it as text
    assert len(cache.name) < 100
    assert len(all_rows(tables_of(path, tmp_path / "cache"))) == 1
    assert len(all_rows(tables_of(tmp_path, tmp_path / "cache 2"))) == 1


def test_what_is_damaged_is_said_every_time(tmp_path: Path) -> None:
    (tmp_path / "traces.jsonl.gz").write_bytes(gzip.compress(_LINE + _NEXT)[:-10])
    for _ in range(2):
        _, unreadable = ingest(tmp_path, tmp_path / "cache", pricer_from(None), lambda _done, _all: None)
        assert [file.path.name for file in unreadable] == ["traces.jsonl.gz"]


def test_what_is_no_file_of_lines_is_not_opened(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", _LINE)
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "zeros.jsonl").symlink_to("/dev/zero")
    (tmp_path / "nowhere.jsonl").symlink_to("missing")
    (tmp_path / "circle.jsonl").symlink_to("circle.jsonl")
    found = {item.path.name: isinstance(item, FoundFile) for item in find(tmp_path)}
    assert found == {"a.jsonl": True, "nowhere.jsonl": False, "circle.jsonl": False}


@pytest.mark.parametrize("left", [b"", b"PAR1", b"PAR1" + b"\xff" * 100 + b"PAR1"])
def test_tables_that_were_cut_off_are_made_anew(tmp_path: Path, left: bytes) -> None:
    path, cache = write(tmp_path / "traces.jsonl", _LINE), tmp_path / "cache"
    read(path, cache)
    (part,) = cache.glob("spans-*.parquet")
    part.write_bytes(left)
    assert len(all_rows(tables_of(path, cache))) == 1


def test_tables_that_somebody_may_still_ask_are_kept_a_while(tmp_path: Path) -> None:
    path, cache = tmp_path / "traces.jsonl", tmp_path / "cache"
    write(path, _LINE, _LINE)
    (before,) = filter(None, [read(path, cache).repeats])
    os.utime(cache / before, (0, 0))
    write(path, _LINE, _LINE, _LINE)
    assert read(path, cache).repeats != before
    assert (cache / before).exists()


def test_a_command_says_which_line_of_which_file_and_ends_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = tmp_path / "telemetry"
    source.mkdir()
    path = write(source / "traces.jsonl", _LINE, b"damaged\n", _NEXT[:50])
    asked = ["report", "cost", "--from", str(source), "--since", "2026-11-01", "--until", "2026-11-08"]
    for _ in range(2):
        assert main([*asked, "--format", "json"]) == 0
        said = capsys.readouterr()
        report = json.loads(said.out)
        assert report["total"]["calls"] == 1
        assert {"1 line refused", "1 file ending in half a line, not read yet"} <= set(report["notes"])
        assert f"{path}, line 2 (at byte {len(_LINE)}): no JSON" in said.err


_SPANS: Final = [[call() for _ in range(3)] for _ in range(6)]
_LINES: Final = [line(document(spans)) for spans in _SPANS]
_SAID: Final = [{(span["traceId"], span["spanId"]) for span in spans} for spans in _SPANS]
_TEXT: Final = b"".join(_LINES)
_PLACE: Final = st.integers(0, len(_TEXT))
_DAMAGE: Final = st.lists(
    st.tuples(
        _PLACE, st.integers(0, 1500), st.one_of(st.binary(max_size=40), st.sampled_from([b"\n", b"\0", *_LINES]))
    ),
    min_size=1,
    max_size=3,
)
"""From where on how many bytes are others."""


def _ids(manifest: Manifest, cache: Path) -> Counter[tuple[str, str]]:
    """The trace and the span of every row that was written and isn't gone."""
    found: Counter[tuple[str, str]] = Counter()
    for part in manifest.parts:
        rows = pyarrow.parquet.read_table(cache / part, columns=["trace_id", "span_id", "row_id"])
        counted = (row for row in rows.to_pylist() if row["row_id"] >> PLACE_BITS not in manifest.gone)
        found.update((row["trace_id"], row["span_id"]) for row in counted)
    return found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(damage=_DAMAGE, first=_PLACE)
def test_whatever_is_damaged_what_is_not_is_counted_exactly(damage: list[tuple[int, int, bytes]], first: int) -> None:
    text = _TEXT
    for place, length, instead in damage:
        text = text[:place] + instead + text[place + length :]
    pieces = text.split(b"\n")
    whole = [ids for said, ids in zip(_LINES, _SAID, strict=True) for _ in range(pieces.count(said[:-1]))]
    with tempfile.TemporaryDirectory() as folder:
        path, cache, kept = Path(folder, "t.jsonl"), Path(folder, "cache"), Path(folder, "kept")
        path.write_bytes(text)
        manifest = read(path, cache) if text else Manifest()
        rows = _ids(manifest, cache)
        assert rows >= Counter(each for ids in whole for each in ids)
        for counts in (file.counts for file in manifest.files.values()):
            assert counts.lines + (counts.unfinished_bytes > 0) == sum(bool(piece.strip()) for piece in pieces)
            assert counts.rows == rows.total()
            assert counts.rows - manifest.repeated == len(rows)  # what is there twice counts once
            assert bool(counts.mistakes) == (counts.refused_lines + counts.refused > 0)
        path.write_bytes(text[:first])
        read(path, kept)
        path.write_bytes(text)  # as if it had grown between two readings
        assert _ids(read(path, kept), kept) == rows


def test_any_value_of_any_attribute_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    odd = call(trace="ab" * 16)
    odd |= {"events": [{"name": 7, "timeUnixNano": [1]}, {"timeUnixNano": {}}, None]}
    odd["attributes"] += [
        {"key": "gen_ai.request.model", "value": {"arrayValue": {"values": [{"stringValue": "gpt-4o"}]}}},
        {"key": "gen_ai.response.time_to_first_chunk", "value": {"doubleValue": 1e300}},
        {"key": "gen_ai.request.max_tokens", "value": {"intValue": "--5"}},
        {"key": "gen_ai.output.messages", "value": {"stringValue": '[{"role": "assistant", "parts": [NaN]}]'}},
    ]
    path = write(tmp_path / "traces.jsonl", document([odd], [evaluation(odd | {"spanId": "zz"}, "relevance", 0.5)]))
    assert main(["debug", "ab" * 16, "--from", str(path)]) == 0
    capsys.readouterr()
    assert main(["debug", "ab" * 16, "--from", str(path), "--content", "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert said["traces"][0]["spans"][0]["content"]["gen_ai.output.messages"][0]["parts"] == ["NaN"]


def test_half_a_surrogate_pair_can_be_sent() -> None:
    assert "a?b" in page("base", title="a\ud83db", subtitle="", pages=[], here="")
