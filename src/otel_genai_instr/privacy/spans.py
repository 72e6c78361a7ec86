"""Where something was found in a text."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """A piece of a text, and what it is."""

    start: int
    end: int
    name: str


def merged(spans: list[Span]) -> list[Span]:
    """Spans in order, those that overlap as one by the name of the longest: half of a number is never left."""
    if len(spans) < 2:
        return spans
    apart: list[Span] = []
    longest = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not apart or span.start >= apart[-1].end:
            apart.append(span)
            longest = span.end - span.start
            continue
        before = apart[-1]
        name = before.name
        if span.end - span.start > longest:
            name, longest = span.name, span.end - span.start
        apart[-1] = Span(before.start, max(before.end, span.end), name)
    return apart


def in_characters(data: bytes, spans: list[Span]) -> list[Span]:
    """Spans in bytes of ``data``, in order and apart, as spans in its characters."""
    counted: list[Span] = []
    place = characters = 0
    for span in spans:
        start = characters + len(data[place : span.start].decode())
        characters = start + len(data[span.start : span.end].decode())
        place = span.end
        counted.append(Span(start, characters, span.name))
    return counted


def replaced(text: str, spans: list[Span]) -> str:
    """``text`` with the names of ``spans`` in brackets in their place; they are in order and apart."""
    pieces: list[str] = []
    place = 0
    for start, end, name in spans:
        pieces += (text[place:start], f"[{name}]")
        place = end
    pieces.append(text[place:])
    return "".join(pieces)
