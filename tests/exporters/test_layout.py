from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from otel_genai_instr.exporters import figures
from otel_genai_instr.exporters.cells import cell_width, clean, clip
from otel_genai_instr.exporters.layout import ASCII, Style, render
from otel_genai_instr.exporters.totals import totals_of
from otel_genai_instr.exporters.traces import Mark, SpanRecord

from .spans import piece, span, story

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")

AT_120 = """\
trace 4bf92f3577b34da6a3ce929d0e0e4736 · rag-demo
                                                               ms     %    in  cached  out  reason  first           cost
                                                                          tok     tok  tok     tok     ms
POST /ask  200                                 ━━━━━━━━━━━━  2431  100%
├─ embeddings text-embedding-3-small           ━╸             312   13%     8                                $0.00000016
│  └─ POST  200                                ━╸             310   13%
├─ SELECT  sqlite docs                          ╺             3.4    0%
├─ chat gpt-5-mini  2 attempts tool_calls       ╶───━╸        965   40%  1240    1024  212     128    640    $0.000504
│  ├─ POST  429                                 ╺              84    3%
│  └─ POST  200                                   ╺╸          200    8%
├─ execute_tool 天気                                 ╺        109    4%
│  └─ GET  200                                       ╺        107    4%
├─ chat llama-9-private                               ━━      395   16%  1500           90                 unknown model
└─ chat gpt-5-mini  RateLimitError 3 attempts           ━━━   615   25%
total  2431 ms · 11 spans · 4 calls · 2,748 tokens in (1,024 cached) · 302 out (128 reasoning) · $0.000504 · 1 unpriced
       2 errors
"""


def test_the_whole_picture() -> None:
    assert render(piece(story()), Style(120)) == AT_120


def test_colour_changes_no_cell() -> None:
    drawn = render(piece(story()), Style(120, color=True))
    assert [line.rstrip() for line in ESCAPES.sub("", drawn).splitlines()] == AT_120.splitlines()
    assert "\x1b[31mRateLimitError\x1b[0m" in drawn
    assert "\x1b[33munknown model\x1b[0m" in drawn


@pytest.mark.parametrize("width", [20, 33, 40, 60, 79, 80, 100, 160, 400])
@pytest.mark.parametrize("glyphs", [Style().glyphs, ASCII], ids=["unicode", "ascii"])
def test_no_line_is_wider_than_asked(width: int, glyphs: object) -> None:
    style = Style(width, glyphs=ASCII if glyphs is ASCII else Style().glyphs)
    lines = render(piece(story(), Mark.LATE, omitted=3), style).splitlines()
    assert max(map(cell_width, lines)) <= width
    assert sum("chat" in line for line in lines) == 3


def test_numbers_stand_in_columns_at_every_width() -> None:
    for width in range(40, 140, 7):
        lines = render(piece(story()), Style(width)).splitlines()
        heading = next(line for line in lines if re.search(r"\bms\b", line))
        right_edge = heading.index("ms") + 2
        for milliseconds in ("2431", "3.4", "965", "615"):
            assert any(cell_width(line[: line.find(milliseconds) + len(milliseconds)]) == right_edge for line in lines)


def test_ascii_has_only_ascii() -> None:
    spans = [span(1, None, "naïve 天気"), span(2, 1)]
    drawn = render(piece(spans), Style(60, glyphs=ASCII, encoding="ascii"))
    assert drawn.isascii()
    assert "na?ve ??" in drawn
    assert "`- work" in drawn


def test_nothing_foreign_reaches_the_terminal() -> None:
    evil = "a\x1b[31mred\nnext\r\x9b2J\u202eb\u200d\x07\ud800"
    spans = [span(1, None, evil, error=evil, detail=evil, service=evil, unpriced_reason=evil, currency=evil)]
    drawn = render(piece(spans), Style(200))
    assert len(drawn.splitlines()) == 4
    assert set(drawn) & set("\x1b\x9b\r\u202e\u200d\x07") == set()


def test_a_thousand_levels() -> None:
    spans = [span(1, None)] + [span(number, number - 1, f"level {number}") for number in range(2, 1001)]
    lines = render(piece(spans), Style(80)).splitlines()
    assert len(lines) == 1003
    assert "level 1000" in lines[1001]
    assert lines[1001].startswith("…")


def test_a_trace_without_duration() -> None:
    lines = render(piece([span(1, None, "now", 5, 5), span(2, 1, "too", 5, 5)]), Style(80)).splitlines()
    assert lines[-1].startswith("total  0 ms · 2 spans")
    assert "%" not in "".join(lines)


def test_siblings_by_start_and_circles_are_shown() -> None:
    spans = [span(1, None), span(3, 1, "second", 2, 3), span(2, 1, "first", 1, 3), span(8, 9, "x"), span(9, 8, "y")]
    drawn = render(piece(spans), Style(80))
    assert drawn.index("first") < drawn.index("second")
    assert all(len(re.findall(rf"\b{name}\b", drawn)) == 1 for name in "xy")


def _sends(count: int, **said: Any) -> list[SpanRecord]:
    return [span(100 + number, 1, "http send", 20 * number, 20 * number + 2, **said) for number in range(count)]


_FRAME = ("title", "headings", "the request", "total")
"""What is printed besides."""

STREAMED = """\
trace 4bf92f3577b34da6a3ce929d0e0e4736
                                                     ms     %    in  out    cost
                                                                tok  tok
GET /ask          ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  100  100%
├─ chat m         ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸   98   98%  1240  212  $0.001
└─ http send  ×5  ╸     ╺      ╸     ━     ╺         10   10%
total  100 ms · 7 spans · 1 call · 1,240 tokens in · 212 out · $0.001
"""


def test_spans_that_only_repeat_themselves_share_a_row() -> None:
    chat = span(2, 1, "chat m", 0, 98, operation="chat", is_call=True, input_tokens=1240, output_tokens=212, cost=0.001)
    spans = [span(1, None, "GET /ask", 0, 100), chat, *_sends(5)]
    assert render(piece(spans), Style(80)) == STREAMED
    assert "`- http send  x5 " in render(piece(spans), Style(80, glyphs=ASCII))


@pytest.mark.parametrize(
    "spans",
    [
        _sends(3),
        _sends(6, error="500"),
        _sends(6, operation="execute_tool"),
        [*_sends(6), *(span(200 + number, 100 + number, "below") for number in range(6))],
        [
            one
            for number in range(4)
            for one in (span(100 + number, 1, "a", number), span(200 + number, 1, "b", number))
        ],
    ],
    ids=["few", "failed", "GenAI", "with spans below", "in turns"],
)
def test_all_others_have_a_row_each(spans: list[SpanRecord]) -> None:
    assert len(render(piece([span(1, None), *spans]), Style(120)).splitlines()) == len(_FRAME) + len(spans)


def _messages() -> list[SpanRecord]:
    return [
        span(10 + n, 1, f"GET /ask http {way}", n, is_http_message=True) for n, way in enumerate(("receive", "send"))
    ]


def test_messages_of_a_server_have_no_rows_unless_asked_for() -> None:
    spans = [span(1, None, "GET /ask", 0, 100, detail="200"), span(2, 1, "SELECT"), *_messages()]
    folded = render(piece(spans), Style(100)).splitlines()
    assert [line.split("  ")[0].strip() for line in folded[2:]] == ["GET /ask", "└─ SELECT", "total"]
    assert "200 (+2 http receive/send)" in folded[2]
    assert "4 spans" in folded[-1]
    drawn = render(piece(spans), Style(100, http_messages=True))
    assert "├─ GET /ask http receive" in drawn
    assert "(+" not in drawn


@pytest.mark.parametrize(
    "spans",
    [
        [span(1, None), *(replace(message, error="OSError") for message in _messages())],
        [span(1, None), *_messages(), span(20, 10), span(21, 11)],
        _messages(),
    ],
    ids=["failed", "with spans below", "without their request"],
)
def test_what_is_more_than_a_message_keeps_its_row(spans: list[SpanRecord]) -> None:
    drawn = render(piece(spans), Style(100))
    assert "http receive " in drawn
    assert "http send " in drawn


@pytest.mark.parametrize("width", [60, 80])
def test_the_name_of_a_model_survives_before_the_rest(width: int) -> None:
    lines = render(piece(story()), Style(width)).splitlines()
    assert any("embeddings text-embedding-3-small " in line for line in lines)
    assert sum(bool(re.search(r"chat gpt-5-mini  \S", line)) for line in lines) == 2
    assert any("RateLimitError" in line for line in lines)


def test_points_of_amounts_stand_one_below_the_other() -> None:
    amounts = (("$0.00000016", 1.6e-7), ("$0.0038", 0.0038), ("$1,234.50", 1234.5))
    spans = [span(1, None), *(span(2 + n, 1, "chat", n, cost=cost) for n, (_, cost) in enumerate(amounts))]
    lines = render(piece(spans), Style(100)).splitlines()
    rows = [next(line for line in lines[:-1] if shown in line) for shown, _ in amounts]
    assert len({line.rindex(".") for line in rows}) == 1


@pytest.mark.parametrize("mark", [mark for mark in Mark if mark.value])
def test_the_title_says_what_is_not_a_whole_trace(mark: Mark) -> None:
    assert mark.value in render(piece([span(1, None)], mark), Style(100)).splitlines()[0]


def test_totals_count_a_rolled_up_call_once() -> None:
    agent = span(1, None, operation="invoke_agent", input_tokens=30, output_tokens=3, cost=0.3)
    chats = [span(2, 1, is_call=True, input_tokens=10, output_tokens=1, cost=0.1)]
    chats.append(span(3, 1, is_call=True, input_tokens=20, output_tokens=2, cost=0.2, currency="EUR"))
    totals = totals_of([agent, *chats])
    assert (totals.calls, totals.input_tokens, totals.output_tokens) == (2, 30, 3)
    assert totals.cost == {"USD": 0.1, "EUR": 0.2}
    assert totals_of([agent]).input_tokens == 30


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (0, "USD", "$0"),
        (0.000123, "USD", "$0.000123"),
        (1.6e-7, "USD", "$0.00000016"),
        (1e-12, "USD", "<$0.000000001"),
        (0.5, "USD", "$0.50"),
        (0.09999, "USD", "$0.10"),
        (1234.5, "USD", "$1,234.50"),
        (0.0123, "EUR", "0.0123 EUR"),
        (-0.25, "USD", "-$0.25"),
    ],
)
def test_money(amount: float, currency: str, shown: str) -> None:
    assert figures.money(amount, currency) == shown


@pytest.mark.parametrize(
    ("nanoseconds", "shown"),
    [(0, "0"), (40_000, "0.04"), (3_400_000, "3.4"), (9_960_000, "10"), (84_000_000, "84"), (2_431_400_000, "2431")],
)
def test_milliseconds(nanoseconds: int, shown: str) -> None:
    assert figures.milliseconds(nanoseconds) == shown


def test_width_of_wide_and_combining_characters() -> None:
    assert cell_width("天気") == 4
    assert cell_width("e\u0301") == 1
    assert cell_width(clean("👩\u200d💻\ufe0f")) == 4
    assert clip("天気予報", 5, "…") == "天気…"
    assert clip("天気予報", 4, "…") == "天…"
    assert clip("abc", 0, "…") == ""


def test_the_documentation_shows_what_is_printed() -> None:
    text = (Path(__file__).parents[2] / "docs" / "terminal.md").read_text(encoding="utf-8")
    assert AT_120 in text
    assert all(f"{mark.value}` |" in text for mark in Mark if mark.value)
