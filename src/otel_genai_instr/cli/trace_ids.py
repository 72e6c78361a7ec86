"""Which trace is meant: its id as people have it at hand, in the words of the tool that they copy it from."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from ..addresses import without_password
from .problems import Misuse

_DIGITS: Final = 32
_TRACE: Final = re.compile(r"[0-9a-f]{16,32}")
"""Tempo leaves out zeros at the beginning, and there are old ids of half the length."""
_SPAN: Final = re.compile(r"[0-9a-f]{16}")
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_WHOLE_IN_ADDRESS: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_SHORT_IN_ADDRESS: Final = re.compile(r"/traces?/([0-9a-f]{16,31})(?![0-9a-f])")
_SPAN_IN_ADDRESS: Final = re.compile(r"(?:uifind|spanid)\W{1,4}([0-9a-f]{16})(?![0-9a-f])")
"""Of Jaeger, and of Grafana."""


def ids_of(said: str, wanted: str) -> tuple[str, str | None]:
    """The ids of a trace and of a span in it, if one is said, in small hex digits.

    Args:
        said: 32 hex digits, maybe in capitals, behind ``0x`` or with dashes; ``TRACE:SPAN``; a ``traceparent``; or the
            address of a page of Jaeger, Grafana, or ``otel-genai ui`` that shows the trace.
        wanted: what to tell if it is none of these.

    Raises:
        Misuse: says ``wanted``.
    """
    text = said.strip().strip("\"'").lower()
    if "://" in text:
        return _in_address(text, wanted)
    if parent := _TRACEPARENT.fullmatch(text):
        return parent[1], parent[2]
    trace, colon, span = text.partition(":")
    trace, span = trace.removeprefix("0x").replace("-", ""), span.removeprefix("0x")
    if not _TRACE.fullmatch(trace) or (colon and not _SPAN.fullmatch(span)):
        raise Misuse(f"{said} is {wanted}")
    return trace.zfill(_DIGITS), span or None


def _in_address(address: str, wanted: str) -> tuple[str, str | None]:
    text = unquote(unquote(address))  # Grafana has a trace in JSON in a query
    found = dict.fromkeys(_WHOLE_IN_ADDRESS.findall(text)) or dict.fromkeys(_SHORT_IN_ADDRESS.findall(text))
    if not found:
        raise Misuse(f"{without_password(address)} is {wanted}")
    if len(found) > 1:
        raise Misuse(f"{without_password(address)} names several traces: {', '.join(found)}")
    span = _SPAN_IN_ADDRESS.search(text)
    return next(iter(found)).zfill(_DIGITS), span[1] if span else None
