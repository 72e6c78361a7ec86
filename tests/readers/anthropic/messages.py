"""Bodies as the Messages API sends them, whole and as events."""

from __future__ import annotations

import copy
from typing import Any

from otel_genai_instr.model import Details

USAGE: dict[str, Any] = {
    "input_tokens": 1000,
    "output_tokens": 200,
    "cache_read_input_tokens": 400,
    "cache_creation_input_tokens": 300,
    "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 100},
    "output_tokens_details": {"thinking_tokens": 50},
    "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1},
    "service_tier": "standard",
    "inference_geo": "us",
}
THINKING: dict[str, Any] = {"type": "thinking", "thinking": "Let me see.", "signature": "c2ln"}
TEXT: dict[str, Any] = {"type": "text", "text": "It is sunny.", "citations": None}
CALL: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}
SEARCH: dict[str, Any] = {
    "type": "server_tool_use",
    "id": "srvtoolu_1",
    "name": "web_search",
    "input": {"query": "weather Oslo"},
}
FOUND: dict[str, Any] = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [
        {
            "type": "web_search_result",
            "url": "https://example.com",
            "title": "Oslo",
            "encrypted_content": "gibberish",
            "page_age": None,
        }
    ],
}
REDACTED: dict[str, Any] = {"type": "redacted_thinking", "data": "gibberish"}
COMPACTION: dict[str, Any] = {"type": "compaction", "content": "They spoke of Oslo."}

_GROWING = {
    "text": ("text", "text_delta", "text"),
    "thinking": ("thinking", "thinking_delta", "thinking"),
    "compaction": ("content", "compaction_delta", "content"),
}


def message(*blocks: Any, stop_reason: str | None = "end_turn", **more: Any) -> dict[str, Any]:
    """A whole message."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-5-5",
        "content": [copy.deepcopy(block) for block in blocks or (TEXT,)],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": copy.deepcopy(USAGE),
        **more,
    }


def without_length(details: Details) -> Details:
    """As a stream tells them: its texts aren't looked at."""
    told = {name: said for name, said in (details.attributes or {}).items() if name != "otel_genai.output.length"}
    details.attributes = told or None
    return details


def start(whole: dict[str, Any]) -> dict[str, Any]:
    """The first event: nothing is written yet."""
    usage = {name: value for name, value in whole["usage"].items() if name != "output_tokens_details"}
    begun: dict[str, Any] = {**whole, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    return {"type": "message_start", "message": copy.deepcopy(begun)}


def delta(index: int, kind: str, field: str, piece: str) -> dict[str, Any]:
    """One more piece of a block."""
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, field: piece}}


def block_events(
    index: int, block: dict[str, Any], json_text: str | None = None, size: int = 3
) -> list[dict[str, Any]]:
    """A block as events; ``json_text``: the pieces of its input together."""
    kind = block["type"]
    began: dict[str, Any]
    if kind in _GROWING:
        name, delta_kind, field = _GROWING[kind]
        began, written = {**block, name: None if kind == "compaction" else ""}, block[name]
    elif "input" in block and json_text is not None:
        delta_kind, field = "input_json_delta", "partial_json"
        nothing_yet: dict[str, Any] = {}
        began, written = {**block, "input": nothing_yet}, json_text
    else:
        began, written, delta_kind, field = block, "", "", ""
    pieces = [written] if kind == "compaction" else [written[at : at + size] for at in range(0, len(written), size)]
    return [
        {"type": "content_block_start", "index": index, "content_block": copy.deepcopy(began)},
        *(delta(index, delta_kind, field, piece) for piece in pieces if piece),
        {"type": "content_block_stop", "index": index},
    ]


def end(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The last two events. The usage has what can have grown."""
    grown = ("input_tokens", "output_tokens", "cache_read_input_tokens", "output_tokens_details", "iterations")
    usage = {name: whole["usage"][name] for name in grown if name in whole["usage"]}
    stop = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    return [{"type": "message_delta", "delta": stop, "usage": usage}, {"type": "message_stop"}]
