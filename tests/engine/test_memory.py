"""What content takes in memory, besides what the app holds: about its budget, however long it is."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

import otel_genai_instr as genai
from otel_genai_instr.model import Content, Message, Text, ToolCallResponse
from otel_genai_instr.telemetry import content
from otel_genai_instr.telemetry.cutting import as_json, bytes_of, is_small, size_of
from otel_genai_instr.text import PIECE, encodable

from ..support.capture import Capture

ROOM = 32_768
KB = 1_024
INPUT, RESULT = "gen_ai.input.messages", "gen_ai.tool.call.result"
NESTED: list[dict[str, Any]] = [{"line": "y" * 1_250, "number": number} for number in range(4_000)]
MEMBERS = {f"key {number}": number for number in range(100_000)}


def peak_of(work: Callable[[], object]) -> int:
    """Bytes that ``work`` takes at a time, at most."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def recorded(sent: Content) -> content.Fitted:
    return content.fit(content.of_request(sent), ROOM)


def asked(*texts: str) -> Content:
    return Content(messages=[Message("user", [Text(text)]) for text in texts])


@pytest.mark.parametrize("text", ["x" * 5_000_000, "é" * 2_500_000, "\n" * 5_000_000], ids=["ascii", "wide", "escaped"])
def test_a_long_question(text: str) -> None:
    sent = asked(text)
    recorded(sent)
    assert peak_of(lambda: recorded(sent)) < ROOM + 700 * KB
    cut = recorded(sent)
    assert bytes_of(cut.texts[INPUT]) <= ROOM
    assert cut.cut == len(as_json(content.of_request(sent)[INPUT]).encode()) - bytes_of(cut.texts[INPUT])


def test_many_messages() -> None:
    """Their texts, 50 MB, are never copied; each message has a few objects of ours."""
    sent = asked(*(f"{number} " + "x" * 5_000 for number in range(10_000)))
    structure = content.of_request(sent)
    content.fit(structure, ROOM)
    assert peak_of(lambda: content.fit(structure, ROOM)) < ROOM + 800 * KB
    assert peak_of(lambda: content.of_request(sent)) < 10_000 * 600
    assert "9999 xxx" in content.fit(structure, ROOM).texts[INPUT]


def test_an_answer_of_a_tool_in_a_conversation() -> None:
    sent = Content(messages=[Message("tool", [ToolCallResponse(NESTED, "call_1")])])
    recorded(sent)
    assert peak_of(lambda: recorded(sent)) < ROOM + 1_200 * KB  # the copy of its 12,000 items, without their texts
    assert bytes_of(recorded(sent).texts[INPUT]) <= ROOM


@pytest.mark.parametrize(
    ("result", "most"),
    [("x" * 5_000_000, 700), ("\n" * 5_000_000, 700), (NESTED, 1_300), (MEMBERS, 300)],
    ids=["text", "escaped", "nested", "members"],
)
def test_a_result_of_a_tool(capture: Capture, result: object, most: int) -> None:
    capture.instrument(content="full")

    def run() -> None:
        with genai.tool("read") as step:
            step.result = result

    run()
    assert peak_of(run) < ROOM + most * KB
    for span in capture.spans():
        assert bytes_of(str((span.attributes or {})[RESULT])) <= ROOM


@pytest.mark.parametrize(
    "value",
    [
        "x" * 200_000,
        "\x00é\U0001f600\n" * 50_000,
        ["é" * 1_000] * 301,
        {"a" * 100_000: [1.5, None, True, {"b": "c" * 70_000}], "d": []},
        [[[["x" * 300_000]]]],
        list(range(30_000)),
    ],
)
def test_pieces_have_the_size_of_the_whole(value: object) -> None:
    assert not is_small(value)
    assert size_of(value) == len(as_json(value).encode())


def test_a_long_text_is_mended_in_pieces() -> None:
    assert encodable("é" * PIECE + "\ud800" + "x" * PIECE) == "é" * PIECE + "?" + "x" * PIECE
    whole = "é" * 3 * PIECE
    assert encodable(whole) is whole
