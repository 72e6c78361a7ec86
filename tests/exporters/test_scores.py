"""Scores in the waterfall: the board where they wait, and both exporters behind the real SDK."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, SimpleLogRecordProcessor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

import otel_genai_instr as genai
from otel_genai_instr.exporters import scores as scores_module
from otel_genai_instr.exporters.console import GenAIConsoleExporter
from otel_genai_instr.exporters.console_scores import GenAIConsoleLogExporter
from otel_genai_instr.exporters.layout import ASCII, Style, render
from otel_genai_instr.exporters.score_lines import ScoreLines
from otel_genai_instr.exporters.scores import BOARD, PATIENCE_SECONDS, Score, ScoreBoard
from otel_genai_instr.trace_words import score_said

from ..support.capture import Capture
from .spans import TRACE, piece, span


class Hands:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def empty_board() -> None:
    """Ids of traces repeat from test to test."""
    BOARD.start_empty()


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def board(hands: Hands) -> ScoreBoard:
    board = ScoreBoard(hands)
    board.add_display(board)  # anything that lives as long
    return board


def score(span_id: int, said: str = "relevance 0.9", trace_id: int = TRACE, *, is_sampled: bool = True) -> Score:
    return Score(trace_id, span_id, said, "auto", is_sampled)


def test_what_comes_in_time_stands_beside_its_span(board: ScoreBoard) -> None:
    assert board.add([score(2), score(2, "tone 1"), score(1, "user_feedback 1")]) == []
    shown = piece([span(1, None), span(2, 1, "chat m", operation="chat", is_call=True, prompt="answer@3")])
    assert board.put_into([shown]) == []
    drawn = render(shown, Style(120))
    assert "chat m  relevance 0.9, tone 1 answer@3 " in drawn
    assert "work  user_feedback 1 " in drawn
    assert board.rest() == []


def test_what_comes_later_is_said_alone_with_the_name_of_its_span(board: ScoreBoard) -> None:
    board.put_into([piece([span(1, None, "ask"), span(2, 1, "chat m", operation="chat")])])
    (late,) = board.add([score(2)])
    assert late.parts() == ["score relevance 0.9", "by auto", "chat m", f"trace {TRACE:032x}"]


def test_what_no_waterfall_will_show_is_said_at_once(board: ScoreBoard) -> None:
    assert board.add([score(1, is_sampled=False)]) == [score(1, is_sampled=False)]
    assert board.remove_display(board) == []
    assert board.add([score(1)]) == [score(1)]


def test_a_trace_that_runs_on_lets_nobody_wait_and_shows_the_score_again(board: ScoreBoard, hands: Hands) -> None:
    assert board.add([score(2)]) == []
    hands.now = PATIENCE_SECONDS - 1
    assert board.put_into([piece([span(9, None, trace_id=7)])]) == []
    hands.now = PATIENCE_SECONDS
    assert board.put_into([piece([span(8, None, trace_id=8)])]) == [score(2)]
    hands.now = 3 * PATIENCE_SECONDS
    assert board.add([]) == []  # it was said
    shown = piece([span(1, None), span(2, 1)])
    board.put_into([shown])
    assert [each.scores for each in shown.spans] == [(), ("relevance 0.9",)]


def test_nothing_is_lost_at_a_bound_or_at_the_end(board: ScoreBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores_module, "_MAX_WAITING", 2)
    assert board.add([score(each) for each in (1, 2, 3)]) == [score(1)]
    assert board.remove_display(board) == [score(2), score(3)]


def test_shown_traces_are_remembered_within_bounds(board: ScoreBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores_module, "_MAX_TRACES", 1)
    monkeypatch.setattr(scores_module, "_MAX_NAMES", 1)
    board.put_into([piece([span(1, None, "first"), span(2, 1, "second", operation="chat")])])
    assert [each.span_name for each in board.add([score(1), score(2)])] == ["first", ""]
    board.put_into([replace(piece([span(3, None)]), trace_id=5)])
    assert board.add([score(1)]) == []  # forgotten, so it may yet come


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (("relevance", 0.92345, "pass"), "relevance 0.923 pass"),
        (("user_feedback", -1.0, None), "user_feedback -1"),
        (("tone", None, "rude"), "tone rude"),
        (("tokens", 1234567.0, None), "tokens 1.23e+06"),
    ],
)
def test_a_score_in_words(told: tuple[str, float | None, str | None], said: str) -> None:
    assert score_said(*told) == said


def test_nothing_foreign_is_obeyed() -> None:
    evil = Score(1, 2, "a\x1b[31m天<b>\n", "x" * 300, span_name="<script>")
    drawn = str(ScoreLines([evil], Style(60, glyphs=ASCII, encoding="ascii")))
    assert drawn.isascii()
    assert drawn.count("\n") == 1
    assert len(drawn.rstrip()) <= 60
    assert "\x1b" not in drawn
    page = ScoreLines([evil], Style())._repr_html_()  # pyright: ignore[reportPrivateUsage]
    assert "<script>" not in page
    assert "<b>" not in page


def test_a_title_says_for_whom() -> None:
    one = render(piece([span(1, None, user="ada", session="s-1"), span(2, 1, user="ada")]), Style(120))
    assert one.splitlines()[0] == f"trace {TRACE:032x} · user ada · session s-1"
    many = render(piece([span(1, None, user="ada"), span(2, 1, user="bob")]), Style(120))
    assert many.splitlines()[0] == f"trace {TRACE:032x} · 2 users"


@pytest.mark.parametrize("processor", [SimpleLogRecordProcessor, BatchLogRecordProcessor])
def test_both_exporters_behind_the_real_sdk(
    processor: type[SimpleLogRecordProcessor | BatchLogRecordProcessor], capture: Capture
) -> None:
    capture.instrument()
    out = io.StringIO()
    spans, logs = capture.tracer_provider, capture.logger_provider
    spans.add_span_processor(SimpleSpanProcessor(GenAIConsoleExporter(out, width=100, color=False)))
    logs.add_log_record_processor(processor(GenAIConsoleLogExporter(out, width=120)))
    with genai.attribute(user_id="ada", session_id="s-1"), genai.workflow("ask") as run:
        with genai.agent("helper") as helper:
            pass
        genai.evaluate(helper, "relevance", score=0.923, label="pass", evaluator="judge")
        logs.force_flush()
    genai.evaluate(run, "tone", score=1)
    logs.force_flush()
    tree, _, later = out.getvalue().lstrip("\n").partition("\n\n")
    title, *rows = tree.splitlines()
    assert title.endswith("· user ada · session s-1")
    assert any("invoke_agent helper  relevance 0.923 pass " in row for row in rows)
    trace_id = run.span.get_span_context().trace_id
    assert later == f"score tone 1 · by auto · invoke_workflow ask · trace {trace_id:032x}\n"
