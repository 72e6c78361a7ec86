"""A call that several instrumentations tell of counts once: in the waterfall and in reports, by the same rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_genai_instr.cli.examined import piece_of
from otel_genai_instr.cli.trace_sources import open_traces
from otel_genai_instr.exporters.totals import totals_of
from otel_genai_instr.reports.tables import Tables, rows_of
from otel_genai_instr.reports.trace_list import spans_of
from otel_genai_instr.same_calls import told_again

from . import lines
from .told import CASES, TRACE, documents, span_id


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """All cases, each in a trace of its own."""
    folder = tmp_path_factory.mktemp("told")
    return lines.tables_with(folder, *(each for at, (spans, _) in enumerate(CASES.values()) for each in documents(spans, _trace(at))))


def _trace(at: int) -> str:
    return f"{at + 1:032x}"


@pytest.mark.parametrize(("at", "case"), enumerate(CASES), ids=list(CASES))
def test_reports_count_it_once(tables: Tables, at: int, case: str) -> None:
    found = tables.calls.filter(tables.calls["trace_id"] == _trace(at)).select("span_id")
    assert {row["span_id"] for row in rows_of(found)} == {span_id(number) for number in CASES[case][1]}
