"""What lies in files is read whole, once, and counted, whatever state the files are in."""

from __future__ import annotations

import gzip
import json
import os
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_genai_instr.cli.pricers import pricer_from
from otel_genai_instr.reports.stored.files import LONGEST_LINE, Unreadable
from otel_genai_instr.reports.stored.ingest import ingest
from otel_genai_instr.reports.stored.manifest import Manifest
from otel_genai_instr.reports.tables import rows_of

from .lines import NOON, Json, all_rows, call, document, evaluation, line, read, span, tables_of, write


def _ids(source: Path, cache: Path) -> list[str]:
    return sorted(row["span_id"] for row in all_rows(tables_of(source, cache)))


def _sum(manifest: Manifest, name: str) -> int:
    return sum(getattr(file.counts, name) for file in manifest.files.values())


def _spans(number: int) -> list[Json]:
    return [call(user=f"u{each}") for each in range(number)]


def test_every_span_is_read_once(tmp_path: Path) -> None:
    spans = _spans(5)
    write(tmp_path / "traces.jsonl", document(spans[:2]), document(spans[2:]))
    manifest = read(tmp_path, tmp_path / "cache")
    assert _sum(manifest, "rows") == 5
    assert _sum(manifest, "lines") == 2
    assert _ids(tmp_path, tmp_path / "cache") == sorted(each["spanId"] for each in spans)


def test_a_span_that_was_exported_twice_counts_once(tmp_path: Path) -> None:
    spans = _spans(3)
    write(tmp_path / "a.jsonl", document(spans))
    write(tmp_path / "b.jsonl", document(spans[1:]), document(spans[:1]))
    manifest = read(tmp_path, tmp_path / "cache")
    assert (_sum(manifest, "rows"), manifest.repeated) == (6, 3)
    assert len(_ids(tmp_path, tmp_path / "cache")) == 3


def test_an_evaluation_that_was_exported_twice_counts_once(tmp_path: Path) -> None:
    of = call()
    first, later = (
        evaluation(of, "user_feedback", 1.0),
        evaluation(of, "user_feedback", 1.0, at=NOON + timedelta(seconds=1)),
    )
    other = evaluation(of, "user_feedback", 0.0)
    write(tmp_path / "a.jsonl", document([of], [first, later]))
    write(tmp_path / "b.jsonl", document(logs=[first, other]))
    manifest = read(tmp_path, tmp_path / "cache")
    assert (_sum(manifest, "scores"), manifest.repeated_scores) == (4, 1)
    tables = tables_of(tmp_path, tmp_path / "cache")
    assert sorted(row["score"] for row in rows_of(tables.scores)) == [0.0, 1.0, 1.0]
    (tmp_path / "a.jsonl").unlink()  # with it the first of the two: the second one counts
    assert len(rows_of(tables_of(tmp_path, tmp_path / "cache").scores)) == 2


def test_ids_that_are_small_numbers_are_told_apart(tmp_path: Path) -> None:
    spans = [call(trace=f"{trace:032x}", own_id=f"{each:016x}") for trace in range(1, 60) for each in range(1, 60)]
    write(tmp_path / "a.jsonl", document(spans))
    assert read(tmp_path, tmp_path / "cache").repeated == 0


@pytest.mark.parametrize(
    "damaged",
    [
        b'{"resourceSpans": [\n',
        b"not json\n",
        b"[1, 2]\n",
        b'"text"\n',
        b"{}\n",
        b"\xff\xfe\x00\x01\n",
        b"\x00" * 100 + b"\n",
        b'{"resourceSpans": ' + b"[" * 100_000 + b"\n",
    ],
    ids=["cut", "text", "list", "string", "nothing", "bytes", "zeros", "deep"],
)
def test_a_line_that_is_no_otlp_is_refused_and_costs_no_other(tmp_path: Path, damaged: bytes) -> None:
    spans = _spans(4)
    write(tmp_path / "traces.jsonl", document(spans[:2]), damaged, document(spans[2:]))
    manifest = read(tmp_path, tmp_path / "cache")
    assert (_sum(manifest, "rows"), _sum(manifest, "refused_lines")) == (4, 1)
    (file,) = manifest.files.values()
    assert file.counts.mistakes[0].startswith("line 2 (at byte ")


def _without(name: str) -> Json:
    made = call()
    del made[name]
    return made


@pytest.mark.parametrize(
    "wrong",
    [
        _without("traceId"),
        _without("spanId"),
        call() | {"traceId": "xyz"},
        call() | {"traceId": "0" * 32},
        call() | {"spanId": 17},
        call() | {"startTimeUnixNano": "0", "endTimeUnixNano": "0"},
        call() | {"startTimeUnixNano": "yesterday", "endTimeUnixNano": None},
        call() | {"attributes": "none"},
        17,
        None,
    ],
    ids=["no trace", "no span", "no hex", "zero", "number", "no time", "no number", "attributes", "17", "null"],
)
def test_a_span_that_is_none_is_refused_and_costs_no_other(tmp_path: Path, wrong: Any) -> None:
    whole = _spans(2)
    write(tmp_path / "traces.jsonl", document([whole[0], wrong, whole[1]]))
    manifest = read(tmp_path, tmp_path / "cache")
    assert (_sum(manifest, "rows"), _sum(manifest, "refused")) == (2, 1)
    assert _sum(manifest, "read") == 3


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("form", ["{}", '"{}"'], ids=["bare", "text"])
def test_a_cost_that_is_no_number_is_none(tmp_path: Path, number: str, form: str) -> None:
    text = json.dumps(document([call(cost=0.123456)])).replace("0.123456", form.format(number))
    write(tmp_path / "traces.jsonl", text.encode() + b"\n")
    (row,) = all_rows(tables_of(tmp_path, tmp_path / "cache"))
    # It is worked out of the tokens then, as for any call that carries none.
    assert row["cost_source"] == "report"
    assert row["cost"] == pytest.approx(100 * 2.5e-6 + 10 * 10e-6)


def test_numbers_are_read_as_any_writer_writes_them(tmp_path: Path) -> None:
    made = call()
    for attribute in made["attributes"]:
        if "intValue" in attribute["value"]:
            attribute["value"]["intValue"] = int(attribute["value"]["intValue"])
    made |= {"startTimeUnixNano": int(made["startTimeUnixNano"]), "status": {"code": "STATUS_CODE_ERROR"}}
    write(tmp_path / "traces.jsonl", document([made]))
    (row,) = all_rows(tables_of(tmp_path, tmp_path / "cache"))
    assert (row["input_tokens"], row["failed"], row["duration_ms"]) == (100, True, 1000.0)


def test_a_clock_that_was_set_back_gives_no_duration(tmp_path: Path) -> None:
    made = call()
    made["endTimeUnixNano"] = str(int(made["startTimeUnixNano"]) - 1)
    write(tmp_path / "traces.jsonl", document([made]))
    (row,) = all_rows(tables_of(tmp_path, tmp_path / "cache"))
    assert row["duration_ms"] is None


def test_half_a_surrogate_pair_and_other_bytes_cost_nothing(tmp_path: Path) -> None:
    text = line(document([call(user="HERE"), call(user="THERE")]))
    write(tmp_path / "traces.jsonl", text.replace(b"THERE", b"\\ud83d").replace(b"HERE", b"\xff"))
    rows = all_rows(tables_of(tmp_path, tmp_path / "cache"))
    assert sorted(row["user"] for row in rows) == ["?", "\ufffd"]


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"\r\n \n"], ids=["byte order mark", "empty lines"])
def test_what_editors_leave_in_files_is_no_damage(tmp_path: Path, start: bytes) -> None:
    write(tmp_path / "traces.jsonl", start, line(document(_spans(1))).replace(b"\n", b"\r\n"), document(_spans(1)))
    manifest = read(tmp_path, tmp_path / "cache")
    assert (_sum(manifest, "rows"), _sum(manifest, "refused_lines")) == (2, 0)


def test_one_document_over_many_lines_is_read(tmp_path: Path) -> None:
    (tmp_path / "traces.json").write_text(json.dumps(document(_spans(3)), indent=2))
    assert _sum(read(tmp_path / "traces.json", tmp_path / "cache"), "rows") == 3


def test_packed_files_are_read(tmp_path: Path) -> None:
    write(tmp_path / "traces-1.jsonl.gz", document(_spans(3)), packed=True)
    assert _sum(read(tmp_path, tmp_path / "cache"), "rows") == 3


def test_a_packed_file_that_is_damaged_is_read_as_far_as_it_goes_and_said(tmp_path: Path) -> None:
    lines = [line(document([span({"filling": os.urandom(2000).hex()})])) for _ in range(200)]
    packed = gzip.compress(b"".join(lines))
    (tmp_path / "traces.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    manifest, unreadable = ingest(tmp_path, tmp_path / "cache", pricer_from(None), lambda _done, _all: None)
    assert 50 < _sum(manifest, "rows") < 150
    assert [file.path.name for file in unreadable] == ["traces.jsonl.gz"]


def test_a_line_that_is_too_long_is_refused_and_the_next_one_read(tmp_path: Path) -> None:
    with (tmp_path / "traces.jsonl").open("wb") as file:
        file.write(b'{"resourceSpans": [], "x": "')
        file.write(b"x" * LONGEST_LINE)
        file.write(b'"}\n' + line(document(_spans(1))))
    manifest = read(tmp_path, tmp_path / "cache")
    assert (_sum(manifest, "rows"), _sum(manifest, "refused_lines")) == (1, 1)


def test_long_lines_are_read(tmp_path: Path) -> None:
    write(tmp_path / "traces.jsonl", document([span({"gen_ai.input.messages": "x" * 20_000_000}), call()]))
    assert _sum(read(tmp_path, tmp_path / "cache"), "rows") == 2


def test_a_file_that_can_not_be_read_is_said(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", document(_spans(1)))
    (tmp_path / "b.jsonl").symlink_to("/proc/self/mem")
    manifest, unreadable = ingest(tmp_path, tmp_path / "cache", pricer_from(None), lambda _done, _all: None)
    assert _sum(manifest, "rows") == 1
    assert all(isinstance(file, Unreadable) for file in unreadable)


def test_half_a_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    text = line(document(_spans(2)))
    path = write(tmp_path / "traces.jsonl", document(_spans(1)), text[:100])
    manifest = read(tmp_path, tmp_path / "cache")
    assert (_sum(manifest, "rows"), _sum(manifest, "unfinished_bytes"), _sum(manifest, "refused_lines")) == (1, 100, 0)
    with path.open("ab") as file:
        file.write(text[100:])
    manifest = read(tmp_path, tmp_path / "cache")
    assert (_sum(manifest, "unfinished_bytes"), _sum(manifest, "refused_lines")) == (0, 0)
    assert len(_ids(tmp_path, tmp_path / "cache")) == 3


def test_a_whole_line_without_its_end_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "traces.jsonl", line(document(_spans(1))).rstrip())
    assert len(_ids(tmp_path, tmp_path / "cache")) == 1
    with path.open("ab") as file:
        file.write(b"\n" + line(document(_spans(1))))
    assert len(_ids(tmp_path, tmp_path / "cache")) == 2
    assert read(tmp_path, tmp_path / "cache").repeated == 0


def test_evaluations_are_rows_of_their_own_and_other_events_are_none(tmp_path: Path) -> None:
    made = call()
    other = {"timeUnixNano": made["startTimeUnixNano"], "eventName": "click"}
    write(tmp_path / "logs.jsonl", document([made], [evaluation(made, "relevance", 0.5), other]))
    manifest = read(tmp_path, tmp_path / "cache")
    assert (_sum(manifest, "scores"), _sum(manifest, "other_events"), _sum(manifest, "read")) == (1, 1, 3)


def test_metrics_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "metrics.jsonl", {"resourceMetrics": [{"scopeMetrics": []}]}, document(_spans(1)))
    manifest = read(tmp_path, tmp_path / "cache")
    assert (_sum(manifest, "rows"), _sum(manifest, "refused_lines")) == (1, 0)


def test_what_was_read_stays_read(tmp_path: Path) -> None:
    write(tmp_path / "traces.jsonl", document(_spans(3)))
    first = read(tmp_path, tmp_path / "cache").parts
    assert read(tmp_path, tmp_path / "cache").parts == first


@pytest.mark.parametrize("seed", range(6))
def test_reading_what_is_new_is_reading_all(tmp_path: Path, seed: int) -> None:
    """Files grow, are rotated, copied and removed between two readings: the rows are those of a first reading."""
    chance = random.Random(seed)
    source = tmp_path / "telemetry"
    source.mkdir()
    # A file is told from others by its first 64 KiB; most are longer.
    filling = "x" * 700
    for step in range(12):
        names = sorted(path.name for path in source.iterdir())
        action = chance.choice(["append", "append", "new", "rotate", "copy", "remove"])
        if action in ("new", "append") or not names:
            name = chance.choice(names) if names and action == "append" else f"traces-{step}.jsonl"
            with (source / name).open("ab") as file:
                size = chance.choice([1, 40, 400])
                file.write(line(document([call(filling=filling) for _ in range(size)])))
        else:
            name = chance.choice(names)
            if action == "rotate":
                (source / name).rename(source / f"old-{step}.jsonl")
            elif action == "copy":
                (source / f"copy-{step}.jsonl").write_bytes((source / name).read_bytes())
            else:
                (source / name).unlink()
        if not any(source.iterdir()):
            continue
        assert _ids(source, tmp_path / "kept") == _ids(source, tmp_path / f"new-{step}")


def test_many_small_files_lie_in_few_parts(tmp_path: Path) -> None:
    source = tmp_path / "telemetry"
    source.mkdir()
    for number in range(70):
        write(source / f"traces-{number}.jsonl", document(_spans(1)))
        if number > 60:
            read(source, tmp_path / "cache")
    assert len(read(source, tmp_path / "cache").parts) < 12
    for number in range(70, 140):
        write(source / f"traces-{number}.jsonl", document(_spans(1)))
        read(source, tmp_path / "cache")
    manifest = read(source, tmp_path / "cache")
    assert len(manifest.parts) <= 65
    assert len(_ids(source, tmp_path / "cache")) == 140


def test_the_tables_are_read_by_their_owner_alone(tmp_path: Path) -> None:
    write(tmp_path / "traces.jsonl", document(_spans(1)))
    read(tmp_path, tmp_path / "cache")
    assert {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "cache").iterdir()} == {"0o600"}
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("text", [b"", b"{", b'{"version": 99}', b'{"version": 1, "files": 7}'])
def test_a_cache_that_is_damaged_is_made_anew(tmp_path: Path, text: bytes) -> None:
    write(tmp_path / "traces.jsonl", document(_spans(2)))
    read(tmp_path, tmp_path / "cache")
    (tmp_path / "cache" / "manifest.json").write_bytes(text)
    assert len(_ids(tmp_path, tmp_path / "cache")) == 2
    for part in (tmp_path / "cache").glob("spans-*.parquet"):
        part.unlink()
    assert len(_ids(tmp_path, tmp_path / "cache")) == 2
