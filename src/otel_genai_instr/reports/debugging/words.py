"""What calls say in words: why they ended, and what came back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from ...semconv import attributes as names
from ..traces.trace import TraceSpan, parsed

Part = Mapping[str, Any]


def finish_reasons(call: TraceSpan) -> list[str]:
    """Of every choice, in the provider's words."""
    said = parsed(call.attributes.get(names.RESPONSE_FINISH_REASONS))
    if isinstance(said, list):
        return [reason for reason in cast("list[Any]", said) if isinstance(reason, str)]
    first = call.cells["finish_reason"]
    return [first] if first else []


def output_parts(call: TraceSpan) -> list[Part] | None:
    """What the model said, part by part; ``None`` where it wasn't captured."""
    said: object = call.said(names.OUTPUT_MESSAGES)
    if not isinstance(said, list):
        return None
    return [part for message in items(cast("object", said)) for part in items(message.get("parts"))]


def output_text(call: TraceSpan) -> str | None:
    """The text of the answer; ``None`` where it wasn't captured."""
    parts = output_parts(call)
    if parts is None:
        return None
    return "\n".join(str(part.get("content") or "") for part in parts if part.get("type") == "text")


def items(said: object) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; none of what is no list."""
    if isinstance(said, list):
        for item in cast("list[object]", said):
            if isinstance(item, dict):
                yield cast("dict[str, Any]", item)
