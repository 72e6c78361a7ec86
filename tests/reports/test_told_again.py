"""A call that several instrumentations tell of counts once: in the waterfall and in reports, by the same rule."""

from __future__ import annotations

import pytest

from otel_genai_instr.cli.examined import piece_of
from otel_genai_instr.exporters.reading import record_of
from otel_genai_instr.exporters.totals import totals_of
from otel_genai_instr.exporters.traces import SpanRecord
from otel_genai_instr.page.waterfall import waterfall
from otel_genai_instr.reports.tables import Tables, rows_of
from otel_genai_instr.reports.traces.trace import Trace, skeleton
from otel_genai_instr.trace_words import counted

from . import lines
from .told import CASES, Said, documents, span_id

MS = 1_000_000


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """All cases, each in a trace of its own."""
    folder = tmp_path_factory.mktemp("told")
    cases = enumerate(spans for spans, _ in CASES.values())
    return lines.tables_with(folder, *(each for at, spans in cases for each in documents(spans, _trace(at))))


def _trace(at: int) -> str:
    return f"{at + 1:032x}"


@pytest.mark.parametrize("case", CASES)
def test_reports_count_it_once(tables: Tables, case: str) -> None:
    of_case = tables.calls["trace_id"] == _trace(list(CASES).index(case))
    found = rows_of(tables.calls.filter(of_case).select("span_id"))
    assert sorted(row["span_id"] for row in found) == [span_id(number) for number in sorted(CASES[case][1])]


@pytest.mark.parametrize("case", CASES)
def test_debugging_counts_it_once(tables: Tables, case: str) -> None:
    of_case = tables.spans["trace_id"] == _trace(list(CASES).index(case))
    trace = Trace(case, [skeleton(row) for row in rows_of(tables.spans.filter(of_case))])
    assert {call.span_id for call in trace.of_kind("call")} == {span_id(number) for number in CASES[case][1]}


@pytest.mark.parametrize("case", CASES)
def test_a_page_counts_it_once_and_adds_up_to_what_debug_shows(tables: Tables, case: str) -> None:
    of_case = tables.spans["trace_id"] == _trace(list(CASES).index(case))
    trace = Trace(_trace(list(CASES).index(case)), [skeleton(row) for row in rows_of(tables.spans.filter(of_case))])
    totals = totals_of(piece_of(trace).spans)
    assert (totals.calls, totals.cost) == (len(CASES[case][1]), {})
    said = [counted(totals.spans, "span"), counted(totals.calls, "call")]
    if totals.input_tokens:
        said += [f"{totals.input_tokens:,} tokens in", f"{totals.output_tokens:,} out"]
    assert waterfall(trace, 100).figures[2:] == [*said, f"{totals.unpriced:,} unpriced"]


@pytest.mark.parametrize("case", CASES)
def test_the_waterfall_counts_it_once(case: str) -> None:
    spans, counted = CASES[case]
    totals = totals_of([_record(said, number) for number, said in enumerate(spans, 1)])
    assert totals.calls == len(counted)
    assert totals.input_tokens == sum(spans[number - 1].tokens[0] or 0 for number in counted)


def _record(said: Said, number: int) -> SpanRecord:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": said.model,
        "gen_ai.usage.input_tokens": said.tokens[0],
        "gen_ai.usage.output_tokens": said.tokens[1],
        "gen_ai.response.id": said.response,
    }
    return record_of(
        trace_id=1,
        span_id=number,
        parent_id=said.parent or 99,
        local_root=False,
        name="span",
        start_ns=int(said.begin * MS),
        end_ns=int(said.end * MS),
        service=None,
        scope=said.scope,
        attributes=attributes if said.is_call else {},
        failed=False,
        events=[],
    )
