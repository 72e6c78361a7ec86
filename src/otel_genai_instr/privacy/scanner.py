"""Finds in a text what has to go, and puts a name in its place."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ..text import encodable
from ..withheld import Withheld
from .checks import Candidate, is_part_of_a_number
from .detectors import Detector
from .engine import Pattern
from .folding import Folding
from .spans import Span, in_characters, merged, replaced

_CONTEXT: Final = 40
"""Bytes on each side that a check may look at: more than a UUID has."""
_MOST_PASSES: Final = 4
"""Over one text: what stood beside something that was found may be found then."""


class Deadline:
    """When a call has waited long enough."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Raise :class:`Withheld` once time is up."""
        if time.monotonic() > self._end:
            raise Withheld("redactor_slow")

    def left(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self._end - time.monotonic())


class Scanner:
    """Detectors, and patterns of the user's by their names."""

    def __init__(self, detectors: Sequence[Detector], patterns: Mapping[str, str]) -> None:
        """Compile all patterns.

        Raises:
            BadPattern: if one is not understood.
            ImportError: if there is no engine.
        """
        self._rows: Final = [(detector, Pattern(detector.pattern, longest=True)) for detector in detectors]
        # One look tells of most texts that no detector finds anything in them.
        together = "|".join(f"(?:{detector.pattern})" for detector in detectors)
        self._any: Final = Pattern(together, longest=True) if detectors else None
        self._patterns: Final = [(name, Pattern(pattern)) for name, pattern in patterns.items()]
        names = "|".join([*(detector.name for detector in detectors), *patterns])
        self._replaced: Final = Pattern(rf"\[(?:{names})\]") if names else None
        self._folding: Final = Folding() if names else None

    def clean(self, text: str, deadline: Deadline) -> str:
        """``text`` with names in the place of what was found; ``text`` itself if nothing was.

        Raises:
            Withheld: when time is up.
        """
        if self._folding is None:
            return text
        for _ in range(_MOST_PASSES):
            deadline.check()
            spans = self._spans(encodable(text), self._folding, deadline)
            if not spans:
                return text
            if (cleaned := replaced(text, spans)) == text:
                return text
            text = cleaned
        return text

    def _spans(self, text: str, folding: Folding, deadline: Deadline) -> list[Span]:
        """Where something was found, in characters of ``text``; in order, none reaches into another."""
        if text.isascii():
            return merged(list(self._in(text.encode(), deadline)))
        data = text.encode()
        spans = in_characters(data, merged(list(self._in(data, deadline))))
        # As it is written, too: what is left out may be what ends a word.
        if (folded := folding.folded(text, data)) is not text:
            data = folded.encode()
            found = in_characters(data, merged(list(self._in(data, deadline))))
            spans += folding.unfolded(text, folded, found)
        return merged(spans)

    def _in(self, data: bytes, deadline: Deadline) -> Iterator[Span]:
        """What is found in ``data``, in bytes; the same place may be found twice."""
        place = -1
        while self._any is not None and (match := self._any.find(data, place + 1)) is not None:
            if place < 0:
                for detector, pattern in self._rows:
                    if detector.spans_lines:
                        yield from _found(data, detector, pattern, deadline)
            # Only the lines that have something are read by every detector.
            start = data.rfind(b"\n", 0, match[0]) + 1
            place = data.find(b"\n", match[1])
            if place < 0:
                place = len(data)
            lines = data[start:place]
            for detector, pattern in self._rows:
                if not detector.spans_lines:
                    deadline.check()
                    for found in _found(lines, detector, pattern, deadline):
                        yield Span(start + found.start, start + found.end, found.name)
        for name, pattern in self._patterns:
            deadline.check()
            yield from self._matches(data, name, pattern, deadline)

    def _matches(self, data: bytes, name: str, pattern: Pattern, deadline: Deadline) -> Iterator[Span]:
        """What a pattern of the user's matches, but for names that stand for something already."""
        place = 0
        while (match := pattern.find(data, place)) is not None:
            deadline.check()
            start, end = match
            if start < end and not self._is_replaced(data, start, end):
                yield Span(start, end, name)
            place = max(end, start + 1)

    def _is_replaced(self, data: bytes, start: int, end: int) -> bool:
        opening = data.rfind(b"[", 0, start + 1)
        if opening < 0 or self._replaced is None:
            return False
        name = self._replaced.find(data, opening)
        return name is not None and name[0] == opening and end <= name[1]


def _found(data: bytes, detector: Detector, pattern: Pattern, deadline: Deadline) -> Iterator[Span]:
    place = 0
    while (match := pattern.find(data, place)) is not None:
        deadline.check()
        start, end = match
        end = start + _accepted(data, start, end, detector)
        if start < end:
            yield Span(start, end, detector.name)
        place = max(end, start + 1)  # what is none may hide one that begins inside


def _accepted(data: bytes, start: int, end: int, detector: Detector) -> int:
    """How many bytes of the match are what the detector is for."""
    if detector.check is None:
        return end - start
    candidate = Candidate(
        data[start:end].decode(),
        data[max(0, start - _CONTEXT) : start].decode(errors="replace"),
        data[end : end + _CONTEXT].decode(errors="replace"),
    )
    length = detector.check(candidate)
    if length and detector.is_number and is_part_of_a_number(candidate):
        return 0
    return len(candidate.found[:length].encode())
