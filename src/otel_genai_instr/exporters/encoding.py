"""Spans and log records as lines of OTLP JSON. The encoder is OpenTelemetry's own, of the extra ``file``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any, Final, Generic, TypeVar

LINE_ITEMS: Final = 64
"""Spans, or log records, of one line at most: while one is made of them, threads of the app wait."""
LINE_BYTES: Final = 1024 * 1024
"""A longer line is cut in two, unless it is one item alone: the Collector's receiver of such files takes so much."""

_LARGE: Final = re.compile(r'"intValue":"(-?[0-9]{19,})"')
"""Quotes inside a text are escaped: there it matches nothing."""

_PACKAGE: Final = "opentelemetry.exporter.otlp.json.common"

_T = TypeVar("_T")


class Lines(Generic[_T]):
    """Makes requests of items, a line each, as the Collector's file exporter writes them.

    Raises:
        ImportError: if there is no encoder.
    """

    def __init__(self, module: str, function: str) -> None:
        self._encode: Final[Callable[[Sequence[_T]], Any]] = getattr(import_module(f"{_PACKAGE}.{module}"), function)

    def of(self, items: Sequence[_T]) -> Iterator[tuple[int, bytes | Exception]]:
        """How many items, and their line; or, of one item alone, why it has none."""
        waiting = [items[start : start + LINE_ITEMS] for start in range(0, len(items), LINE_ITEMS)]
        waiting.reverse()
        while waiting:
            part = waiting.pop()
            line = self._line(part)
            if len(part) > 1 and (isinstance(line, Exception) or len(line) > LINE_BYTES):
                half = len(part) // 2
                waiting += [part[half:], part[:half]]
            else:
                yield len(part), line

    def _line(self, part: Sequence[_T]) -> bytes | Exception:
        try:
            text = json.dumps(self._encode(part).to_dict(), ensure_ascii=False, separators=(",", ":"))
            text = _LARGE.sub(_fitting, text)
            # What is no text in any encoding (half a surrogate pair) becomes a question mark.
            return text.encode("utf-8", "replace") + b"\n"
        except Exception as error:
            return error


def _fitting(integer: re.Match[str]) -> str:
    """What doesn't fit into 64 bits (a UUID as a number) as text: readers would refuse the whole line."""
    return integer[0] if -(2**63) <= int(integer[1]) < 2**63 else f'"stringValue":"{integer[1]}"'
