"""What a page makes of the spans of a trace, however they hang together; in the words of the terminal."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from otel_genai_instr.cli.examined import piece_of
from otel_genai_instr.cli.pricers import pricer_from
from otel_genai_instr.exporters.layout import Style, render
from otel_genai_instr.page.waterfall import Waterfall, waterfall
from otel_genai_instr.reports.rows import SpanRows
from otel_genai_instr.reports.traces.otlp_json import SpanReader
from otel_genai_instr.reports.traces.trace import Trace

from ..reports import lines

TRACE = "a" * 32
ROWS = SpanReader(SpanRows(pricer_from(None)))


def span(own: int, parent: int | None, begin: float, end: float, **attributes: Any) -> lines.Json:
    """A span from ``begin`` to ``end``, in seconds."""
    return lines.span(
        attributes,
        at=lines.NOON + timedelta(seconds=begin),
        seconds=end - begin,
        trace=TRACE,
        own_id=f"{own:016x}",
        parent="" if parent is None else f"{parent:016x}",
        name=f"s{own}",
    )


def trace_of(*spans: lines.Json, scores: list[dict[str, Any]] | None = None) -> Trace:
    return Trace(TRACE, [*ROWS.spans(lines.document(spans), TRACE)], scores=scores or [])


def drawn(found: Waterfall) -> list[tuple[str, int]]:
    return [(bar.name, bar.depth) for bar in found.bars]


def test_siblings_stand_below_their_parent_in_the_order_in_which_they_began() -> None:
    found = waterfall(trace_of(span(3, 1, 2, 3), span(1, None, 0, 4), span(2, 1, 1, 2), span(4, 2, 1, 2)), 10)
    assert drawn(found) == [("s1", 0), ("s2", 1), ("s4", 2), ("s3", 1)]
    assert [(bar.left, bar.right) for bar in found.bars] == [(0, 100), (25, 50), (25, 50), (50, 75)]
    assert found.notes == []


def test_spans_whose_parent_is_missing_stand_by_themselves_and_that_is_said() -> None:
    found = waterfall(trace_of(span(2, 1, 0, 1), span(3, 1, 1, 2)), 10)
    assert drawn(found) == [("s2", 0), ("s3", 0)]
    assert found.notes == ["what is around 2 spans is not stored: each stands by itself, at the left"]
    assert waterfall(trace_of(span(2, 1, 0, 1), span(3, 2, 0, 1)), 10).notes == [], "a caller that isn't ours"


def test_parents_in_a_circle_are_drawn_once_with_all_below_them() -> None:
    # What hangs below the circle began first, and is not where it is cut open.
    found = waterfall(trace_of(span(1, 2, 1, 3), span(2, 1, 2, 3), span(3, 2, 0, 1)), 10)
    assert drawn(found) == [("s1", 0), ("s2", 1), ("s3", 2)]
    assert found.notes == ["some spans name each other as the one around them: the first one stands at the left"]
    assert drawn(waterfall(trace_of(span(1, 1, 0, 1)), 10)) == [("s1", 0)]


def test_several_roots_are_named_after_the_first() -> None:
    found = waterfall(trace_of(span(2, None, 1, 2), span(1, None, 0, 1)), 10)
    assert (found.title, drawn(found)) == ("s1", [("s1", 0), ("s2", 0)])


def test_a_child_that_began_before_its_parent_tells_of_clocks() -> None:
    found = waterfall(trace_of(span(1, None, 1, 3), span(2, 1, 0, 2)), 10)
    assert drawn(found) == [("s1", 0), ("s2", 1)]
    assert found.bars[1].left == 0
    assert found.notes == ["1 span began before the one around: clocks of two machines differ"]


def test_a_trace_of_no_length_is_seen() -> None:
    found = waterfall(trace_of(span(1, None, 0, 0)), 10)
    assert (found.bars[0].left, found.bars[0].right) == (0, 0.4)


def test_figures_are_those_of_all_spans_however_few_are_drawn() -> None:
    calls = [
        span(each, 1, each, each + 1, **{"gen_ai.operation.name": "chat", "gen_ai.usage.cost.amount": 0.5})
        for each in range(2, 3001)
    ]
    trace = trace_of(span(1, None, 0, 4000), *calls)
    begun = time.perf_counter()
    found = waterfall(trace, 2000)
    assert time.perf_counter() - begun < 2
    assert len(found.bars) == 2000
    assert found.figures[2:] == ["3,000 spans", "2,999 calls", "1,499.50 USD"]
    assert found.notes == ["the trace has 1,000 more spans; these are the first 2,000"]


def test_costs_in_two_currencies_each_say_theirs() -> None:
    cost = "gen_ai.usage.cost.amount"
    priced = [
        span(1, None, 0, 1, **{"gen_ai.operation.name": "chat", cost: 1.0, "gen_ai.usage.cost.currency": "EUR"}),
        span(2, None, 1, 2, **{"gen_ai.operation.name": "chat", cost: 2.0}),
    ]
    found = waterfall(trace_of(*priced), 10)
    assert (found.currency, [bar.cost for bar in found.bars]) == ("", ["1.0000 EUR", "2.0000 USD"])
    assert found.figures[-2:] == ["1.0000 EUR", "2.0000 USD"]
    assert waterfall(trace_of(priced[0]), 10).currency == "EUR"


@pytest.mark.parametrize("with_content", [True, False])
def test_a_row_says_what_the_terminal_says_beside_its_name(with_content: bool) -> None:
    call = span(
        1,
        None,
        0,
        1,
        **{
            "gen_ai.operation.name": "chat",
            "otel_genai.request.attempts": 3,
            "gen_ai.response.finish_reasons": ["length"],
            "gen_ai.prompt.name": "answer",
            "gen_ai.prompt.version": "3",
            "user.id": "ada",
            "session.id": "s-1",
        },
    )
    score = {"span_id": f"{1:016x}", "name": "relevance", "score": 0.9213, "label": "pass"}
    scores = [score | {"evaluator": "judge", "at": lines.NOON}]
    trace = trace_of(call, scores=scores)
    found = waterfall(trace, 10, {} if with_content else None)
    [bar] = found.bars
    title, *_, row, _total = render(piece_of(trace), Style(width=200)).splitlines()
    assert " ".join(bar.notes) == "3 attempts length relevance 0.921 pass answer@3"
    assert " ".join(bar.notes) in row
    assert [each.text for each in found.whom] == ["service shop", "user ada", "session s-1"]
    assert all(each.text in title for each in found.whom[1:])
    facts = {fact.name: fact.text for fact in bar.facts}
    assert facts["score"] == "relevance 0.921 pass, by judge, at 2026-11-04 12:00:00 UTC"
    assert ("prompt version" in facts) is with_content
