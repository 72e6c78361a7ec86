"""Anthropic's Messages."""

from __future__ import annotations

from collections.abc import Iterator

from .events import named
from .speech import Json, Speech, Turn, speech, text_of, turns_of


def messages(asked: Json) -> Json | Iterator[bytes]:
    """Answer ``POST /messages``."""
    said = _speech(asked)
    head: Json = {
        "id": f"msg_{said.number}",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(said, 1),
    }
    if asked.get("stream"):
        return map(named, _events(said, head))
    content = [{"type": "text", "text": said.whole()}]
    return {**head, "content": content, "stop_reason": "end_turn", "usage": _usage(said, said.tokens_said)}


def count_tokens(asked: Json) -> Json:
    """Answer ``POST /messages/count_tokens``."""
    return {"input_tokens": _speech(asked).tokens_read}


def _speech(asked: Json) -> Speech:
    turns = turns_of(asked["messages"])
    told = text_of(asked.get("system"))
    return speech([Turn("system", told), *turns] if told else turns)


def _events(said: Speech, head: Json) -> Iterator[Json]:
    yield {"type": "message_start", "message": head}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    for piece in said.pieces():
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
    yield {"type": "content_block_stop", "index": 0}
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": said.tokens_said}}
    yield {"type": "message_stop"}


def _usage(said: Speech, tokens_said: int) -> Json:
    """Of the first event, which has one token, or of the whole."""
    return {
        "input_tokens": said.tokens_read,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": tokens_said,
        "service_tier": "standard",
    }
